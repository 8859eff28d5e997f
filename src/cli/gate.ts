import { Command } from 'commander';
import { gateShowCommand } from './gate-show.js';
import { gateTrainCommand } from './gate-train.js';

/** `suture gate`: which prompts a vector may act on. */
export function gateCommand(): Command {
  return new Command('gate')
    .description('train a gate that leaves ordinary prompts alone and gives others their vector')
    .addCommand(gateTrainCommand())
    .addCommand(gateShowCommand());
}
