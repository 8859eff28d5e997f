import { ensure, Random } from '../../core/index.js';
import type { Model, Translator } from '../../engine/index.js';
import type { Intent } from '../../evaluate/index.js';
import { type LensContrast, type LensCurve, lensContrast, lensCurve } from './analyse.js';
import { decisionOf, encodePrompt, type LensItem, type LensPair, readLens } from './read.js';

export interface LensOptions {
  /** A tuned lens: a translator for the embeddings and for every block but the last. Defaults to none. */
  translators?: readonly Translator[];
  /** Of the bootstrap. Defaults to 0. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** What a lens shows of one model and set of pairs. */
export interface LensFindings {
  model: string;
  lens: 'logit' | 'tuned';
  pairs: number;
  bases: number;
  seed: number;
  /** Ids of pairs that could not be read, by rule. */
  leftOut: {
    /** One body only goes on from the other: there are no two continuations. */
    oneSided: string[];
    /** A prompt with its continuation is longer than the model's context. */
    tooLong: string[];
  };
  /** By what the prompt asks for; kinds that not all pairs have are left out. */
  prompts: Partial<Record<Intent, LensCurve>>;
  /** The secure prompt's curve minus the insecure one's. */
  contrast: LensContrast;
}

const INTENTS: readonly Intent[] = ['insecure', 'neutral', 'secure'];

/**
 * What the model would say after each layer where its secure and its insecure continuation part: final norm and
 * unembedding (with a translator before them, where given) on the residual stream at the decision, for
 * prompts that ask for either or for neither.
 *
 * @param pairs with bodies; those of at least 3 bases must be readable
 * @throws {SutureError} BAD_ARGUMENT where the model has no tokenizer; BAD_DATA for too few bases; INTERRUPTED
 * @example
 * const findings = await lens(model, pairs('CWE-787'));
 * console.log(findings.prompts.insecure.parting.layer);
 */
export async function lens(
  model: Model,
  pairs: readonly LensPair[],
  options: LensOptions = {},
): Promise<LensFindings> {
  const { translators, seed = 0, signal, onProgress } = options;
  ensure(
    model.tokenizer,
    'BAD_ARGUMENT',
    `${model.id} has no tokenizer.json: the lens reads texts.`,
  );
  ensure(
    translators === undefined || translators.length === model.nLayers,
    'BAD_ARGUMENT',
    `A tuned lens of this model has ${model.nLayers} translators; got ${translators?.length}.`,
  );
  const leftOut: LensFindings['leftOut'] = { oneSided: [], tooLong: [] };
  const intents = INTENTS.filter((intent) => pairs.every(({ prompts }) => prompts[intent]));
  const read = pairs.flatMap((pair) => {
    const decision = decisionOf(model, pair.bodies);
    if (!decision) {
      leftOut.oneSided.push(pair.id);
      return [];
    }
    const prompts = new Map(
      intents.map((intent) => [intent, encodePrompt(model, pair.prompts[intent]!)]),
    );
    const longest = Math.max(...[...prompts.values()].map((ids) => ids.length));
    const tail =
      decision.opening.length + Math.max(decision.secure.length, decision.insecure.length);
    if (longest + tail > model.config.maxPositions) {
      leftOut.tooLong.push(pair.id);
      return [];
    }
    return [{ base: pair.base, decision, prompts }];
  });
  const bases = read.map(({ base }) => base);
  const count = new Set(bases).size;
  ensure(
    count >= 3,
    'BAD_DATA',
    `The lens compares bases and needs pairs of at least 3 whose bodies part; there are ${count}.`,
  );
  const controls = unrelated(model, pairs, read, seed);
  const readings = new Map(
    await sequentially(intents, async (intent) => {
      const items = read.map(
        ({ decision, prompts }, i): LensItem => ({
          prompt: prompts.get(intent)!,
          decision,
          control: controls[i]!,
        }),
      );
      const found = await readLens(model, items, {
        translators,
        signal,
        onProgress: onProgress && ((done, total) => onProgress(`${intent} prompts`, done, total)),
      });
      return [intent, found] as const;
    }),
  );
  const curves = [...readings].map(([intent, found]) => [intent, lensCurve(found, bases, seed)]);
  return {
    model: model.id,
    lens: translators ? 'tuned' : 'logit',
    pairs: read.length,
    bases: count,
    seed,
    leftOut,
    prompts: Object.fromEntries(curves),
    contrast: lensContrast(readings.get('secure')!, readings.get('insecure')!, bases, seed),
  };
}

/**
 * Two tokens for each pair, drawn from those of all bodies but the ones with which any continuation begins.
 */
function unrelated(
  model: Model,
  pairs: readonly LensPair[],
  read: readonly { decision: LensItem['decision'] }[],
  seed: number,
): LensItem['control'][] {
  const first = new Set(read.flatMap(({ decision }) => [decision.secure[0], decision.insecure[0]]));
  const ids = (text: string) => model.tokenizer!.encode(text, { addSpecialTokens: false });
  const all = pairs.flatMap(({ bodies }) => [...ids(bodies.secure), ...ids(bodies.insecure)]);
  const tokens = [...new Set(all)].filter((token) => !first.has(token));
  ensure(
    tokens.length >= 2,
    'BAD_DATA',
    'The bodies have no two tokens beside those that they part with: there is nothing to control by.',
  );
  const random = new Random(seed, 'lens control');
  return read.map(() => {
    const one = random.int(tokens.length);
    const other = (one + 1 + random.int(tokens.length - 1)) % tokens.length;
    return [tokens[one]!, tokens[other]!];
  });
}

async function sequentially<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
