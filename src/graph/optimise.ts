import type { Graph, Value } from './graph.js';
import { add, div, greater, mul, scale, sqrt, sub, where } from './ops/elementwise.js';
import { reduceSum } from './ops/reduce.js';

export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** Scalars of one step, fed at run time so that schedules stay outside the graph. */
export interface AdamWStep {
  /** Learning rate. */
  learningRate: Value;
  /** `1 - beta1^t` and `1 - beta2^t` for step t = 1, 2, ... */
  correction1: Value;
  correction2: Value;
}

/**
 * One AdamW update (Loshchilov & Hutter 2019): decoupled weight decay, bias-corrected moments, in
 * the order of operations of PyTorch.
 *
 * @returns the new parameter and moments, in the parameter's shape
 */
export function adamW(
  state: { parameter: Value; m: Value; v: Value; gradient: Value },
  step: AdamWStep,
  settings: AdamWSettings,
  weightDecay: number,
): { parameter: Value; m: Value; v: Value } {
  const { gradient } = state;
  const { beta1, beta2, epsilon } = settings;
  const m = add(scale(state.m, beta1), scale(gradient, 1 - beta1));
  const v = add(scale(state.v, beta2), mul(scale(gradient, 1 - beta2), gradient));
  const denominator = add(sqrt(div(v, step.correction2)), gradient.graph.scalar(epsilon));
  const move = div(mul(m, div(step.learningRate, step.correction1)), denominator);
  const kept =
    weightDecay === 0
      ? state.parameter
      : sub(state.parameter, mul(state.parameter, scale(step.learningRate, weightDecay)));
  return { parameter: sub(kept, move), m, v };
}

/** Euclidean norm of all gradients together: a scalar. */
export function globalNorm(gradients: readonly Value[]): Value {
  return sqrt(gradients.map((g) => reduceSum(mul(g, g))).reduce((a, b) => add(a, b)));
}

/** Scales gradients down together so that their norm is at most `maxNorm` (a scalar value). */
export function clipGradients(
  graph: Graph,
  gradients: readonly Value[],
  norm: Value,
  maxNorm: Value,
): Value[] {
  const factor = where(greater(norm, maxNorm), div(maxNorm, norm), graph.scalar(1));
  return gradients.map((g) => mul(g, factor));
}
