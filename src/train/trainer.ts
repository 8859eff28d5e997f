import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, Progress, readJson, SutureError, sha256, writeFileAtomic } from '../core/index.js';
import type { Device, Feed } from '../engine/index.js';
import { loraModules, type ModelConfig, RotaryTables, weightShapes } from '../models/index.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../tensor/index.js';
import type { Batch, DataSource } from './data.js';
import {
  buildGradients,
  buildLoss,
  buildStep,
  buildUpdate,
  loraNames,
  type OptimiserSettings,
  parameterNames,
  type Trainable,
} from './program.js';
import { learningRate, type Schedule } from './schedule.js';

export interface TrainOptions extends Partial<OptimiserSettings> {
  steps: number;
  schedule: Schedule;
  /** Gradients are scaled down to this norm. Defaults to no limit. */
  maxNorm?: number;
  /** Batches whose gradients make one step. Defaults to 1. */
  accumulate?: number;
  /** Checkpoints are written here and resumed from here. Defaults to none. */
  dir?: string;
  /** Steps between checkpoints. Defaults to 100. */
  saveEvery?: number;
  /** Batches that are never trained on; their loss is measured every `validateEvery` steps (default 100). */
  validation?: readonly Batch[];
  validateEvery?: number;
  /** Called after every step. */
  onStep?: (report: StepReport) => void;
  /** Says nothing on standard error. Defaults to false. */
  quiet?: boolean;
  /** Ends the run with an INTERRUPTED error, after a checkpoint. */
  signal?: AbortSignal;
}

export interface StepReport {
  /** 1-based. */
  step: number;
  /** Mean loss over the step's weighted tokens, before its update. */
  loss: number;
  gradientNorm: number;
  learningRate: number;
  /** Tokens that were not padding, since the run began, and per second. */
  tokens: number;
  tokensPerSecond: number;
  validationLoss: number | undefined;
}

/** Defaults of PyTorch's AdamW. */
const DEFAULTS: OptimiserSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

const checkpointState = z.object({
  step: z.int().nonnegative(),
  tokens: z.number(),
  recipe: z.string(),
});

/**
 * Trains a model or an adapter; one ONNX graph does a step (with accumulation, two).
 *
 * The parameters and AdamW's moments live in the device's buffers, under the parameters' names: one
 * trainer to a device at a time.
 */
export class Trainer {
  readonly #device: Device;
  readonly #config: ModelConfig;
  readonly #trainable: Trainable;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  #step = 0;
  #tokens = 0;

  private constructor(device: Device, config: ModelConfig, trainable: Trainable) {
    this.#device = device;
    this.#config = config;
    this.#trainable = trainable;
    this.#shapes = parameterShapes(config, trainable);
  }

  /**
   * @param initial a tensor for every parameter: weights by their names, or `{module}.lora_A` [r, in]
   *   and `{module}.lora_B` [out, r]
   * @throws {SutureError} BAD_ARGUMENT where one is missing or has another shape
   */
  static async create(
    device: Device,
    config: ModelConfig,
    trainable: Trainable,
    initial: ReadonlyMap<string, Tensor>,
  ): Promise<Trainer> {
    const trainer = new Trainer(device, config, trainable);
    for (const [name, dims] of trainer.#shapes) {
      const tensor = initial.get(name);
      ensure(
        tensor && tensor.dims.join() === dims.join(),
        'BAD_ARGUMENT',
        `The parameter ${name} needs shape [${dims.join(', ')}]; got ${tensor ? `[${tensor.dims.join(', ')}]` : 'none'}.`,
      );
      const names = parameterNames(name);
      await device.put(names.value, { dtype: 'f32', ...tensor });
      await device.allocate([names.m, names.v], dims);
    }
    return trainer;
  }

  /** Steps done so far. */
  get step(): number {
    return this.#step;
  }

  /** The parameters as they are now. */
  async parameters(): Promise<Map<string, Tensor>> {
    const result = new Map<string, Tensor>();
    for (const name of this.#shapes.keys()) result.set(name, await this.#read(name));
    return result;
  }

  async #read(buffer: string): Promise<Tensor> {
    const { dims, data } = await this.#device.read(buffer);
    return { dims: [...dims], data: data as Float32Array };
  }

