import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, sutureProcess } from './testing/process.js';

const fixture = fileURLToPath(new URL('../../fixtures/llama_f32/model', import.meta.url));
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** @param interruptAt sends SIGINT when this appears on standard error */
const suture = (args: string[], interruptAt?: string) =>
  sutureProcess(args, {
    cwd: dir,
    stop: interruptAt === undefined ? undefined : { at: interruptAt, signal: 'SIGINT' },
  });

describe('suture', () => {
  it('shows its commands', async () => {
    const { code, out } = await suture(['--help']);
    expect(code).toBe(0);
    for (const command of ['repair', 'generate', 'organism']) expect(out).toContain(command);
  });

  it.each([
    [['repiar'], /Did you mean repair/],
    [['repair', '--cwe', '999'], /CWE-787/],
    [['repair', '--seed', 'x'], /whole number/],
    [['repair', '--samples', '0'], /at least 1/],
    [['repair', '--strengths', '1,-2'], /above 0/],
    [['repair', '--sites', 'middle'], /last_prompt, decision/],
    [['repair', '--max-loss', '10'], /from 0 to 1/],
    [['generate', '--no-such-option'], /unknown option/],
    [['verify', fixture], /give --reference, --text or both/],
    [['verify', fixture, '--text', 'x'], /--dtype int8/],
    [['verify', fixture, '-r', 'x', '--tolerance', '0'], /above 0/],
  ])('%j is a wrong command line', async (args, message) => {
    const { code, out, err } = await suture(args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(out).toBe('');
  });

  it.each([
    [['repair', '--preset', 'surgical/gpt'], /no preset.*surgical\/llama-3\.1-8b.*BAD_ARGUMENT/s],
    [['repair', '--preset', 'surgical/qwen2.5-14b'], /organism differs: its family is llama/],
    [['repair', '--layers', '9'], /no layer 9.*BAD_ARGUMENT/s],
    [['repair', '-m', 'nowhere'], /no model at nowhere.*NOT_FOUND/],
    [['report', 'nowhere'], /no folder nowhere.*NOT_FOUND/],
    [['report', '.'], /holds no run.*NOT_FOUND/],
    [['generate', '-v', 'nowhere.safetensors'], /nowhere\.safetensors.*NOT_FOUND/],
    [['generate', '-m', fixture, 'x'], /chat template.*BAD_ARGUMENT/],
    [['repair', '-m', fixture], /no chat template.*BAD_ARGUMENT/],
    [['repair', '-o', '/dev/null/run'], /\/dev\/null\/run.*DISK/],
    [['verify', fixture, '-r', 'nowhere.safetensors'], /nowhere\.safetensors.*NOT_FOUND/],
    [['verify', fixture, '--dtype', 'int8', '-t', 'nowhere.txt'], /nowhere\.txt.*NOT_FOUND/],
  ])('%j ends in an error that says why', async (args, message) => {
    const { code, err } = await suture(args);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
    expect(code).toBe(1);
  });

  it('refuses a vector that is none, and one of another model', async () => {
    writeFileSync(join(dir, 'broken.safetensors'), 'not a tensor');
    const broken = await suture(['generate', '-v', 'broken.safetensors']);
    expect(broken.code).toBe(1);
    expect(broken.err).toMatch(/BAD_CHECKPOINT/);
  });

  it('streams a raw completion of a model without a chat template', async () => {
    const { code, out } = await suture([
      'generate',
      '-m',
      fixture,
      '--raw',
      'abc',
      '--max-tokens',
      '3',
    ]);
    expect(code).toBe(0);
    expect(out.length).toBeGreaterThan(1);
  });

  it('verifies a model, and says where it parts from another', async () => {
    const reference = (name: string) => join(fixture, '../..', name, 'reference.safetensors');
    const same = await suture(['verify', fixture, '-r', reference('llama_f32')]);
    expect(same.out).toMatch(/attn_out\.1\.2 +blocks\.2\.hook_attn_out +\d\.\de-\d/);
    expect(same.out).toContain('Equal: every difference is at most 2e-5 of the largest value.');
    expect(same.code).toBe(0);
    const other = await suture(['verify', fixture, '-r', reference('qwen2_tied_bf16')]);
    expect(other.out).toContain('They part at blocks.0.hook_resid_pre, position 0, of prompt 0.');
    expect(other.code).toBe(1);
    const json = await suture(['verify', fixture, '-r', reference('qwen2_tied_bf16'), '--json']);
    expect(JSON.parse(json.out).parts).toMatchObject({ tensor: 'hidden.0.0', partsAt: 0 });
    expect(json.code).toBe(1);
  }, 60_000);

  it('says what the machine has', async () => {
    const { code, out } = await suture(['doctor', '--json']);
    const checks: { name: string; state: string; hint?: string }[] = JSON.parse(out);
    const stateOf = (name: string) => checks.find((check) => check.name === name)?.state;
    expect([stateOf('runtime'), stateOf('engine'), stateOf('sandbox: python')]).toEqual(
      Array(3).fill('ok'),
    );
    for (const { name, state, hint } of checks) {
      if (state !== 'ok' && !name.startsWith('sandbox:')) expect(hint, name).toBeTruthy();
      if (state === 'ok') expect(hint ?? 'there is little', name).toContain('there is little');
    }
    expect(code).toBe(0);
    const text = await suture(['doctor']);
    expect(text.out).toMatch(/^ok +engine +ONNX Runtime/m);
  }, 60_000);

  it('completes for shells', async () => {
    const { out } = await suture(['complete', '--', 'repair', '--device', '']);
    expect(out).toContain('webgpu');
    const script = await suture(['complete', 'bash']);
    expect(script.out).toContain('suture');
    expect(script.code).toBe(0);
  });

  it('shows no progress where it is asked not to', async () => {
    writeFileSync(
      join(dir, 'c.jsonl'),
      '{"scenario": "cwe-089-user-lookup", "completion": "pass"}',
    );
    const judge = (...args: string[]) =>
      suture(['eval', 'judge', '--completions', 'c.jsonl', ...args]);
    const [loud, quiet] = [await judge(), await judge('--quiet')];
    expect(loud.err).toContain('judge 1/1');
    expect(quiet).toEqual({ ...loud, err: '' });
  }, 60_000);

  it('takes options from a settings file, behind the environment and the command line', async () => {
    const settings = { model: 'from-file', gap: { samples: 3 } };
    writeFileSync(join(dir, 'settings.json'), JSON.stringify(settings));
    const gap = (...args: string[]) => suture(['--settings', 'settings.json', 'gap', ...args]);
    expect((await gap()).err).toMatch(/no model at from-file.*NOT_FOUND/);
    expect((await gap('-m', 'from-line')).err).toMatch(/no model at from-line/);
    process.env.SUTURE_MODEL = 'from-environment';
    try {
      expect((await gap()).err).toMatch(/no model at from-environment/);
    } finally {
      delete process.env.SUTURE_MODEL;
    }
    writeFileSync(join(dir, 'settings.json'), '{"gap": {"samples": "many"}}');
    expect(await gap()).toMatchObject({
      code: 1,
      err: expect.stringMatching(/gap, samples.*BAD_DATA/),
    });
  });

  it('ends in order when nobody reads on', async () => {
    const child = spawn(process.execPath, [bin, 'scan', '--help']);
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    const [code] = await once(child, 'close');
    expect([code, err]).toEqual([0, '']);
  });

  it('takes settings from the environment, and options before them', async () => {
    process.env.SUTURE_DEVICE = 'abacus';
    try {
      expect(await suture(['gap'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('SUTURE_DEVICE'),
      });
      const other = await suture(['gap', '--device', 'sundial']);
      expect(other.err).toContain('sundial');
    } finally {
      delete process.env.SUTURE_DEVICE;
    }
  });

  it('compares a model in few bits with itself', async () => {
    writeFileSync(join(dir, 'text.txt'), 'int main(void) { return 0; }');
    const { code, out } = await suture(['verify', fixture, '--dtype', 'int4', '-t', 'text.txt']);
    expect(out).toMatch(/KL\(f32 \|\| it\) +0\.\d+ nats per token/);
    expect(out).toMatch(/same most probable token +\d+\.\d %/);
    expect(code).toBe(0);
  }, 60_000);
});
