import { z } from 'zod';
import { ensure, Random, SutureError, sha256 } from '../../core/index.js';
import type { Model, Translator } from '../../engine/index.js';
import { clusterBootstrapMean, mean } from '../../stats/index.js';
import {
  readSafetensors,
  readSafetensorsHeader,
  type Tensor,
  writeSafetensors,
} from '../../tensor/index.js';
import { LensTrainer, learningRate } from '../../train/index.js';
import type { Figure } from '../probe/score.js';
import { depthName } from './verdict.js';

export interface TuneOptions {
  /** Steps of AdamW. Defaults to 200. */
  steps?: number;
  /** Most tokens of one step; they bound its memory, which is some ten times tokens x vocabulary. Defaults to 512. */
  tokens?: number;
  /** The first learning rate; it falls linearly to 0. Defaults to 1 / d_model. */
  rate?: number;
  /** Of the order of the rows and of the bootstrap. Defaults to 0. */
  seed?: number;
  /** Threads of ONNX Runtime. Defaults to the number of cores, at most 8. */
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** How near a lens is to the model's own distribution on text that it was not trained on. */
export interface TunedDepth {
  /** -1: the embeddings; l: after block l. */
  layer: number;
  /** KL(final || lens) in nats, mean over rows of text; intervals over rows. */
  logit: Figure;
  tuned: Figure;
  /** The first minus the second, row by row. */
  gain: Figure;
}

/** A tuned lens, and what it is bound to. */
export interface TunedLens {
  /** Of the embeddings and of every block but the last. */
  translators: Translator[];
  depths: TunedDepth[];
  model: string;
  modelHash: string;
  steps: number;
  tokens: number;
  rate: number;
  seed: number;
  /** Rows of text trained on, and held out. */
  rows: { trained: number; heldOut: number };
  /** SHA-256 of all rows' token ids. */
  dataHash: string;
}

/** The last part of the text is never trained on. */
const HELD_OUT = 0.1;
const LEAST_ROWS = 20;

/** A text as rows of token ids, cut without overlap. */
export function textRows(model: Model, text: string, length = 128): number[][] {
  ensure(model.tokenizer, 'BAD_ARGUMENT', `${model.id} has no tokenizer.json: it reads no text.`);
  const ids = model.tokenizer.encode(text);
  const rows: number[][] = [];
  for (let from = 0; from < ids.length; from += length) rows.push(ids.slice(from, from + length));
  return rows;
}

/**
 * Trains a tuned lens (Belrose et al. 2023) on rows of tokens, and judges it on the last tenth of them.
 * The paper trains by SGD with momentum; this is AdamW, without decay.
 *
 * @param rows at least 20; those of one token teach nothing and are left out
 * @throws {SutureError} BAD_DATA for too few rows; UNSUPPORTED where weights are not f32; INTERRUPTED
 * @example
 * const tuned = await tuneLens(model, textRows(model, text));
 * const findings = await lens(model, pairs('CWE-787'), { translators: tuned.translators });
 */
export async function tuneLens(
  model: Model,
  rows: readonly (readonly number[])[],
  options: TuneOptions = {},
): Promise<TunedLens> {
  const {
    steps = 200,
    tokens = 512,
    rate = 1 / model.dModel,
    seed = 0,
    threads,
    signal,
    onProgress,
  } = options;
  const usable = rows.filter((ids) => ids.length > 1);
  ensure(
    usable.length >= LEAST_ROWS,
    'BAD_DATA',
    `A tuned lens needs at least ${LEAST_ROWS} rows of text, to train on most and be judged on the rest; got ${usable.length}.`,
  );
  const longest = Math.max(...usable.map((ids) => ids.length));
  ensure(
    longest <= tokens,
    'BAD_ARGUMENT',
    `A row has ${longest} tokens and a step only ${tokens}: give steps more tokens or cut the text shorter.`,
  );
  const held = usable.slice(-Math.ceil(HELD_OUT * usable.length));
  const trained = usable.slice(0, -held.length);
  const trainer = await LensTrainer.create(model, threads === undefined ? {} : { threads });
  const divergences = async (stage: string): Promise<number[][]> => {
    const found: number[][] = [];
    for (const batch of batches(held, tokens)) {
      if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
      found.push(...(await trainer.divergences(batch)));
      onProgress?.(stage, found.length, held.length);
    }
    return found;
  };
  try {
    const before = await divergences('judge the logit lens'); // [row][depth]
    const data = endless(trained, tokens, seed);
    for (let step = 0; step < steps; step++) {
      if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
      const now = learningRate({ peak: rate, decay: 'linear' }, step, steps);
      await trainer.step(data.next().value, now);
      onProgress?.('train', step + 1, steps);
    }
    const after = await divergences('judge the tuned lens');
    const figure = (of: readonly number[]): Figure => ({
      value: mean(of),
      ...clusterBootstrapMean(
        of.map((x) => [x]),
        { seed, resamples: 2000 },
      ),
    });
    const depths = before[0]!.map((_, depth): TunedDepth => {
      const column = (of: readonly (readonly number[])[]) => of.map((row) => row[depth]!);
      const [logit, tuned] = [column(before), column(after)];
      return {
        layer: depth - 1,
        logit: figure(logit),
        tuned: figure(tuned),
        gain: figure(logit.map((x, i) => x - tuned[i]!)),
      };
    });
    return {
      translators: await trainer.translators(),
      depths,
      model: model.id,
      modelHash: model.hash,
      steps,
      tokens,
      rate,
      seed,
      rows: { trained: trained.length, heldOut: held.length },
      dataHash: sha256(JSON.stringify(usable)),
    };
  } finally {
    await trainer.close();
  }
}

/** Rows of about equal sums, in order. */
function batches<T extends { length: number }>(rows: readonly T[], tokens: number): T[][] {
  const made: T[][] = [];
  let room = 0;
  for (const row of rows) {
    if (row.length > room) {
      made.push([]);
      room = tokens;
    }
    made.at(-1)!.push(row);
    room -= row.length;
  }
  return made;
}

/** Batches of rows without end, shuffled anew in every epoch. */
function* endless<T extends { length: number }>(
  rows: readonly T[],
  tokens: number,
  seed: number,
): Generator<T[], never> {
  for (let epoch = 0; ; epoch++) {
    yield* batches(new Random(seed, 'tuned lens', epoch).shuffle([...rows]), tokens);
  }
}

/** At which layers the tuned lens is nearer to what the model says in the end, in words. */
export function tunedVerdict({ depths }: Pick<TunedLens, 'depths'>): string {
  const names = (of: readonly TunedDepth[]) => of.map(({ layer }) => depthName(layer)).join(', ');
  const nearer = depths.filter(({ gain }) => gain.low > 0);
  const rest = depths.filter(({ gain }) => gain.low <= 0);
  if (nearer.length === 0) {
    return 'On held-out text the tuned lens is at no layer shown to be nearer to the final distribution than the logit lens.';
  }
  const said = `On held-out text the tuned lens is nearer to the final distribution than the logit lens at ${rest.length === 0 ? 'every layer' : names(nearer)}`;
  return rest.length === 0 ? `${said}.` : `${said}; not shown at ${names(rest)}.`;
}

const metadataSchema = z.object({
  format: z.literal('suture.tuned-lens'),
  version: z.literal('1'),
  model: z.string(),
  model_hash: z.string(),
  steps: z.coerce.number(),
  tokens: z.coerce.number(),
  rate: z.coerce.number(),
  seed: z.coerce.number(),
  rows_trained: z.coerce.number(),
  rows_held_out: z.coerce.number(),
  data_hash: z.string(),
  /** The figures on held-out text, as JSON. */
  evaluation: z.string(),
});

const tensorName = (depth: number, name: keyof Translator) =>
  `${depth === 0 ? 'embeddings' : `blocks.${depth - 1}`}.${name}`;

/** Writes a tuned lens as safetensors: `embeddings.weight`, `blocks.{i}.bias`, ...; everything else as metadata. */
export function writeTunedLens(path: string, lens: TunedLens): void {
  const tensors = new Map<string, Tensor>();
  for (const [depth, { weight, bias }] of lens.translators.entries()) {
    const d = bias.length;
    tensors.set(tensorName(depth, 'weight'), { dims: [d, d], data: weight });
    tensors.set(tensorName(depth, 'bias'), { dims: [d], data: bias });
  }
  const metadata = {
    format: 'suture.tuned-lens',
    version: '1',
    model: lens.model,
    model_hash: lens.modelHash,
    steps: String(lens.steps),
    tokens: String(lens.tokens),
    rate: String(lens.rate),
    seed: String(lens.seed),
    rows_trained: String(lens.rows.trained),
    rows_held_out: String(lens.rows.heldOut),
    data_hash: lens.dataHash,
    evaluation: JSON.stringify(lens.depths),
  } satisfies Record<keyof z.infer<typeof metadataSchema>, string>;
  writeSafetensors(path, tensors, { dtype: 'f32', metadata });
}

/**
 * Reads the translators of a tuned lens for the model that it was trained for.
 *
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_DATA where it is no tuned lens, or another model's
 */
export function readTunedLens(path: string, model: Model): Translator[] {
  const parsed = metadataSchema.safeParse(readSafetensorsHeader(path).metadata);
  if (!parsed.success) {
    throw new SutureError(
      'BAD_DATA',
      `${path} is not a tuned lens written by this version of Suture: ${z.prettifyError(parsed.error)}`,
    );
  }
  ensure(
    parsed.data.model_hash === model.hash,
    'BAD_DATA',
    `The tuned lens in ${path} was trained for another model (${parsed.data.model}): the weights differ. Train one for this model with "suture lens train".`,
  );
  const tensors = readSafetensors(path);
  const take = (name: string, size: number): Float32Array => {
    const data = tensors.get(name)?.data;
    ensure(data?.length === size, 'BAD_DATA', `${path} lacks ${name}, or it has another shape.`);
    return data;
  };
  const d = model.dModel;
  return Array.from({ length: model.nLayers }, (_, depth) => ({
    weight: take(tensorName(depth, 'weight'), d * d),
    bias: take(tensorName(depth, 'bias'), d),
  }));
}
