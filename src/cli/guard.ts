import { Command } from 'commander';
import { guardTrialCommand } from './guard-trial.js';

/** `suture guard`: what guards, and what they are compared with, come to. */
export function guardCommand(): Command {
  return new Command('guard')
    .description('put guards and the systems they are compared with on trial')
    .addCommand(guardTrialCommand());
}
