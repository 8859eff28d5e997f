import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { metricsOf } from '../metrics/metrics.js';
import { RunFolder } from '../run/folder.js';
import { RunStore } from '../run/store.js';
import type { EvalVerdict } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';
import type { ExportedRun } from './exported.js';
import { exportInspect } from './inspect.js';
import { exportLmEval } from './lm-eval.js';
import { withRunOnDisk } from './on-disk.js';

const scenario = (id: string): Scenario => ({
  id,
  cwe: 'CWE-089',
  language: 'python',
  split: 'trained',
  base: id,
  title: id,
  entry: undefined,
  packages: [],
  prompts: { completion: `def ${id}():\n` },
  after: '',
  files: {},
  functional: undefined,
  security: undefined,
  references: { secure: '    return 7\n' },
});
const verdict = (id: string, sample: number, functional: 'pass' | 'fail'): EvalVerdict => ({
  scenario: id,
  sample,
  program: `def ${id}():\n    return ${sample}\n`,
  truncation: '',
  parse: 'ok',
  builds: 'yes',
  stub: false,
  degenerate: false,
  refusal: false,
  truncated: false,
  functional,
  security: 'secure',
  reasons: functional === 'fail' ? ['function: test_it'] : [],
  verdict: undefined,
  introduced: [],
});
const scenarios = [scenario('b'), scenario('a'), scenario('unasked')];
const verdicts = [verdict('a', 1, 'fail'), verdict('a', 0, 'pass'), verdict('b', 0, 'pass')];
const run = {
  config: {
    suture: '1.2.3',
    model: { id: 'org/small model' },
    drawing: { form: 'completion', n: 2, temperature: 0.4, topP: 0.95, maxNewTokens: 64, seed: 0 },
  },
  suite: { name: 'my-suite', hash: 'f'.repeat(64), scenarios },
  samples: verdicts.map(({ scenario, sample }) => ({
    scenario,
    sample,
    completion: `    return ${sample}\n`,
    tokens: [1, 2, 3],
    finishReason: 'length' as const,
  })),
  verdicts,
  metrics: metricsOf(verdicts, scenarios),
  date: new Date('2026-01-02T03:04:05.678Z'),
};

const object = (properties: object, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});
const [text, number, anything] = [{ type: 'string' }, { type: 'number' }, { type: 'object' }];
const byTask = (value: object) => ({
  type: 'object',
  additionalProperties: value,
  minProperties: 1,
});
const list = (items: object) => ({ type: 'array', items });

const LM_EVAL_RESULTS = object({
  results: byTask({
    type: 'object',
    properties: { alias: text },
    required: ['alias'],
    patternProperties: { ',none$': number },
    additionalProperties: false,
  }),
  group_subtasks: byTask(list(text)),
  configs: byTask(object({ task: text, output_type: text, repeats: number })),
  versions: byTask(text),
  'n-shot': byTask(number),
  higher_is_better: byTask({ type: 'object', additionalProperties: { type: 'boolean' } }),
  'n-samples': byTask(object({ original: number, effective: number })),
  config: object({ model: text, model_args: text }),
  date: number,
  task_hashes: byTask(text),
  model_source: text,
  model_name: text,
  model_name_sanitized: text,
});
const LM_EVAL_SAMPLE = object({
  doc_id: number,
  doc: anything,
  target: text,
  arguments: object({ gen_args_0: object({ arg_0: text, arg_1: anything }) }),
  resps: list(list(text)),
  filtered_resps: list(text),
  filter: text,
  metrics: list(text),
  doc_hash: text,
  prompt_hash: text,
  target_hash: text,
});

const MESSAGE = object({ role: { enum: ['user', 'assistant'] }, content: text });
const SCORE = object({ value: number, answer: text, explanation: text, metadata: anything }, [
  'value',
]);
const INSPECT_LOG = object({
  version: { const: 2 },
  status: { enum: ['started', 'success', 'cancelled', 'error'] },
  eval: object({
    created: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT.*(Z|[+-]\\d\\d:\\d\\d)$' },
    task: text,
    eval_id: text,
    run_id: text,
    task_id: text,
    dataset: object({ name: text, samples: number, sample_ids: list(text) }),
    model: text,
    config: object({ epochs: number }),
    packages: { type: 'object', additionalProperties: text },
  }),
  plan: object({ name: text, steps: list(object({ solver: text, params: anything })) }),
  results: object({
    total_samples: number,
    completed_samples: number,
    scores: list(
      object({
        name: text,
        scorer: text,
        params: anything,
        metrics: { type: 'object', additionalProperties: object({ name: text, value: number }) },
      }),
    ),
  }),
  stats: object({ started_at: text, completed_at: text, model_usage: anything }),
  samples: list(
    object({
      id: text,
      epoch: { type: 'integer', minimum: 1 },
      input: text,
      target: text,
      messages: list(MESSAGE),
      output: object({
        model: text,
        choices: list(
          object({
            message: MESSAGE,
            stop_reason: { enum: ['stop', 'max_tokens', 'model_length', 'unknown'] },
          }),
        ),
      }),
      scores: { type: 'object', additionalProperties: SCORE },
      metadata: anything,
      store: anything,
      events: list(anything),
    }),
  ),
});

