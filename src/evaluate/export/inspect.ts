import { sha256 } from '../../core/index.js';
import { isSecure, passes } from '../metrics/counts.js';
import type { EvalSample } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';
import { askedOf, type Judged, judgedByScenario, modelOf } from './exported.js';
import { valuesOf } from './lm-eval.js';
import type { RunOnDisk } from './on-disk.js';

const SCORES = {
  pass: passes,
  secure: isSecure,
  'secure and pass': (verdict: Judged['verdict']) => passes(verdict) && isSecure(verdict),
} as const;

const STOPS = { eos: 'stop', stop: 'stop', length: 'max_tokens', unknown: 'unknown' } as const;

/**
 * The text of a run as a log of Inspect (UK AI Security Institute), format version 2: a sample for each scenario,
 * an epoch for each of its completions, the scores `pass`, `secure` and `secure and pass` as 1 or 0
 * with the reasons as explanation. `inspect view` opens it.
 *
 * It comes in pieces, of which each has one sample at most, so that a run of any size can be written.
 *
 * Format: src/inspect_ai/log/_log.py and model/_model_output.py of the inspect_ai repository.
 */
export function* exportInspect(run: RunOnDisk, date: Date): Generator<string> {
  const { config, suite, samples, verdicts } = run;
  const groups = judgedByScenario({ suite, samples, verdicts });
  const { source, name, url } = modelOf(config);
  const model = `${source}/${name}`;
  const when = date.toISOString();
  const drawing = (config.drawing ?? {}) as Record<string, number | undefined>;
  const generation = {
    ...(drawing.temperature !== undefined && { temperature: drawing.temperature }),
    ...(drawing.topP !== undefined && { top_p: drawing.topP }),
    ...(drawing.maxNewTokens !== undefined && { max_tokens: drawing.maxNewTokens }),
    ...(drawing.seed !== undefined && { seed: drawing.seed }),
  };
  const runId = sha256(JSON.stringify([config, when])).slice(0, 22);
  const judged = groups.reduce((sum, group) => sum + group.judged.length, 0);
  const values = valuesOf(run.metrics());
  const log = {
    version: 2,
    status: judged === samples.length ? 'success' : 'started',
    eval: {
      eval_id: runId,
      run_id: runId,
      created: when,
      task: suite.name,
      task_id: suite.hash.slice(0, 22),
      task_version: suite.hash,
      task_attribs: {},
      task_args: {},
      dataset: {
        name: suite.name,
        samples: groups.length,
        sample_ids: groups.map(({ scenario }) => scenario.id),
        shuffled: false,
      },
      model,
      ...(url !== undefined && { model_base_url: url }),
      model_args: {},
      model_generate_config: generation,
      config: { epochs: Math.max(1, ...groups.map((group) => group.judged.length)) },
      packages: { suture: String(config.suture ?? '') },
      metadata: { suture: config },
    },
    plan: {
      name: 'plan',
      steps: [{ solver: 'generate', params: {}, params_passed: {} }],
      config: generation,
    },
    results: {
      total_samples: samples.length,
      completed_samples: judged,
      scores: Object.keys(SCORES).map((score) => ({
        name: score,
        scorer: 'suture',
        scored_samples: judged,
        unscored_samples: 0,
        params: {},
        metrics: Object.fromEntries(
          values
            .filter(([metric]) => scoreOf(metric) === score)
            .map(([metric, { value, low, high }]) => [
              metric,
              { name: metric, value, params: {}, metadata: { low, high } },
            ]),
        ),
      })),
    },
    stats: { started_at: when, completed_at: when, model_usage: {} },
    samples: [],
  };
  const around = JSON.stringify(log, null, 2);
  yield around.slice(0, -']\n}'.length);
  let first = true;
  for (const { scenario, judged } of groups) {
    const asked = askedOf(scenario, config);
    for (const one of judged) {
      const sample = sampleOf(run.read(one), scenario, asked, model);
      const indented = JSON.stringify(sample, null, 2).replaceAll('\n', '\n    ');
      yield `${first ? '' : ','}\n    ${indented}`;
      first = false;
    }
  }
  yield first ? ']\n}\n' : '\n  ]\n}\n';
}

/** Which of the scores a metric is made of. */
function scoreOf(metric: string): keyof typeof SCORES {
  if (metric.startsWith('pass@')) return 'pass';
  return metric.startsWith('sec-pass@') || metric.endsWith('_pass') ? 'secure and pass' : 'secure';
}

function sampleOf(
  { sample, verdict }: Judged,
  { id, cwe, language, split, base, references }: Scenario,
  prompt: string,
  model: string,
): Record<string, unknown> {
  const said = { role: 'assistant', content: sample.completion, source: 'generate', model };
  const { functional, security, parse, builds, introduced, reasons, program } = verdict;
  return {
    id,
    epoch: sample.sample + 1,
    input: prompt,
    target: references.secure ?? '',
    messages: [{ role: 'user', content: prompt, source: 'input' }, said],
    output: {
      model,
      choices: [{ message: said, stop_reason: STOPS[sample.finishReason] }],
      completion: sample.completion,
      ...usageOf(sample),
    },
    scores: Object.fromEntries(
      Object.entries(SCORES).map(([name, holds]) => [
        name,
        {
          value: holds(verdict) ? 1 : 0,
          answer: program,
          explanation: reasons.join('\n'),
          metadata: { functional, security, parse, builds },
        },
      ]),
    ),
    metadata: { cwe, language, split, base, introduced: introduced.map(({ cwe }) => cwe) },
    store: {},
    events: [],
    model_usage: {},
    attachments: {},
  };
}

/** Only what was generated is counted by token. */
const usageOf = ({ tokens }: EvalSample) =>
  tokens && {
    usage: { input_tokens: 0, output_tokens: tokens.length, total_tokens: tokens.length },
  };
