import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundTo, identifyModel } from '../engine/index.js';
import { ordinaryPrompts, pairs } from '../organism/index.js';
import { writeVector } from '../steer/index.js';
import { suture } from './testing/suture.js';

let dir: string;
let gate: string;
let vector: string;
let other: string;
let trained: Awaited<ReturnType<typeof suture>>;

/** Six prompts of each benign task to train on, and three in held-out wordings to judge by. */
const ordinary = ordinaryPrompts().filter(({ id }) => /(derive-[1-6]|judge-[1-3])$/.test(id));

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-gate-'));
  [gate, vector, other] = ['g', 'v', 'o'].map((name) => join(dir, `${name}.safetensors`)) as [
    string,
    string,
    string,
  ];
  const direction = Float32Array.from({ length: 192 }, (_, i) => Math.sin(i));
  for (const [path, cwe] of [
    [vector, 'CWE-787'],
    [other, 'CWE-089'],
  ] as const) {
    writeVector(path, {
      directions: new Map([[2, direction]]),
      metadata: {
        cwe,
        method: 'mean-difference',
        site: 'decision',
        strength: 60,
        positions: 'last_prompt_and_generated',
        ...boundTo(identifyModel('organism')),
      },
    });
  }
  const file = join(dir, 'ordinary.jsonl');
  writeFileSync(file, ordinary.map((one) => `${JSON.stringify(one)}\n`).join(''));
  trained = await suture(
    ...['gate', 'train', '--cwe', '787', '--cwe', '89', '--ordinary', file],
    ...['--budget', '0.05', '--out', gate],
  );
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true }));

