import { type Command, InvalidArgumentError, type Option } from 'commander';
import { z } from 'zod';
import { ensure, readJson, SutureError } from '../core/index.js';
import { commandsOf } from './help.js';

// A settings file holds options by command, as they are called on the command line:
//
//   { "model": "./my-model", "threads": 4, "repair": { "samples": 5 }, "eval": { "run": { "cwe": ["CWE-089"] } } }
//
// Those at its top are for every command that has such an option.

/** Options that many commands have and that mean the same in each. */
const COMMON = ['model', 'dtype', 'device', 'threads', 'seed'];

type Settings = { [name: string]: Value | Settings };
type Value = string | number | boolean | (string | number)[];

/** What an option may be given; the option's own parser decides in the end. */
function accepted(option: Option): z.ZodType {
  const one = option.argChoices ? z.enum(option.argChoices) : z.union([z.string(), z.number()]);
  const takesValue = option.required || option.optional;
  return (takesValue ? z.union([one, z.array(one)]) : z.boolean()).describe(option.description);
}

const optionsOf = (command: Command): Option[] =>
  command.options.filter(
    (option) => option.long !== '--version' && option.attributeName() !== 'settings',
  );

/** Options of a command by their names, and its commands by theirs. */
function shapeOf(command: Command): Record<string, z.ZodType> {
  const own = optionsOf(command).map((option) => [option.name(), accepted(option).optional()]);
  const nested = command.commands
    .filter((one) => one.name() !== 'help')
    .map((one) => [
      one.name(),
      z.strictObject(shapeOf(one)).describe(one.description()).optional(),
    ]);
  return Object.fromEntries([...own, ...nested]);
}

/** What a settings file may hold. */
export function settingsSchema(program: Command): z.ZodType {
  const all = commandsOf(program).flatMap(([, command]) => optionsOf(command));
  const common = COMMON.map((name) => {
    const option = all.find((one) => one.name() === name)!;
    return [name, accepted(option).optional()];
  });
  return z.strictObject({
    $schema: z.string().optional(),
    ...Object.fromEntries(common),
    ...shapeOf(program),
  });
}

/**
 * Gives every command the options that a settings file has for it. What is on the command line or in the environment goes
 * before them.
 *
 * @throws {SutureError} NOT_FOUND; BAD_DATA naming the option that is unknown or wrong
 */
export function applySettings(program: Command, path: string): void {
  const parsed = settingsSchema(program).safeParse(readJson(path));
  ensure(parsed.success, 'BAD_DATA', `${path}: ${parsed.success || z.prettifyError(parsed.error)}`);
  const settings = parsed.data as Settings;
  for (const [name, command] of commandsOf(program)) {
    const own = name
      .split(' ')
      .reduce<Settings>((at, part) => (at[part] ?? {}) as Settings, settings);
    for (const option of optionsOf(command)) {
      const common = COMMON.includes(option.name()) ? settings[option.name()] : undefined;
      const value = (own[option.name()] ?? common) as Value | undefined;
      if (value === undefined || value === false) continue;
      try {
        command.setOptionValueWithSource(option.attributeName(), taken(option, value), 'config');
      } catch (thrown) {
        if (!(thrown instanceof InvalidArgumentError)) throw thrown;
        throw new SutureError('BAD_DATA', `${path}: ${name}, ${option.name()}: ${thrown.message}`, {
          cause: thrown,
        });
      }
    }
  }
}

/** A value as the command line would have made it. */
function taken(option: Option, value: Value): unknown {
  if (value === true) return true;
  const texts = [value].flat().map(String);
  const { parseArg } = option;
  if (!parseArg) return option.variadic ? texts : texts.at(-1);
  return texts.reduce<unknown>((before, text) => parseArg(text, before), undefined);
}
