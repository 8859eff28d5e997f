import { ensure } from '../core/index.js';
import {
  type Checkpoint,
  Device,
  type DeviceOptions,
  type Feed,
  type Model,
  type Translator,
  translated,
  unembedded,
} from '../engine/index.js';
import {
  exp,
  Graph,
  gradients,
  logSoftmax,
  mul,
  reduceSum,
  serialize,
  sub,
  type Value,
} from '../graph/index.js';
import { type OptimiserSettings, parameterNames, update } from './program.js';

/** AdamW without decay: a translator that learns nothing stays the logit lens. */
const OPTIMISER: OptimiserSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const MAX_NORM = 1;

/** The model's own log-probabilities, which all depths are compared with: stays on the device. */
const FINAL = 'final';
const PARAMETERS = ['weight', 'bias'] as const;
const bufferOf = (depth: number, name: string) => `${depth}.${name}`;

type Sessions = Record<'final' | 'step' | 'divergence', number>;

/**
 * Trains a tuned lens (Belrose et al. 2023): for the embeddings and for every block but the last an
 * affine map `h + W h + b`, so that final norm and unembedding of it say what the model says in the end.
 * The loss is KL(final || lens), mean over tokens; each depth is trained for itself, by AdamW in the graph,
 * with gradients clipped to norm 1. W and b begin at 0: the logit lens.
 *
 * The first token of each row is left out: many models keep a vector of enormous norm there.
 */
export class LensTrainer {
  readonly #model: Model;
  readonly #device: Device;
  readonly #sessions: Sessions;
  #steps = 0;

  private constructor(model: Model, device: Device, sessions: Sessions) {
    this.#model = model;
    this.#device = device;
    this.#sessions = sessions;
  }

  /** @throws {SutureError} UNSUPPORTED where the model's weights are not f32 */
  static async create(model: Model, options: DeviceOptions = {}): Promise<LensTrainer> {
    const { checkpoint, dModel, nLayers } = model;
    ensure(
      checkpoint.matrices.size === 0,
      'UNSUPPORTED',
      'A tuned lens is trained in float32: load the model with dtype f32.',
    );
    const device = new Device(options);
    for (let depth = 0; depth < nLayers; depth++) {
      for (const name of PARAMETERS) {
        const { value, m, v } = parameterNames(name);
        const buffers = [value, m, v].map((each) => bufferOf(depth, each));
        await device.allocate(buffers, name === 'weight' ? [dModel, dModel] : [dModel]);
      }
    }
    return new LensTrainer(model, device, {
      final: await device.load(buildFinal(checkpoint)),
      step: await device.load(buildLensStep(checkpoint)),
      divergence: await device.load(buildDivergence(checkpoint)),
    });
  }

