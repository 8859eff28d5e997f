import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The command line as a process, as users meet it. `npm test` builds it first. */
const bin = fileURLToPath(new URL('../../bin/suture.js', import.meta.url));
const fixture = fileURLToPath(new URL('../../fixtures/llama_f32/model', import.meta.url));
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** @param interruptAt sends SIGINT when this appears on standard error */
function suture(args: string[], interruptAt?: string): Promise<Ended> {
  const env = { ...process.env, SUTURE_CACHE: join(dir, 'cache'), NO_COLOR: '1' };
  const child = spawn(process.execPath, [bin, ...args], { cwd: dir, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
    if (!child.killed && interruptAt && err.includes(interruptAt)) child.kill('SIGINT');
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

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
    [['repair', '-m', 'nowhere'], /no model at nowhere.*NOT_FOUND/],
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

  it('compares a model in few bits with itself', async () => {
    writeFileSync(join(dir, 'text.txt'), 'int main(void) { return 0; }');
    const { code, out } = await suture(['verify', fixture, '--dtype', 'int4', '-t', 'text.txt']);
    expect(out).toMatch(/KL\(f32 \|\| it\) +0\.\d+ nats per token/);
    expect(out).toMatch(/same most probable token +\d+\.\d %/);
    expect(code).toBe(0);
  }, 60_000);

  it('repairs the organism: summary, report, metrics, samples and a vector that works', async () => {
    const { code, out, err } = await suture(['repair', '-n', '1', '-o', 'run']);
    expect(err).toContain('find the layer');
    expect(code).toBe(0);
    for (const word of ['Review:', 'Writing:', 'Where:', 'Repair:', 'Controls:', 'report.html']) {
      expect(out).toContain(word);
    }
    const metrics = JSON.parse(readFileSync(join(dir, 'run/metrics.json'), 'utf8'));
    expect(metrics.folds).toHaveLength(7);
    const rates = (name: string) =>
      metrics.arms.find((arm: { name: string }) => arm.name === name).rates;
    const { none, steered } = { none: rates('none'), steered: rates('steered') };
    for (const { secure, insecure, other } of [none, steered]) {
      expect(secure.hits + insecure.hits + other.hits).toBe(84);
    }
    expect(metrics.gap.raw.value).toBeGreaterThan(0.3);
    expect(steered.secureWellFormed.value).toBeGreaterThan(none.secureWellFormed.value);
    expect(readFileSync(join(dir, 'run/report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    const samples = readFileSync(join(dir, 'run/samples.jsonl'), 'utf8').trim().split('\n');
    // Three intents, three more arms, and two curves of five strengths, 84 prompts each.
    expect(samples).toHaveLength(84 * (3 + 3 + 2 * 5));

    const vector = join('run', metrics.vector.file);
    const shown = await suture(['generate', '-v', vector]);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain('Without the vector:');
    expect(shown.out).toMatch(/With it \(CWE-787, layer \d/);
    const refused = await suture(['generate', '-m', fixture, '-v', vector, '--raw', 'x']);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/BAD_VECTOR/);
  }, 600_000);

  it('stops at Ctrl-C with its own exit code, and leaves no metrics', async () => {
    const { code, err } = await suture(['repair', '-o', 'stopped'], 'find the layer');
    expect(err).toMatch(/INTERRUPTED/);
    expect(code).toBe(130);
    expect(existsSync(join(dir, 'stopped/run.json'))).toBe(true);
    expect(existsSync(join(dir, 'stopped/metrics.json'))).toBe(false);
  }, 300_000);
});
