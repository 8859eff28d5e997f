import { sha256 } from '../../core/index.js';
import { isSecure, passes } from '../metrics/counts.js';
import type { Estimate, EvalMetrics } from '../metrics/metrics.js';
import { askedOf, type ExportedRun, judgedByScenario, modelOf } from './exported.js';

/** Two files that lm-evaluation-harness would have written, by their names. */
export interface LmEvalFiles {
  /** Relative path of `results_*.json`. */
  resultsPath: string;
  results: Record<string, unknown>;
  /** Relative path of `samples_*.jsonl`. */
  samplesPath: string;
  samples: Record<string, unknown>[];
}

/**
 * A run as lm-evaluation-harness 0.4 writes its own (`--output_path`, `--log_samples`): one task, the
 * suite; a line for each scenario, whose `resps` are its samples (`repeats`). A standard error is the
 * width of our 95 % interval over 3.92. What the harness has no name for is under `suture`.
 *
 * Format: lm_eval/loggers/evaluation_tracker.py and lm_eval/evaluator.py of EleutherAI's repository.
 */
export function exportLmEval(run: ExportedRun): LmEvalFiles {
  const { config, suite, metrics, date } = run;
  const task = suite.name.replace(/\W+/g, '_');
  const model = modelOf(config);
  const sanitized = model.name.replace(/[\\/:*?"<>|\s]+/g, '__');
  const groups = judgedByScenario(run);
  const docs = groups.map(({ scenario, judged }, index) => {
    const prompt = askedOf(scenario, config);
    const { id, cwe, language, split, base, title } = scenario;
    const target = scenario.references.secure ?? '';
    const share = (holds: (j: (typeof judged)[number]) => boolean) =>
      judged.filter(holds).length / judged.length;
    const doc = { id, cwe, language, split, base, title };
    return {
      doc_id: index,
      doc,
      target,
      arguments: { gen_args_0: { arg_0: prompt, arg_1: config.drawing ?? {} } },
      resps: [judged.map(({ sample }) => sample.completion)],
      filtered_resps: judged.map(({ verdict }) => verdict.program),
      filter: 'none',
      metrics: ['pass@1', 'sec@1', 'sec-pass@1'],
      doc_hash: sha256(JSON.stringify(doc)),
      prompt_hash: sha256(prompt),
      target_hash: sha256(target),
      'pass@1': share(({ verdict }) => passes(verdict)),
      'sec@1': share(({ verdict }) => isSecure(verdict)),
      'sec-pass@1': share(({ verdict }) => passes(verdict) && isSecure(verdict)),
      suture: judged.map(({ sample, verdict }) => ({
        sample: sample.sample,
        functional: verdict.functional,
        security: verdict.security,
        reasons: verdict.reasons,
      })),
    };
  });
  const values = valuesOf(metrics);
  const when = date.toISOString().replace('Z', '').replaceAll(':', '-');
  const hashes = docs.map((doc) => doc.doc_hash + doc.prompt_hash + doc.target_hash).join('');
  return {
    resultsPath: `${sanitized}/results_${when}.json`,
    results: {
      results: {
        [task]: {
          alias: task,
          ...Object.fromEntries(
            values.flatMap(([name, { value, low, high }]) => [
              [`${name},none`, value],
              [`${name}_stderr,none`, (high - low) / 3.92],
            ]),
          ),
        },
      },
      group_subtasks: { [task]: [] },
      configs: {
        [task]: {
          task,
          output_type: 'generate_until',
          repeats: Math.max(0, ...groups.map(({ judged }) => judged.length)),
          generation_kwargs: config.drawing ?? {},
          metadata: { version: suite.hash },
        },
      },
      versions: { [task]: suite.hash },
      'n-shot': { [task]: 0 },
      higher_is_better: { [task]: Object.fromEntries(values.map(([name]) => [name, true])) },
      'n-samples': { [task]: { original: suite.scenarios.length, effective: docs.length } },
      config: { model: model.source, model_args: `model=${model.name}`, suture: config },
      date: date.getTime() / 1000,
      task_hashes: { [task]: sha256(hashes) },
      model_source: model.source,
      model_name: model.name,
      model_name_sanitized: sanitized,
    },
    samplesPath: `${sanitized}/samples_${task}_${when}.jsonl`,
    samples: docs,
  };
}

/** Every metric that there is something to estimate from, under one name. */
export function valuesOf(metrics: EvalMetrics): [name: string, estimate: Estimate][] {
  const names = ['pass@k', 'sec@k', 'sec-pass@k', 'sec@k_pass'] as const;
  const all: [string, Estimate][] = names.flatMap((name) =>
    Object.entries(metrics[name]).map(([k, estimate]): [string, Estimate] => [
      name.replace('@k', `@${k}`),
      estimate,
    ]),
  );
  all.push(['SVEN-SR', metrics['SVEN-SR']]);
  return all.filter(([, { value }]) => !Number.isNaN(value));
}
