import { Command } from 'commander';
import { vectorBakeCommand } from './vector-bake.js';
import { vectorExportCommand } from './vector-export.js';
import { vectorImportCommand } from './vector-import.js';
import { vectorShowCommand } from './vector-show.js';
import { vectorSignCommand } from './vector-sign.js';

/** `suture vector`: steering vectors as files. */
export function vectorCommand(): Command {
  return new Command('vector')
    .description('look at a steering vector, exchange it with other programs, bake it into a model')
    .addCommand(vectorShowCommand())
    .addCommand(vectorExportCommand())
    .addCommand(vectorImportCommand())
    .addCommand(vectorBakeCommand())
    .addCommand(vectorSignCommand());
}
