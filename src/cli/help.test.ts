import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandsOf, GROUPS, HELP } from './help.js';
import { suture } from './index.js';

const names = () => commandsOf(suture()).map(([path]) => path);

describe('help', () => {
  it('knows every command, and no other', () => {
    expect(Object.keys(HELP).sort()).toEqual(names().sort());
  });
  it('puts every command of the first screen into one group', () => {
    const first = names().filter((path) => !path.includes(' '));
    expect(Object.values(GROUPS).flat().sort()).toEqual(first.sort());
  });
  it('shows a line of at most 80 columns for each, in its group', () => {
    const text = suture().helpInformation();
    for (const group of Object.keys(GROUPS)) expect(text).toContain(`\n${group}:\n`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    for (const path of names().filter((name) => !name.includes(' '))) {
      expect(text).toMatch(new RegExp(`^ {2}${path} +\\S`, 'm'));
    }
  });
});

describe('examples', () => {
  const examples = Object.entries(HELP).flatMap(([path, { examples: own }]) =>
    own.map((line): [string, string] => [path, line]),
  );
  it('are of every command that does something, unless it has its own', () => {
    const silent = names().filter((path) => HELP[path]!.examples.length === 0);
    expect(silent).toEqual(['serve', 'vector', 'gate', 'guard', 'eval', 'train', 'organism']);
  });
  it.each(examples)('of %s: suture %s', (path, line) => {
    const words = line
      .split(/ (?:<|>>|\|) /)[0]! // the shell's part
      .match(/"[^"]*"|\S+/g)!
      .map((word) => word.replaceAll('"', ''));
    const depth = path.split(' ').length;
    expect(words.slice(0, depth).join(' ')).toBe(path);
    const command = commandsOf(suture()).find(([name]) => name === path)![1];
    // Wrong values throw.
    const { operands, unknown } = command.parseOptions(words.slice(depth));
    expect(unknown).toEqual([]);
    expect(operands.length).toBeLessThanOrEqual(most(command));
    const needed = command.registeredArguments.filter(({ required }) => required).length;
    expect(operands.length).toBeGreaterThanOrEqual(needed);
    for (const option of command.options.filter(({ mandatory }) => mandatory)) {
      expect(command.getOptionValue(option.attributeName())).toBeDefined();
    }
  });
});

/** How many arguments a command takes. */
const most = ({ registeredArguments: own }: Command): number =>
  own.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : own.length;
