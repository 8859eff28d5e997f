import { ensure } from '../core/index.js';
import { dependsOnLength, hookKind, type ModelConfig, matchHooks } from '../models/index.js';
import type { Row } from './flights.js';
import type { CompiledPlan, Intervention } from './interventions.js';

/** Decides for each completion which of the call's interventions act on it. */
export interface Gate {
  /**
   * The residual stream that it reads, such as `blocks.3.hook_resid_post`: at the last token of the
   * prompt, and, with `every`, at the last token of the text so far.
   */
  hook: string | number;
  /** It is asked again after so many tokens, and again. Defaults to never: the prompt decides. */
  every?: number;
  /**
   * @param state [d_model], at a token on which none of the interventions acts
   * @param at the prompt of the call, which of its samples, and how many tokens that has
   * @returns indices of those interventions of the call that act from this token on
   */
  choose(
    state: Float32Array,
    at: { prompt: number; sample: number; tokens: number },
  ): readonly number[];
}

/** What a row knows of its gate. */
export interface RowGate {
  hook: string;
  every: number | undefined;
  /** All interventions of the call: off until they are chosen. */
  edits: readonly Intervention[];
}

/**
 * The hook point of a gate by its own name.
 *
 * @param plan the call's interventions
 * @throws {SutureError} BAD_ARGUMENT where it names no residual stream, or several, or where an
 *   intervention acts on what the prompt's last token has read already; UNSUPPORTED
 */
export function gateHook(
  { hook, every }: Gate,
  plan: CompiledPlan,
  prompts: readonly (readonly number[])[],
  config: ModelConfig,
): string {
  const [name, ...others] = matchHooks(hook, config);
  ensure(
    others.length === 0 && hookKind(name!) === 'stream',
    'BAD_ARGUMENT',
    `A gate reads one residual stream, such as blocks.0.hook_resid_post; ${hook} is not one.`,
  );
  ensure(
    every === undefined || !config.rope || !dependsOnLength(config.rope),
    'UNSUPPORTED',
    'The keys of this model are computed anew as the text grows, so what acted on each token would have to be known: ask the gate about the prompt alone.',
  );
  ensure(
    prompts.every((ids, row) => plan.firstChanged(row, ids.length) >= ids.length - 1),
    'BAD_ARGUMENT',
    'A gate reads the last token of the prompt, and an intervention here acts on tokens before it, which are computed by then: let it act at last_prompt, generated or last_prompt_and_generated.',
  );
  return name!;
}

/** Whether a row's gate is to be asked before its next token. */
export const isAsked = ({
  gate,
  tokens,
  finishReason,
}: Pick<Row, 'gate' | 'tokens' | 'finishReason'>): boolean =>
  gate !== undefined &&
  finishReason === undefined &&
  tokens.length % (gate.every ?? Number.POSITIVE_INFINITY) === 0;