/** What JSON keeps of a value, once it is as its schema wants it. */
function valid<T>(schema: object, value: T): T {
  const kept = JSON.parse(JSON.stringify(value));
  const check = new Ajv({ strict: false, allErrors: true }).compile(schema);
  check(kept);
  expect(check.errors ?? []).toEqual([]);
  return kept;
}

describe('exportLmEval', () => {
  const files = exportLmEval(run);

  it('names its files as the harness does', () => {
    expect(files.resultsPath).toBe('org__small__model/results_2026-01-02T03-04-05.678.json');
    expect(files.samplesPath).toBe(
      'org__small__model/samples_my_suite_2026-01-02T03-04-05.678.jsonl',
    );
  });

  it('writes its results: the metrics of the run, and no key for what there is nothing to say of', () => {
    const { results, config } = valid(LM_EVAL_RESULTS, files.results);
    const { my_suite: task } = results as Record<string, Record<string, number>>;
    expect(task!['pass@1,none']).toBe(0.75);
    expect(task!['sec@1,none']).toBe(1);
    expect(task!['pass@1_stderr,none']).toBeGreaterThan(0);
    expect(config).toMatchObject({ model: 'suture', model_args: 'model=org/small model' });
  });

  it('writes a line for each scenario with all of its samples, in the suite order', () => {
    const lines = files.samples.map((line) => valid(LM_EVAL_SAMPLE, line));
    expect(lines.map(({ doc }) => (doc as { id: string }).id)).toEqual(['b', 'a']);
    expect(lines[1]).toMatchObject({
      resps: [['    return 0\n', '    return 1\n']],
      arguments: { gen_args_0: { arg_0: 'def a():\n' } },
      'pass@1': 0.5,
      'sec-pass@1': 0.5,
    });
  });
});

const root = mkdtempSync(join(tmpdir(), 'suture-export-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The log of a run, its text by way of the disk. */
function inspectText({ config, suite, samples, verdicts, date }: ExportedRun): string {
  const store = RunStore.start(mkdtempSync(join(root, 'run-')), config);
  for (const sample of samples) store.addSample(sample);
  store.close();
  const folder = RunFolder.open(store.dir);
  try {
    for (const one of verdicts) folder.append('judged.jsonl', one);
    return withRunOnDisk(folder, suite, (onDisk) => [...exportInspect(onDisk, date)].join(''));
  } finally {
    folder.close();
  }
}

describe('exportInspect', () => {
  const text = inspectText(run);
  const log = valid(INSPECT_LOG, JSON.parse(text));

  it('is laid out as if it had been written at once, whatever the samples hold', () => {
    expect(text).toBe(`${JSON.stringify(log, null, 2)}\n`);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 20 }), (completions) => {
        const samples = completions.map((completion, sample) => ({
          ...run.samples[0]!,
          completion,
          sample,
        }));
        const verdicts = samples.map(({ scenario, sample }) => verdict(scenario, sample, 'pass'));
        const odd = inspectText({ ...run, samples, verdicts });
        const read: { samples: { output: { completion: string } }[] } = JSON.parse(odd);
        expect(odd).toBe(`${JSON.stringify(read, null, 2)}\n`);
        expect(read.samples.map(({ output }) => output.completion)).toEqual(completions);
      }),
      { numRuns: 3 },
    );
    const [sample] = run.samples;
    const none = inspectText({ ...run, samples: [{ ...sample!, sample: 7 }] });
    expect(none).toBe(`${JSON.stringify({ ...JSON.parse(none), samples: [] }, null, 2)}\n`);
  });

  it('writes a log of version 2 with a sample for each completion', () => {
    expect(log).toMatchObject({
      status: 'success',
      eval: { model: 'suture/org/small model', config: { epochs: 2 }, dataset: { samples: 2 } },
    });
    expect(
      (log.samples as { id: string; epoch: number }[]).map(({ id, epoch }) => [id, epoch]),
    ).toEqual([
      ['b', 1],
      ['a', 1],
      ['a', 2],
    ]);
    expect((log.samples as object[])[2]).toMatchObject({
      input: 'def a():\n',
      output: { choices: [{ stop_reason: 'max_tokens' }], usage: { output_tokens: 3 } },
      scores: { pass: { value: 0, explanation: 'function: test_it' }, secure: { value: 1 } },
    });
  });

  it('has every metric under the score that it is made of', () => {
    const { scores } = log.results as { scores: { name: string; metrics: object }[] };
    expect(scores.map(({ name, metrics }) => [name, Object.keys(metrics)])).toEqual([
      ['pass', ['pass@1']],
      ['secure', ['sec@1', 'SVEN-SR']],
      ['secure and pass', ['sec-pass@1', 'sec@1_pass']],
    ]);
  });

  it('says that a run is not at its end where samples were not judged', () => {
    const more = { ...run.samples[0]!, sample: 9 };
    const unfinished = inspectText({ ...run, samples: [...run.samples, more] });
    expect(JSON.parse(unfinished)).toMatchObject({
      status: 'started',
      results: { total_samples: 4, completed_samples: 3 },
    });
  });
});
