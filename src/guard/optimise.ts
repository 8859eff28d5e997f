import { join } from 'node:path';
import { ensure } from '../core/index.js';
import { Device, type Model } from '../engine/index.js';
import type { Tensor } from '../tensor/index.js';
import { type Objective, type StepReport, Trainer } from '../train/index.js';
import { Batches, inBatches } from './data/batches.js';

/** What DeepGuard, SVEN, SafeCoder and CoSec have in common: AdamW, decay on everything, clipped gradients. */
const OPTIMISER = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, decayAll: true };
const MAX_NORM = 1;

/** How long and how fast it is learnt. */
export interface Pace {
  epochs: number;
  /** Items of one pass. */
  batchSize: number;
  /** Passes of one step. */
  accumulate: number;
  /** The highest learning rate; it falls linearly to 0. */
  rate: number;
  /** Of first parameters, order and dropout. */
  seed: number;
}

/** Who looks on, and what it may use. */
export interface TrainingOptions {
  threads?: number;
  /** Each block is computed once more on the way back, so that less is kept: slower, in less memory. Defaults to false. */
  recompute?: boolean;
  onStep?: (report: StepReport) => void;
  signal?: AbortSignal;
  /** Says nothing on standard error. Defaults to false. */
  quiet?: boolean;
}

export interface Lesson<T> {
  /** Checkpoints are kept in `checkpoints/` in it, and a run that was cut off resumes. */
  dir: string;
  objective: Objective<readonly T[]>;
  initial: ReadonlyMap<string, Tensor>;
  items: readonly T[];
  pace: Pace;
  /** Share of all steps that lead linearly up to the rate, or how many do. Defaults to none. */
  warmup?: number | { steps: number };
  /** Items that are never trained on: training ends when their loss has not fallen for `patience` epochs. */
  validation?: { items: readonly T[]; patience: number };
}

export interface Learnt {
  parameters: Map<string, Tensor>;
  steps: number;
  /** The step whose parameters were kept, and its validation loss; undefined without validation. */
  best: { step: number; loss: number } | undefined;
  /** Of the steps that were done now. */
  reports: StepReport[];
}

/** Trains on a device of its own, which is closed at the end. */
export async function optimise<T>(lesson: Lesson<T>, options: TrainingOptions): Promise<Learnt> {
  const { dir, objective, initial, items, pace, warmup = 0, validation } = lesson;
  const { epochs, batchSize, accumulate, rate, seed } = pace;
  const { threads, onStep, signal, quiet = false } = options;
  const data = new Batches(items, { batchSize, seed });
  const perEpoch = Math.ceil(data.perEpoch / accumulate);
  const steps = Math.ceil((epochs * data.perEpoch) / accumulate);
  const rising = typeof warmup === 'number' ? Math.ceil(warmup * steps) : warmup.steps;
  const device = new Device(threads === undefined ? {} : { threads });
  try {
    const trainer = await Trainer.of(device, objective, initial);
    const reports = await trainer.run(data, {
      ...OPTIMISER,
      steps,
      schedule: { peak: rate, warmup: rising, decay: 'linear' },
      maxNorm: MAX_NORM,
      accumulate,
      dir: join(dir, 'checkpoints'),
      saveEvery: perEpoch,
      ...(validation && {
        validation: inBatches(validation.items, batchSize),
        validateEvery: perEpoch,
        patience: validation.patience,
      }),
      ...(onStep && { onStep }),
      ...(signal && { signal }),
      quiet,
    });
    const { best, step } = trainer;
    return { parameters: await trainer.parameters(), steps: step, best, reports };
  } finally {
    await device.close();
  }
}

/** @throws {SutureError} UNSUPPORTED where the weights are not f32 */
export function ensureTrainable({ checkpoint }: Model): void {
  ensure(
    checkpoint.matrices.size === 0,
    'UNSUPPORTED',
    'It is trained in float32: load the model with dtype f32.',
  );
}
