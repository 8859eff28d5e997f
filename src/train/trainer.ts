import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, Progress, readJson, SutureError, sha256, writeFileAtomic } from '../core/index.js';
import type { Device, Feed } from '../engine/index.js';
import type { ModelConfig } from '../models/index.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../tensor/index.js';
import type { Batch, DataSource } from './data.js';
import type { Trainable } from './model.js';
import { NextToken, type Objective } from './objective.js';
import {
  buildGradients,
  buildLoss,
  buildStep,
  buildUpdate,
  type OptimiserSettings,
  parameterNames,
} from './program.js';
import { learningRate, type Schedule } from './schedule.js';

export interface TrainOptions<B = Batch> extends Partial<OptimiserSettings> {
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
  validation?: readonly B[];
  validateEvery?: number;
  /**
   * Training ends when so many validations after the best one were no better, and the parameters are
   * those of the best one at the end. Defaults to none: it goes on, and ends with the last.
   */
  patience?: number;
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
  /** What the loss is made of, where the objective tells it apart. */
  parts: Record<string, number>;
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
  best: z.object({ step: z.int(), loss: z.number(), worse: z.int() }).optional(),
});

/** The best validation so far. */
interface Best {
  step: number;
  loss: number;
  /** Validations since then. */
  worse: number;
  /** The parameters as they were then. */
  parameters: Map<string, Tensor>;
}

/**
 * Trains a model or an adapter; one ONNX graph does a step (with accumulation, two).
 *
 * The parameters and AdamW's moments live in the device's buffers, under the parameters' names: one
 * trainer to a device at a time.
 */
export class Trainer<B = Batch> {
  readonly #device: Device;
  readonly #objective: Objective<B>;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  /** Names of what the loss is made of. */
  readonly #parts: readonly string[];
  #step = 0;
  #tokens = 0;
  #best: Best | undefined;

  private constructor(device: Device, objective: Objective<B>) {
    this.#device = device;
    this.#objective = objective;
    this.#shapes = objective.shapes;
    this.#parts = objective.parts;
  }

