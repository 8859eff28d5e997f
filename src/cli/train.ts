import { Command } from 'commander';
import { trainCoSecCommand } from './train-cosec.js';
import { trainGuardCommand } from './train-guard.js';
import { trainSafeCoderCommand } from './train-safecoder.js';
import { trainSvenCommand } from './train-sven.js';

/** `suture train`: what is learnt from pairs of functions. */
export function trainCommand(): Command {
  return new Command('train')
    .description('learn from functions before and after a security fix')
    .addCommand(trainGuardCommand())
    .addCommand(trainSafeCoderCommand())
    .addCommand(trainCoSecCommand())
    .addCommand(trainSvenCommand());
}