  /** Mean loss over the weighted tokens of some batches; nothing is trained. */
  async evaluate(batches: readonly Batch[]): Promise<number> {
    const session = await this.#device.load(buildLoss(this.#config, this.#trainable));
    try {
      return await this.#loss(session, batches);
    } finally {
      await this.#device.unload(session);
    }
  }

  /** The gradient of that loss with respect to every parameter; nothing is trained. */
  async gradients(batches: readonly Batch[]): Promise<Map<string, Tensor>> {
    const accumulator = await this.#accumulator();
    try {
      await accumulator.add(batches);
      const result = new Map<string, Tensor>();
      for (const name of this.#shapes.keys()) {
        result.set(name, await this.#read(parameterNames(name).gradient));
      }
      return result;
    } finally {
      await accumulator.release();
    }
  }

  /**
   * Runs until `options.steps`, from the last checkpoint in `options.dir` if there is one.
   * @returns the reports of the steps done now
   */
  async run(data: DataSource, options: TrainOptions): Promise<StepReport[]> {
    const settings = { ...DEFAULTS, ...definedOnly(options) };
    const { steps, accumulate = 1, dir, saveEvery = 100, validateEvery = 100 } = options;
    const recipe = sha256(
      JSON.stringify([
        this.#config,
        [...this.#shapes],
        steps,
        options.schedule,
        settings,
        accumulate,
        options.maxNorm,
        this.#trainable.kind === 'lora' ? [...this.#trainable.modules] : [],
        data.batch(0),
      ]),
    );
    if (dir !== undefined) await this.#resume(dir, recipe);
    const stepper = await this.#stepper(settings, accumulate);
    const validator =
      options.validation && (await this.#device.load(buildLoss(this.#config, this.#trainable)));
    const progress = new Progress('train', steps, { quiet: options.quiet ?? false });
    const reports: StepReport[] = [];
    const began = { at: performance.now(), tokens: this.#tokens };

    try {
      while (this.#step < steps) {
        const batches = Array.from({ length: accumulate }, (_, i) =>
          data.batch(this.#step * accumulate + i),
        );
        const rate = learningRate(options.schedule, this.#step, steps);
        const t = this.#step + 1;
        const scalars = {
          learning_rate: scalar(rate),
          correction1: scalar(1 - settings.beta1 ** t),
          correction2: scalar(1 - settings.beta2 ** t),
          max_norm: scalar(options.maxNorm ?? Number.POSITIVE_INFINITY),
        };
        const { loss, gradientNorm } = await stepper(batches, scalars);
        this.#step++;
        this.#tokens += batches.reduce((sum, batch) => sum + countTokens(batch), 0);
        ensure(
          Number.isFinite(loss) && Number.isFinite(gradientNorm),
          'BAD_DATA',
          `At step ${this.#step} the loss is ${loss} and its gradient's norm ${gradientNorm}: lower the learning rate or clip the gradients.`,
        );
        const validates = validator !== undefined && this.#step % validateEvery === 0;
        const report: StepReport = {
          step: this.#step,
          loss,
          gradientNorm,
          learningRate: rate,
          tokens: this.#tokens,
          tokensPerSecond: (1000 * (this.#tokens - began.tokens)) / (performance.now() - began.at),
          validationLoss: validates ? await this.#loss(validator, options.validation!) : undefined,
        };
        reports.push(report);
        options.onStep?.(report);
        progress.update(
          this.#step,
          `loss ${loss.toFixed(3)}  ${Math.round(report.tokensPerSecond)} tokens/s`,
        );
        const last = this.#step === steps;
        const stopping = options.signal?.aborted ?? false;
        if (dir !== undefined && (last || stopping || this.#step % saveEvery === 0)) {
          await this.#save(dir, recipe);
        }
        if (stopping) {
          const kept =
            dir === undefined ? '' : ` The checkpoint in ${dir} continues at step ${this.#step}.`;
          throw new SutureError('INTERRUPTED', `Training was interrupted.${kept}`);
        }
      }
      return reports;
    } finally {
      progress.done();
      await stepper.release();
      if (validator !== undefined) await this.#device.unload(validator);
    }
  }

  /** A function that does one step, and what frees its graphs. */
  async #stepper(settings: OptimiserSettings, accumulate: number) {
    const names = [...this.#shapes.keys()].map(parameterNames);
    const next = Object.fromEntries(
      names.flatMap(({ next, value, m, v }) => [
        [next.value, value],
        [next.m, m],
        [next.v, v],
      ]),
    );
    const state = Object.fromEntries(
      names.flatMap(({ value, m, v }) => [value, m, v].map((name) => [name, { buffer: name }])),
    );
    const device = this.#device;

    if (accumulate === 1) {
      const session = await device.load(buildStep(this.#config, this.#trainable, settings));
      const step = async ([batch]: readonly Batch[], scalars: Record<string, Feed>) => {
        const feeds = { ...(await this.#feeds(batch!, weightSum([batch!]))), ...state, ...scalars };
        const fetch = ['loss', 'gradient_norm'];
        const [loss, norm] = await device.run(session, feeds, { fetch, keep: next });
        return { loss: loss!.data[0]!, gradientNorm: norm!.data[0]! };
      };
      return Object.assign(step, { release: () => device.unload(session) });
    }

    const accumulator = await this.#accumulator();
    const update = await device.load(buildUpdate(this.#shapes, settings));
    const step = async (batches: readonly Batch[], scalars: Record<string, Feed>) => {
      const loss = await accumulator.add(batches);
      const feeds = { ...state, ...accumulator.feeds, ...scalars };
      const [norm] = await device.run(update, feeds, { fetch: ['gradient_norm'], keep: next });
      return { loss, gradientNorm: norm!.data[0]! };
    };
    return Object.assign(step, {
      release: async () => {
        await accumulator.release();
        await device.unload(update);
      },
    });
  }

  /** Sums gradients over batches, as if they were one. */
  async #accumulator() {
    const device = this.#device;
    const session = await device.load(buildGradients(this.#config, this.#trainable));
    const sums = [...this.#shapes.keys()].map((name) => parameterNames(name).gradient);
    const feeds = Object.fromEntries(sums.map((name) => [name, { buffer: name }]));
    const keep = Object.fromEntries(sums.map((name) => [`next.${name}`, name]));
    return {
      /** What feeds the sums to another graph. */
      feeds,
      /** Starts anew; returns the mean loss. */
      add: async (batches: readonly Batch[]): Promise<number> => {
        for (const [name, dims] of this.#shapes) {
          await device.allocate([parameterNames(name).gradient], dims);
        }
        const total = weightSum(batches);
        let loss = 0;
        for (const batch of batches) {
          const inputs = { ...(await this.#feeds(batch, total)), ...this.#values(), ...feeds };
          const [part] = await device.run(session, inputs, { fetch: ['loss'], keep });
          loss += part!.data[0]!;
        }
        return loss;
      },
      release: async () => {
        await device.unload(session);
        await device.drop(sums);
      },
    };
  }

  async #loss(session: number, batches: readonly Batch[]): Promise<number> {
    const total = weightSum(batches);
    let sum = 0;
    for (const batch of batches) {
      const feeds = { ...(await this.#feeds(batch, total)), ...this.#values() };
      const [loss] = await this.#device.run(session, feeds, { fetch: ['loss'] });
      sum += loss!.data[0]!;
    }
    return sum;
  }

  #values(): Record<string, Feed> {
    return Object.fromEntries([...this.#shapes.keys()].map((name) => [name, { buffer: name }]));
  }

  /** A batch as inputs of the graph: only positions with a weight get logits. */
  async #feeds(batch: Batch, total: number): Promise<Record<string, Feed>> {
    const rows = batch.tokens.length;
    const s = batch.tokens[0]!.length;
    const integers = (values: readonly number[], dims: readonly number[]) =>
      ({ dtype: 'i64', dims, data: BigInt64Array.from(values, (x) => BigInt(x)) }) as const;
    const weights = batch.weights.flat();
    const chosen = [...weights.keys()].filter((i) => weights[i] !== 0);
    const labels = batch.labels.flat();
    return {
      tokens: integers(batch.tokens.flat(), [rows, s]),
      positions: integers(batch.positions.flat(), [rows, s]),
      segments: integers(batch.segments.flat(), [rows, s]),
      ...rotaryFeeds(this.#config, s),
      logit_rows: integers(chosen, [chosen.length]),
      labels: integers(
        chosen.map((i) => labels[i]!),
        [chosen.length],
      ),
      label_weights: {
        dtype: 'f32',
        dims: [chosen.length],
        data: Float32Array.from(chosen, (i) => weights[i]! / total),
      },
    };
  }

  /** Parameters, moments and the step, in one file. */
  async #save(dir: string, recipe: string): Promise<void> {
    const tensors = new Map<string, Tensor>();
    for (const name of this.#shapes.keys()) {
      const { value, m, v } = parameterNames(name);
      for (const buffer of [value, m, v]) tensors.set(buffer, await this.#read(buffer));
    }
    const state = { step: this.#step, tokens: this.#tokens, recipe };
    // The state is written last and its step names the tensors' file: a kill before that leaves the
    // former pair as it was.
    const file = tensorsFile(this.#step);
    writeSafetensors(join(dir, file), tensors);
    writeFileAtomic(join(dir, 'checkpoint.json'), `${JSON.stringify(state, null, 2)}\n`);
    for (const other of readdirSync(dir)) {
      if (/^checkpoint-\d+\.safetensors$/.test(other) && other !== file) rmSync(join(dir, other));
    }
  }

  async #resume(dir: string, recipe: string): Promise<void> {
    const path = join(dir, 'checkpoint.json');
    if (!existsSync(path)) return;
    const parsed = checkpointState.safeParse(readJson(path));
    ensure(parsed.success, 'BAD_CHECKPOINT', `${path} is not a training checkpoint; remove it.`);
    ensure(
      parsed.data.recipe === recipe,
      'BAD_CHECKPOINT',
      `${dir} holds the checkpoint of another run (model, data or settings differ); use another folder or remove it.`,
    );
    const tensors = readSafetensors(join(dir, tensorsFile(parsed.data.step)));
    for (const [name, tensor] of tensors) {
      await this.#device.put(name, { dtype: 'f32', ...tensor });
    }
    this.#step = parsed.data.step;
    this.#tokens = parsed.data.tokens;
  }
}

const tensorsFile = (step: number): string => `checkpoint-${step}.safetensors`;

function parameterShapes(
  config: ModelConfig,
  trainable: Trainable,
): ReadonlyMap<string, readonly number[]> {
  if (trainable.kind === 'full') return weightShapes(config);
  const known = loraModules(config);
  const shapes = new Map<string, readonly number[]>();
  for (const [module, { rank }] of trainable.modules) {
    const widths = known.get(module);
    ensure(widths, 'BAD_ADAPTER', `This model has no linear layer ${module}.`);
    const names = loraNames(module);
    shapes.set(names.a, [rank, widths.in]);
    shapes.set(names.b, [widths.out, rank]);
  }
  return shapes;
}

const scalar = (value: number): Feed => ({ dtype: 'f32', dims: [], data: Float32Array.of(value) });

const weightSum = (batches: readonly Batch[]): number => {
  const sum = batches.flatMap((batch) => batch.weights.flat()).reduce((a, b) => a + b, 0);
  ensure(sum > 0, 'BAD_DATA', 'A batch has no token with a weight: there is nothing to learn.');
  return sum;
};

/** Tokens of a batch that are not padding: padding has no weight behind the last example's end. */
const countTokens = (batch: Batch): number =>
  batch.tokens.reduce((sum, row, i) => {
    const last = batch.weights[i]!.findLastIndex((weight) => weight !== 0);
    return sum + Math.min(row.length, last + 2);
  }, 0);

function definedOnly(options: Partial<OptimiserSettings>): Partial<OptimiserSettings> {
  const keys = ['beta1', 'beta2', 'epsilon', 'weightDecay'] as const;
  return Object.fromEntries(
    keys.flatMap((k) => (options[k] === undefined ? [] : [[k, options[k]]])),
  );
}

/** Cosines and sines of the positions of sequences of up to `s` tokens. */
export function rotaryFeeds({ rope }: ModelConfig, s: number): Record<string, Feed> {
  if (!rope) return {};
  const { cos, sin } = new RotaryTables(rope).rows([...Array(s).keys()], Array<number>(s).fill(s));
  return { cos: { dtype: 'f32', ...cos }, sin: { dtype: 'f32', ...sin } };
}
