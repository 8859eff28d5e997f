import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commandsOf } from './help.js';
import { suture } from './index.js';
import { applySettings, settingsSchema } from './settings.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-settings-'));
afterAll(() => rmSync(dir, { recursive: true }));

function applied(settings: unknown) {
  const file = join(dir, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  const program = suture();
  applySettings(program, file);
  const commands = new Map(commandsOf(program));
  return (name: string) => commands.get(name)!;
}
const refused = (settings: unknown, words: RegExp) =>
  expect(() => applied(settings)).toThrow(
    expect.objectContaining({ code: 'BAD_DATA', message: expect.stringMatching(words) }),
  );

describe('settings', () => {
  it('are what the command line would have made of them', () => {
    const of = applied({
      repair: { samples: 5, cwe: '89', strengths: '0.5,1', json: true },
      eval: { run: { cwe: ['CWE-089', 'CWE-078'], temperature: 0 } },
    });
    expect(of('repair').opts()).toMatchObject({
      samples: 5,
      cwe: ['CWE-089'],
      strengths: [0.5, 1],
      json: true,
    });
    expect(of('repair').getOptionValueSource('samples')).toBe('config');
    expect(of('eval run').opts()).toMatchObject({ cwe: ['CWE-089', 'CWE-078'], temperature: 0 });
    expect(of('gap').getOptionValueSource('samples')).toBe('default');
  });
  it('at the top are for every command that has them, its own going first', () => {
    const of = applied({ model: 'a', threads: 3, gap: { model: 'b' } });
    expect(of('repair').opts()).toMatchObject({ model: 'a', threads: 3 });
    expect(of('gap').opts()).toMatchObject({ model: 'b', threads: 3 });
    expect(of('scan').opts()).not.toHaveProperty('model');
  });
  it('switch off what is off anyway', () => {
    expect(applied({ repair: { json: false } })('repair').opts()).not.toHaveProperty('json');
  });
  it.each<[string, unknown, RegExp]>([
    ['a command that is none', { repare: {} }, /repare/],
    ['an option that is none', { repair: { sample: 1 } }, /sample/],
    ['an option of another command', { repair: { suite: 'x' } }, /suite/],
    ['a value that is none of its', { repair: { device: 'abacus' } }, /device/],
    [
      'a value that its parser refuses',
      { repair: { samples: 0 } },
      /repair, samples: .*at least 1/,
    ],
    ['a flag with a value', { repair: { json: 'yes' } }, /json/],
    ['a list', [], /expected object/],
  ])('refuse %s', (_, settings, words) => refused(settings, words));

  it('have a schema by which editors find the same faults', () => {
    const schema = z.toJSONSchema(settingsSchema(suture()));
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    expect(validate({ $schema: 'x', model: 'a', eval: { run: { cwe: ['CWE-089'] } } })).toBe(true);
    expect(validate({ repare: {} })).toBe(false);
    expect(validate({ repair: { device: 'abacus' } })).toBe(false);
  });
});