  /**
   * One step on some rows of tokens, at every depth.
   * @returns KL(final || lens) before it, mean over tokens, in nats: [depth]
   */
  async step(rows: readonly (readonly number[])[], learningRate: number): Promise<number[]> {
    this.#steps++;
    const scalars = {
      learning_rate: scalar(learningRate),
      correction1: scalar(1 - OPTIMISER.beta1 ** this.#steps),
      correction2: scalar(1 - OPTIMISER.beta2 ** this.#steps),
      max_norm: scalar(MAX_NORM),
    };
    const names = PARAMETERS.map(parameterNames);
    const losses: number[] = [];
    for await (const { depth, tokens, feeds } of this.#depths(rows)) {
      const own = (name: string) => bufferOf(depth, name);
      const moments = names.flatMap(({ m, v }) => [m, v].map((x) => [x, { buffer: own(x) }]));
      const next = names.flatMap(({ next: to, value, m, v }) => [
        [to.value, own(value)],
        [to.m, own(m)],
        [to.v, own(v)],
      ]);
      const [loss] = await this.#device.run(
        this.#sessions.step,
        { ...feeds, ...Object.fromEntries(moments), ...scalars, token_share: scalar(1 / tokens) },
        { fetch: ['loss'], keep: Object.fromEntries(next) },
      );
      losses.push(loss!.data[0]!);
    }
    ensure(
      losses.every(Number.isFinite),
      'BAD_DATA',
      `At step ${this.#steps} a loss is not finite: lower the learning rate.`,
    );
    return losses;
  }

  /** KL(final || lens) of each row, mean over its tokens, in nats; nothing is trained: [row][depth]. */
  async divergences(rows: readonly (readonly number[])[]): Promise<number[][]> {
    const found = rows.map((): number[] => []);
    for await (const { feeds } of this.#depths(rows)) {
      const [all] = await this.#device.run(this.#sessions.divergence, feeds, {
        fetch: ['divergence'],
      });
      let from = 0;
      for (const [row, ids] of rows.entries()) {
        const own = all!.data.subarray(from, from + ids.length - 1);
        found[row]!.push(own.reduce((sum, x) => sum + x, 0) / own.length);
        from += own.length;
      }
    }
    return found;
  }

  /** The translators as they are now, of the embeddings and of every block but the last. */
  async translators(): Promise<Translator[]> {
    const read = async (depth: number, name: string) =>
      (await this.#device.read(bufferOf(depth, name))).data as Float32Array;
    const translators: Translator[] = [];
    for (let depth = 0; depth < this.#model.nLayers; depth++) {
      translators.push({ weight: await read(depth, 'weight'), bias: await read(depth, 'bias') });
    }
    return translators;
  }

  async close(): Promise<void> {
    await this.#device.close();
  }

  /** What each depth's graphs are fed for some rows; the final distribution is made once. */
  async *#depths(rows: readonly (readonly number[])[]) {
    const { nLayers, dModel } = this.#model;
    const hooks = [
      'blocks.0.hook_resid_pre',
      ...Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.hook_resid_post`),
    ];
    const { cache } = await this.#model.forward(rows, { capture: hooks, logits: [] });
    const n = rows.reduce((sum, ids) => sum + ids.length - 1, 0);
    const feeds = (depth: number): Record<string, Feed> => ({
      residual: {
        dtype: 'f32',
        dims: [1, n, dModel],
        data: afterFirst(cache.get(hooks[depth]!)!.data, rows, dModel),
      },
      logit_rows: {
        dtype: 'i64',
        dims: [n],
        data: BigInt64Array.from({ length: n }, (_, i) => BigInt(i)),
      },
    });
    await this.#device.run(this.#sessions.final, feeds(nLayers), { keep: { [FINAL]: FINAL } });
    for (let depth = 0; depth < nLayers; depth++) {
      const own = PARAMETERS.map((name) => [name, { buffer: bufferOf(depth, name) }]);
      yield {
        depth,
        tokens: n,
        feeds: { ...feeds(depth), ...Object.fromEntries(own), [FINAL]: { buffer: FINAL } },
      };
    }
  }
}

/** Values of all tokens but the first of each row, without padding: [n, d]. @param data [b, s, d] */
function afterFirst(
  data: Float32Array,
  rows: readonly (readonly number[])[],
  d: number,
): Float32Array {
  const s = Math.max(...rows.map((ids) => ids.length));
  const parts = rows.map((ids, row) =>
    data.subarray((row * s + 1) * d, (row * s + ids.length) * d),
  );
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Log-probabilities of a residual stream. Output: final [n, vocab]. */
function buildFinal(checkpoint: Checkpoint): Uint8Array {
  const graph = new Graph();
  const residual = graph.input('residual', 'f32', [1, 'n', checkpoint.config.dModel]);
  graph.output(FINAL, logSoftmax(unembedded(graph, checkpoint, residual)));
  return serialize(graph);
}

/**
 * KL(final || lens) of each token [n], and the translator that it depends on.
 * Inputs: residual [1, n, d_model], logit_rows i64 [n], final [n, vocab], weight, bias.
 */
export function divergenceGraph(checkpoint: Checkpoint): {
  graph: Graph;
  divergence: Value;
  parameters: Map<string, Value>;
} {
  const { dModel, vocabSize } = checkpoint.config;
  const graph = new Graph();
  const residual = graph.input('residual', 'f32', [1, 'n', dModel]);
  const weight = graph.input('weight', 'f32', [dModel, dModel]);
  const bias = graph.input('bias', 'f32', [dModel]);
  const lens = logSoftmax(unembedded(graph, checkpoint, translated(residual, weight, bias)));
  const final = graph.input(FINAL, 'f32', ['rows', vocabSize]);
  return {
    graph,
    divergence: reduceSum(mul(exp(final), sub(final, lens)), [-1]),
    parameters: new Map([
      ['weight', weight],
      ['bias', bias],
    ]),
  };
}

function buildDivergence(checkpoint: Checkpoint): Uint8Array {
  const { graph, divergence } = divergenceGraph(checkpoint);
  graph.output('divergence', divergence);
  return serialize(graph);
}

/** Inputs: as above, token_share (1 / n), and what `update` asks for. Outputs: loss, and what `update` adds. */
function buildLensStep(checkpoint: Checkpoint): Uint8Array {
  const { graph, divergence, parameters } = divergenceGraph(checkpoint);
  const loss = mul(reduceSum(divergence), graph.input('token_share', 'f32', []));
  graph.output('loss', loss);
  update(graph, parameters, gradients(loss, [...parameters.values()]), OPTIMISER);
  return serialize(graph);
}

const scalar = (value: number): Feed => ({ dtype: 'f32', dims: [], data: Float32Array.of(value) });
