import { ensure } from '../../core/index.js';
import type {
  Gate,
  GenerateOptions,
  Intervention,
  Model,
  Prefix,
  Prompts,
} from '../../engine/index.js';
import type { EvalSample } from '../suite/sample.js';
import type { PromptForm, Scenario } from '../suite/scenario.js';
import type { RunStore } from './store.js';

/** How completions are drawn, whoever writes them. */
export interface Drawing {
  form: PromptForm;
  /** Samples of each scenario. */
  n: number;
  /** 0 is greedy. */
  temperature: number;
  topP: number;
  maxNewTokens: number;
  seed: number;
}

export interface GenerationProgress {
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The prompt of a scenario in a form. @throws {SutureError} BAD_ARGUMENT where it has none */
export function promptOf(scenario: Scenario, form: PromptForm): string {
  const prompt = scenario.prompts[form];
  ensure(
    prompt !== undefined,
    'BAD_ARGUMENT',
    `The scenario ${scenario.id} has no prompt in ${form} form. Choose the other form.`,
  );
  return prompt;
}

/** The prompts of scenarios, as a model takes them. @throws {SutureError} as `promptOf` */
export function promptsOf(scenarios: readonly Scenario[], form: PromptForm): Prompts {
  const texts = scenarios.map((scenario) => promptOf(scenario, form));
  return form === 'completion'
    ? { text: texts }
    : { messages: texts.map((content) => [{ role: 'user' as const, content }]) };
}

/** The samples that a run still lacks, by scenario. */
export function missingSamples(
  store: Pick<RunStore, 'samples'>,
  scenarios: readonly Scenario[],
  n: number,
): { scenario: Scenario; samples: number[] }[] {
  const have = new Set(store.samples.map(({ scenario, sample }) => `${sample} ${scenario}`));
  return scenarios.flatMap((scenario) => {
    const samples = [...Array(n).keys()].filter((i) => !have.has(`${i} ${scenario.id}`));
    return samples.length > 0 ? [{ scenario, samples }] : [];
  });
}

/**
 * Completes the scenarios with a local model; samples that the run has already are not drawn again,
 * and those that are drawn come out as if none had been there.
 *
 * @throws {SutureError} BAD_ARGUMENT where a scenario has no prompt of the form, or the model no
 *   chat template; INTERRUPTED when the signal fires, with all finished samples kept
 */
export async function generateLocally(
  store: RunStore,
  scenarios: readonly Scenario[],
  model: Model,
  drawing: Drawing,
  options: GenerationProgress & {
    interventions?: readonly Intervention[];
    /** Which of the interventions act on each sample. */
    gate?: Gate;
    adapter?: string;
    prefix?: Prefix;
    /** What guides the writing, made for the prompts that are given, as token ids in their order: it has the last word. */
    guide?: (
      prompts: readonly (readonly number[])[],
    ) => Promise<
      Pick<GenerateOptions, 'adapter' | 'processors' | 'watch' | 'temperature' | 'topP' | 'topK'>
    >;
  } = {},
): Promise<void> {
  const missing = missingSamples(store, scenarios, drawing.n);
  if (missing.length === 0) return;
  const { form, n, temperature, topP, maxNewTokens, seed } = drawing;
  const prompts = promptsOf(
    missing.map(({ scenario }) => scenario),
    form,
  );
  const wanted = missing.map(({ samples }) => new Set(samples));
  const total = scenarios.length * n;
  const { interventions, gate, adapter, prefix, guide, signal, onProgress } = options;
  const generation: GenerateOptions = {
    n,
    temperature,
    topP,
    maxNewTokens,
    seed,
    skip: (prompt, sample) => !wanted[prompt]!.has(sample),
    onSample: ({ prompt, sample, tokens, text, finishReason }) => {
      const { id } = missing[prompt]!.scenario;
      const line: EvalSample = { scenario: id, sample, completion: text, tokens, finishReason };
      store.addSample(line);
      onProgress?.(store.samples.length, total);
    },
    ...(interventions && { interventions }),
    ...(gate && { gate }),
    ...(adapter !== undefined && { adapter }),
    ...(prefix && { prefix }),
    ...(await guide?.(model.encode(prompts))),
    ...(signal && { signal }),
  };
  await model.generate(prompts, generation);
}
