import type { EvalMetrics } from '../metrics/metrics.js';
import type { RunConfig } from '../run/folder.js';
import { promptOf } from '../run/generate.js';
import type { EvalSample, EvalVerdict } from '../suite/sample.js';
import type { PromptForm, Scenario, Suite } from '../suite/scenario.js';

/** A judged run, as other tools are to have it. */
export interface ExportedRun {
  config: RunConfig;
  suite: Suite;
  samples: readonly EvalSample[];
  verdicts: readonly EvalVerdict[];
  metrics: EvalMetrics;
  /** Of the export: the formats want a time. */
  date: Date;
}

export interface Judged {
  sample: EvalSample;
  verdict: EvalVerdict;
}

/** Which sample something is of. */
export interface OfSample {
  scenario: string;
  sample: number;
}

/** Scenarios in the suite's order, each with its judged samples by number; those without are left out. */
export function judgedByScenario<S extends OfSample, V extends OfSample>({
  suite,
  samples,
  verdicts,
}: {
  suite: Suite;
  samples: readonly S[];
  verdicts: readonly V[];
}): { scenario: Scenario; judged: { sample: S; verdict: V }[] }[] {
  const key = ({ scenario, sample }: OfSample) => `${sample} ${scenario}`;
  const sampleOf = new Map(samples.map((sample) => [key(sample), sample]));
  const judgedOf = new Map<string, { sample: S; verdict: V }[]>();
  for (const verdict of verdicts) {
    const sample = sampleOf.get(key(verdict));
    if (!sample) continue;
    const own = judgedOf.get(verdict.scenario);
    if (own) own.push({ sample, verdict });
    else judgedOf.set(verdict.scenario, [{ sample, verdict }]);
  }
  return suite.scenarios.flatMap((scenario) => {
    const judged = judgedOf.get(scenario.id);
    if (!judged) return [];
    judged.sort((a, b) => a.sample.sample - b.sample.sample);
    return [{ scenario, judged }];
  });
}

/** What the model was asked; empty where the run's completions came from elsewhere in another form. */
export function askedOf(scenario: Scenario, config: RunConfig): string {
  const { form = 'completion' } = (config.drawing ?? {}) as { form?: PromptForm };
  return scenario.prompts[form] === undefined ? '' : promptOf(scenario, form);
}

interface Named {
  model?: { id?: string };
  endpoint?: { url?: string; model?: string };
}

/** Who wrote the completions. */
export function modelOf(config: RunConfig): { name: string; source: string; url?: string } {
  const { model, endpoint } = config as Named;
  if (endpoint) {
    return {
      name: endpoint.model ?? 'unknown',
      source: 'openai-api',
      ...(endpoint.url !== undefined && { url: endpoint.url }),
    };
  }
  return model
    ? { name: model.id ?? 'unknown', source: 'suture' }
    : { name: 'unknown', source: 'file' };
}
