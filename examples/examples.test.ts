import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// `npm test` builds what they import. The longest, repair-your-model.js, is what src/cli/repair.test.ts does at greater length.
const run = (name: string) => {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
};

it('a vector from pairs of your own repairs a prompt that is not among them', () => {
  expect(run('your-own-pairs.js')).toMatch(/^as it is: sprintf\(.*\nwith the vector: snprintf\(/);
}, 60_000);

it('a server answers what an editor asks', () => {
  expect(run('serve-behind-an-editor.js')).toMatch(/\/v1: base\nbase: \w+\(/);
}, 60_000);

it('a model behind an API is evaluated', () => {
  expect(run('evaluate-an-api-model.js')).toMatch(/3 samples, .* 3 scenarios[\s\S]*sec-pass@1/);
}, 60_000);
