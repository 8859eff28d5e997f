import { Random } from '../core/index.js';
import type { CompletionOptions, ContinuousBatch, Sample, TokenLogprob } from '../engine/index.js';
import type { ScanPolicy } from './bodies.js';
import type { Scanned } from './scanning.js';

/** What a request asks the model for. */
export interface Job {
  /** Token ids. */
  prompts: readonly (readonly number[])[];
  options: CompletionOptions & { n: number; seed: number };
  policy: ScanPolicy;
  /** What the scanner says of a completion of one of the prompts. */
  scan(text: string, prompt: number): Scanned;
}

/** One completion as it is handed out. Choices are counted over prompts, then samples. */
export interface Outcome {
  choice: number;
  text: string;
  /** `content_filter`: the scanner found something, and the policy is not to hand it out. */
  finish: 'stop' | 'length' | 'content_filter';
  /** Computed tokens, those of completions that were thrown away included. */
  tokens: number;
  logprobs: readonly TokenLogprob[];
  sample: Sample;
  /** Absent where nothing was to be scanned. `attempts`: how often it was written. */
  scan?: Scanned & { attempts: number };
}

export interface Listener {
  /** Called with every piece of a completion, in order. */
  onText(choice: number, text: string, logprobs: readonly TokenLogprob[]): void;
  /** Called when a completion is whole; all its text has been told by then. */
  onOutcome(outcome: Outcome): void;
}

/** How often a completion is written under `regenerate`, and how hot at least after the first time. */
const ATTEMPTS = 4;
const WARMTH = 0.7;

/**
 * Completes prompts under a policy. Text is told as it is written, but where the scanner may hold it
 * back: then at once, when it is known that it may go out.
 */
export async function answer(
  batch: ContinuousBatch,
  job: Job,
  signal: AbortSignal,
  listener: Listener,
): Promise<Outcome[]> {
  const { prompts, options, policy } = job;
  const held = policy === 'block' || policy === 'regenerate';
  const choiceOf = ({ prompt, sample }: { prompt: number; sample: number }) =>
    prompt * options.n + sample;

  const judge = async (sample: Sample, choice: number, spent: number, attempts: number) => {
    const tokens = spent + sample.tokens.length;
    const whole: Outcome = {
      choice,
      text: sample.text,
      finish: sample.finishReason === 'length' ? 'length' : 'stop',
      tokens,
      logprobs: sample.logprobs ?? [],
      sample,
    };
    if (policy === 'off') return whole;
    const prompt = Math.floor(choice / options.n);
    const scan = { ...job.scan(sample.text, prompt), attempts };
    if (!held || scan.findings.length === 0) return { ...whole, scan };
    if (policy === 'block' || attempts === ATTEMPTS) {
      return { ...whole, text: '', logprobs: [], finish: 'content_filter' as const, scan };
    }
    const random = new Random(options.seed, 'write again', choice, attempts);
    const [again] = await batch.generate([prompts[prompt]!], {
      ...options,
      n: 1,
      seed: random.uint32(),
      temperature: Math.max(options.temperature ?? 0, WARMTH),
      signal,
    });
    return judge(again!, choice, tokens, attempts + 1);
  };

  const settle = async (sample: Sample): Promise<Outcome> => {
    const outcome = await judge(sample, choiceOf(sample), 0, 1);
    const { choice, text, logprobs } = outcome;
    if (held && text !== '') listener.onText(choice, text, logprobs);
    listener.onOutcome(outcome);
    return outcome;
  };

  if (options.maxNewTokens === 0) {
    const sample: Sample = { prompt: 0, sample: 0, tokens: [], text: '', finishReason: 'length' };
    return Promise.all(prompts.map((_, prompt) => settle({ ...sample, prompt })));
  }
  const outcomes: Promise<Outcome>[] = [];
  await batch.generate(prompts, {
    ...options,
    signal,
    ...(!held && {
      onText: (piece) => listener.onText(choiceOf(piece), piece.text, piece.logprobs ?? []),
    }),
    onSample: (sample) => {
      const outcome = settle(sample);
      outcome.catch(() => {}); // told below, unless the call fails before
      outcomes.push(outcome);
    },
  });
  return (await Promise.all(outcomes)).sort((a, b) => a.choice - b.choice);
}
