import { ensure } from '../core/index.js';

/** Learning rate over the steps of a run. */
export interface Schedule {
  /** The highest rate. */
  peak: number;
  /** Steps of linear increase at the start. Defaults to 0. */
  warmup?: number;
  /** What follows. Defaults to `constant`. */
  decay?: 'constant' | 'linear' | 'cosine';
  /** Share of all steps up to which the peak is held before it decays. Defaults to the warm-up's end. */
  hold?: number;
  /** The rate at the end, as a share of the peak. Defaults to 0. */
  floor?: number;
}

/** The learning rate of step `step` (0-based) of `steps`. */
export function learningRate(schedule: Schedule, step: number, steps: number): number {
  const { peak, warmup = 0, decay = 'constant', floor = 0 } = schedule;
  ensure(peak > 0, 'BAD_ARGUMENT', `The learning rate must be above 0; got ${peak}.`);
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const start = Math.max(warmup, (schedule.hold ?? 0) * steps);
  if (decay === 'constant' || step < start) return peak;
  const done = Math.min(1, (step - start) / Math.max(1, steps - start));
  const share = decay === 'linear' ? 1 - done : (1 + Math.cos(Math.PI * done)) / 2;
  return peak * (floor + (1 - floor) * share);
}