  /**
   * A trainer of next-token prediction.
   *
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
    return Trainer.of(device, new NextToken(config, trainable), initial);
  }

  /** A trainer of any objective; otherwise as `create`. */
  static async of<B>(
    device: Device,
    objective: Objective<B>,
    initial: ReadonlyMap<string, Tensor>,
  ): Promise<Trainer<B>> {
    const trainer = new Trainer(device, objective);
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

  /** The step of the best validation, and its loss; undefined without `patience`. */
  get best(): { step: number; loss: number } | undefined {
    return this.#best && { step: this.#best.step, loss: this.#best.loss };
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
  async evaluate(batches: readonly B[]): Promise<number> {
    const session = await this.#device.load(buildLoss(this.#objective));
    try {
      return await this.#loss(session, batches);
    } finally {
      await this.#device.unload(session);
    }
  }

  /** The gradient of that loss with respect to every parameter; nothing is trained. */
  async gradients(batches: readonly B[]): Promise<Map<string, Tensor>> {
    const accumulator = await this.#accumulator(false);
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
  async run(data: DataSource<B>, options: TrainOptions<B>): Promise<StepReport[]> {
    const settings = { ...DEFAULTS, ...definedOnly(options) };
    const { steps, accumulate = 1, dir, saveEvery = 100, validateEvery = 100 } = options;
    const recipe = sha256(
      JSON.stringify([
        this.#objective.identity,
        [...this.#shapes],
        steps,
        options.schedule,
        settings,
        accumulate,
        options.maxNorm,
        options.patience,
        data.batch(0),
      ]),
    );
    if (dir !== undefined) await this.#resume(dir, recipe);
    const stepper = await this.#stepper(settings, accumulate);
    const validator = options.validation && (await this.#device.load(buildLoss(this.#objective)));
    const progress = new Progress('train', steps, { quiet: options.quiet ?? false });
    const reports: StepReport[] = [];
    const began = { at: performance.now(), tokens: this.#tokens };

    const { patience } = options;
    const ended = () => patience !== undefined && (this.#best?.worse ?? 0) >= patience;
    try {
      while (this.#step < steps && !ended()) {
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
        const { loss, parts, gradientNorm } = await stepper(batches, scalars);
        this.#step++;
        this.#tokens += batches.reduce((sum, batch) => sum + this.#objective.tokens(batch), 0);
        ensure(
          Number.isFinite(loss) && Number.isFinite(gradientNorm),
          'BAD_DATA',
          `At step ${this.#step} the loss is ${loss} and its gradient's norm ${gradientNorm}: lower the learning rate or clip the gradients.`,
        );
        const validates = validator !== undefined && this.#step % validateEvery === 0;
        const validationLoss = validates
          ? await this.#loss(validator, options.validation!)
          : undefined;
        const report: StepReport = {
          step: this.#step,
          loss,
          parts,
          gradientNorm,
          learningRate: rate,
          tokens: this.#tokens,
          tokensPerSecond: (1000 * (this.#tokens - began.tokens)) / (performance.now() - began.at),
          validationLoss,
        };
        if (patience !== undefined && validationLoss !== undefined) {
          await this.#compare(validationLoss);
        }
        reports.push(report);
        options.onStep?.(report);
        progress.update(
          this.#step,
          `loss ${loss.toFixed(3)}  ${Math.round(report.tokensPerSecond)} tokens/s`,
        );
        const last = this.#step === steps || ended();
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
      if (this.#best) await this.#put(this.#best.parameters);
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
      const objective = this.#objective;
      const session = await device.load(buildStep(objective, settings));
      const fetch = ['loss', ...this.#parts.map((name) => `part.${name}`), 'gradient_norm'];
      const step = async ([batch]: readonly B[], scalars: Record<string, Feed>) => {
        const own = objective.feeds(batch!, objective.weight(batch!), this.#step);
        const values = await device.run(
          session,
          { ...own, ...state, ...scalars },
          { fetch, keep: next },
        );
        const [loss, ...rest] = values.map(({ data }) => data[0]!);
        return { loss: loss!, parts: this.#named(rest), gradientNorm: rest.at(-1)! };
      };
      return Object.assign(step, { release: () => device.unload(session) });
    }

    const accumulator = await this.#accumulator(true);
    const update = await device.load(buildUpdate(this.#shapes, settings));
    const step = async (batches: readonly B[], scalars: Record<string, Feed>) => {
      const { loss, parts } = await accumulator.add(batches, this.#step * accumulate);
      const feeds = { ...state, ...accumulator.feeds, ...scalars };
      const [norm] = await device.run(update, feeds, { fetch: ['gradient_norm'], keep: next });
      return { loss, parts, gradientNorm: norm!.data[0]! };
    };
    return Object.assign(step, {
      release: async () => {
        await accumulator.release();
        await device.unload(update);
      },
    });
  }

  /** Sums gradients over batches, as if they were one. */
  async #accumulator(training: boolean) {
    const device = this.#device;
    const objective = this.#objective;
    const session = await device.load(buildGradients(objective, training));
    const sums = [...this.#shapes.keys()].map((name) => parameterNames(name).gradient);
    const feeds = Object.fromEntries(sums.map((name) => [name, { buffer: name }]));
    const keep = Object.fromEntries(sums.map((name) => [`next.${name}`, name]));
    const fetch = ['loss', ...this.#parts.map((name) => `part.${name}`)];
    return {
      /** What feeds the sums to another graph. */
      feeds,
      /** Starts anew; returns the mean loss. @param first number of the first batch in training */
      add: async (batches: readonly B[], first = 0) => {
        for (const [name, dims] of this.#shapes) {
          await device.allocate([parameterNames(name).gradient], dims);
        }
        const total = this.#weight(batches);
        const summed = Array<number>(fetch.length).fill(0);
        for (const [i, batch] of batches.entries()) {
          const own = objective.feeds(batch, total, training ? first + i : undefined);
          const inputs = { ...own, ...this.#values(), ...feeds };
          const values = await device.run(session, inputs, { fetch, keep });
          for (const [k, { data }] of values.entries()) summed[k]! += data[0]!;
        }
        return { loss: summed[0]!, parts: this.#named(summed.slice(1)) };
      },
      release: async () => {
        await device.unload(session);
        await device.drop(sums);
      },
    };
  }

  async #loss(session: number, batches: readonly B[]): Promise<number> {
    const total = this.#weight(batches);
    let sum = 0;
    for (const batch of batches) {
      const feeds = { ...this.#objective.feeds(batch, total, undefined), ...this.#values() };
      const [loss] = await this.#device.run(session, feeds, { fetch: ['loss'] });
      sum += loss!.data[0]!;
    }
    return sum;
  }

  #weight(batches: readonly B[]): number {
    return batches.reduce((sum, batch) => sum + this.#objective.weight(batch), 0);
  }

  /** Values by the names of the objective's parts. */
  #named(values: readonly number[]): Record<string, number> {
    return Object.fromEntries(this.#parts.map((name, i) => [name, values[i]!]));
  }

  /** Keeps the parameters where a validation loss is the lowest so far. */
  async #compare(loss: number): Promise<void> {
    const best = this.#best;
    if (best && loss >= best.loss) best.worse++;
    else this.#best = { step: this.#step, loss, worse: 0, parameters: await this.parameters() };
  }

  async #put(tensors: ReadonlyMap<string, Tensor>): Promise<void> {
    for (const [name, tensor] of tensors) {
      await this.#device.put(name, { dtype: 'f32', ...tensor });
    }
  }

  #values(): Record<string, Feed> {
    return Object.fromEntries([...this.#shapes.keys()].map((name) => [name, { buffer: name }]));
  }

  /** Parameters, moments and the step, in one file. */
  async #save(dir: string, recipe: string): Promise<void> {
    const tensors = new Map<string, Tensor>();
    for (const name of this.#shapes.keys()) {
      const { value, m, v } = parameterNames(name);
      for (const buffer of [value, m, v]) tensors.set(buffer, await this.#read(buffer));
    }
    const { parameters = new Map(), ...best } = this.#best ?? {};
    for (const [name, tensor] of parameters) tensors.set(`${BEST}${name}`, tensor);
    const state = {
      step: this.#step,
      tokens: this.#tokens,
      recipe,
      ...(this.#best && { best }),
    };
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
    const isBest = (name: string) => name.startsWith(BEST);
    await this.#put(new Map([...tensors].filter(([name]) => !isBest(name))));
    const { best } = parsed.data;
    if (best) {
      const kept = [...tensors].filter(([name]) => isBest(name));
      const parameters = new Map(kept.map(([name, t]) => [name.slice(BEST.length), t]));
      this.#best = { ...best, parameters };
    }
    this.#step = parsed.data.step;
    this.#tokens = parsed.data.tokens;
  }
}

const tensorsFile = (step: number): string => `checkpoint-${step}.safetensors`;

/** Before the names of the best validation's parameters in a checkpoint. */
const BEST = 'best.';

const scalar = (value: number): Feed => ({ dtype: 'f32', dims: [], data: Float32Array.of(value) });

function definedOnly(options: Partial<OptimiserSettings>): Partial<OptimiserSettings> {
  const keys = ['beta1', 'beta2', 'epsilon', 'weightDecay', 'decayAll'] as const;
  return Object.fromEntries(
    keys.flatMap((k) => (options[k] === undefined ? [] : [[k, options[k]]])),
  );
}