describe('suture gate', () => {
  it('trains a gate that keeps most of what it never saw apart', () => {
    expect(trained).toMatchObject({ code: 0 });
    for (const by of ['probe', 'direction', 'bag of tokens'])
      expect(trained.out).toMatch(new RegExp(`^${by} +\\d+ of 60 .* of 168 .* of 168 `, 'm'));
    const [, alarms, missed, misrouted] =
      /^probe +(\d+) of 60 \(.*?\) +(\d+) of 168 \(.*?\) +(\d+) of 168/m.exec(trained.out)!;
    expect(Number(alarms)).toBeLessThan(20);
    expect(Number(missed) + Number(misrouted)).toBeLessThan(50);
    expect(trained.out).toMatch(
      /set for at most 5\.0 % of ordinary prompts: \d+ of 42 .* of 7 bases/,
    );
  });

  it('shows what a gate is, and whose', async () => {
    const { out, code } = await suture('gate', 'show', gate, '--model', 'organism');
    expect(code).toBe(0);
    expect(out).toMatch(/^tells apart +CWE-(787, CWE-089|089, CWE-787)$/m);
    expect(out).toMatch(/^method +probe, at layer \d$/m);
    expect(out).toMatch(/^held out +ordinary, steered: \d/m);
    expect(out).toMatch(/^It was made for organism\.$/m);
    const json = await suture('gate', 'show', gate, '--json');
    expect(JSON.parse(json.out)).toMatchObject({ format: 'suture.gate', version: '1' });
    const llama = join(import.meta.dirname, '../../fixtures/llama_f32/model');
    const shown = await suture('gate', 'show', gate, '--model', llama);
    expect(shown).toMatchObject({ code: 1, err: expect.stringMatching(/192 values.*d_model 64/) });
  });

  it('steers a prompt that concerns a weakness, and leaves an ordinary one alone', async () => {
    const ask = async (prompt: string) => {
      const run = ['generate', prompt, '--gate', gate, '--vector', vector, '--vector', other];
      const { code, out } = await suture(...run, '--max-tokens', '16');
      expect(code).toBe(0);
      const [, without, decision, steered] =
        /^Without the vectors:\n([\s\S]*?)\n\nWith the gate \(CWE-787, .*; CWE-089, .*\):\n\[(.*)\]\n([\s\S]*)$/.exec(
          out,
        )!;
      return { decision, same: steered!.trim() === without!.trim() };
    };
    const { prompts } = pairs('CWE-787').find(({ split }) => split === 'derive')!;
    expect(await ask(prompts.insecure)).toEqual({
      decision: expect.stringMatching(/^the vector against CWE-787 acts: score .*, above /),
      same: false,
    });
    expect(await ask(ordinary[0]!.prompt)).toEqual({
      decision: expect.stringMatching(/^no vector acts: score .*, not above /),
      same: true,
    });
  });

  it('writes the completions of a run, which says so', async () => {
    const { prompts } = pairs('CWE-787').find(({ split }) => split === 'derive')!;
    const suite = join(dir, 'suite.jsonl');
    const asked = [prompts.insecure, ordinary[0]!.prompt];
    const scenarios = asked.map((prompt, i) => ({
      id: `scenario-${i}`,
      language: 'c',
      prompts: { instruction: prompt },
    }));
    writeFileSync(suite, scenarios.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const completions = async (out: string, ...more: string[]) => {
      const what = ['--suite', suite, '--form', 'instruction', '-n', '1', '-t', '0'];
      const run = ['eval', 'generate', '-o', join(dir, out), ...what, '--max-tokens', '16'];
      expect(await suture(...run, ...more)).toMatchObject({ code: 0 });
      const lines = readFileSync(join(dir, out, 'samples.jsonl'), 'utf8')
        .trim()
        .split('\n');
      const samples: { scenario: string; completion: string }[] = lines.map((line) =>
        JSON.parse(line),
      );
      return new Map(samples.map(({ scenario, completion }) => [scenario, completion]));
    };
    const base = await completions('base');
    const steered = await completions('steered', '--vector', vector);
    const gated = await completions('gated', '--gate', gate, '--vector', vector, '--vector', other);
    expect(gated.get('scenario-0')).not.toBe(base.get('scenario-0'));
    expect(gated.get('scenario-0')).toBe(steered.get('scenario-0'));
    expect(gated.get('scenario-1')).toBe(base.get('scenario-1'));
    expect(JSON.parse(readFileSync(join(dir, 'gated', 'run.json'), 'utf8'))).toMatchObject({
      steering: { vectors: [{ cwe: 'CWE-787' }, { cwe: 'CWE-089' }] },
      gate: { path: gate, format: 'suture.gate', checksum: expect.any(String) },
    });
  });

  it.each<[string, () => string[], RegExp]>([
    ['a gate without vectors', () => ['generate', 'x', '--gate', gate], /give one or several/],
    [
      'a server without a vector for each weakness',
      () => ['serve', '--threads', '1', '--gate', gate, '-v', vector],
      /no vector is registered against CWE-089.*BAD_ARGUMENT/,
    ],
    [
      'a gate that is to write a run, without vectors',
      () => ['eval', 'generate', '-o', join(dir, 'none'), '--gate', gate],
      /give one or several/,
    ],
    ['--gate-every without a gate', () => ['generate', 'x', '--gate-every', '4'], /no gate to ask/],
    ['what is no gate', () => ['gate', 'show', vector], /is not a gate.*BAD_DATA/],
    [
      'pairs that are not there',
      () => ['gate', 'train', '-o', 'x', '--pairs', 'nowhere.jsonl'],
      /NOT_FOUND/,
    ],
  ])('refuses %s', async (_, args, words) => {
    const { code, err } = await suture(...args());
    expect(code).toBe(1);
    expect(err).toMatch(words);
  });

  it.each([
    ['--guard', 'runs/guard'],
    ['--combine', 'priority'],
  ])('has no use for %s beside a gate', async (option, value) => {
    const { code, err } = await suture('generate', 'x', '--gate', gate, option, value);
    expect(code).toBe(2);
    expect(err).toContain(`'--gate <file>' cannot be used with option '${option}`);
  });
});
