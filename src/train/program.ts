import {
  adamW,
  add,
  clipGradients,
  Graph,
  globalNorm,
  gradients,
  serialize,
  type Value,
} from '../graph/index.js';
import type { ModelConfig } from '../models/index.js';
import type { Trainable } from './model.js';
import { type LossGraph, nextTokenLoss, type Objective } from './objective.js';

export interface OptimiserSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled. */
  weightDecay: number;
  /** Whether norms and biases decay too, and not only matrices. Defaults to false. */
  decayAll?: boolean;
}

/** Names of a parameter's buffers and of the graph's inputs and outputs for it. */
export const parameterNames = (name: string) => ({
  value: name,
  m: `m.${name}`,
  v: `v.${name}`,
  gradient: `gradient.${name}`,
  next: { value: `next.${name}`, m: `next.m.${name}`, v: `next.v.${name}` },
});

/** The loss alone, for validation. Outputs: loss, part.{name} of what it is made of. */
export function buildLoss(objective: Objective<never>): Uint8Array {
  const built = objective.build(false);
  losses(built);
  return serialize(built.graph);
}

/** Makes the loss and its parts outputs. */
function losses({ graph, loss, parts = new Map() }: LossGraph): void {
  graph.output('loss', loss);
  for (const [name, part] of parts) graph.output(`part.${name}`, part);
}

/**
 * The loss and gradients of named hook points' values. Outputs: loss, gradient.{hook}.
 * The adapter, if there is one, acts; nothing is trained.
 */
export function buildHookGradients(
  config: ModelConfig,
  trainable: Trainable,
  hooks: readonly string[],
): Uint8Array {
  const at = new Map<string, Value>();
  const { graph, loss } = nextTokenLoss(config, trainable, (name, value) => {
    if (hooks.includes(name)) at.set(name, value);
    return value;
  });
  graph.output('loss', loss);
  for (const [i, gradient] of gradients(loss, [...at.values()]).entries()) {
    graph.output(`gradient.${[...at.keys()][i]}`, gradient);
  }
  return serialize(graph);
}

/**
 * The loss, and gradients added to what `gradient.{name}` holds already.
 * Outputs: loss, its parts, next.gradient.{name}.
 */
export function buildGradients(objective: Objective<never>, training: boolean): Uint8Array {
  const built = objective.build(training);
  const { graph, loss, parameters } = built;
  losses(built);
  const fresh = gradients(loss, [...parameters.values()]);
  for (const [i, [name, value]] of [...parameters].entries()) {
    const before = graph.input(parameterNames(name).gradient, 'f32', value.dims);
    graph.output(`next.gradient.${name}`, add(before, fresh[i]!));
  }
  return serialize(graph);
}

/** AdamW on gradients that were accumulated. Outputs: gradient_norm, next.{...} of each parameter. */
export function buildUpdate(
  shapes: ReadonlyMap<string, readonly number[]>,
  settings: OptimiserSettings,
): Uint8Array {
  const graph = new Graph();
  const parameters = new Map<string, Value>();
  const fresh: Value[] = [];
  for (const [name, dims] of shapes) {
    parameters.set(name, graph.input(name, 'f32', dims));
    fresh.push(graph.input(parameterNames(name).gradient, 'f32', dims));
  }
  update(graph, parameters, fresh, settings);
  return serialize(graph);
}

/**
 * A whole training step in one graph.
 * Outputs: loss, its parts, gradient_norm, next.{...} of each parameter.
 */
export function buildStep(objective: Objective<never>, settings: OptimiserSettings): Uint8Array {
  const built = objective.build(true);
  const { graph, loss, parameters } = built;
  losses(built);
  update(graph, parameters, gradients(loss, [...parameters.values()]), settings);
  return serialize(graph);
}

/**
 * Clips the gradients together and adds AdamW for each parameter.
 * Outputs: gradient_norm, next.{...} of each parameter.
 */
export function update(
  graph: Graph,
  parameters: ReadonlyMap<string, Value>,
  fresh: readonly Value[],
  settings: OptimiserSettings,
): void {
  const scalar = (name: string) => graph.input(name, 'f32', []);
  const step = {
    learningRate: scalar('learning_rate'),
    correction1: scalar('correction1'),
    correction2: scalar('correction2'),
  };
  const norm = globalNorm(fresh);
  graph.output('gradient_norm', norm);
  const clipped = clipGradients(graph, fresh, norm, scalar('max_norm'));
  for (const [i, [name, parameter]] of [...parameters].entries()) {
    const names = parameterNames(name);
    const m = graph.input(names.m, 'f32', parameter.dims);
    const v = graph.input(names.v, 'f32', parameter.dims);
    const decays = settings.decayAll || parameter.dims.length >= 2;
    const decay = decays ? settings.weightDecay : 0;
    const next = adamW({ parameter, m, v, gradient: clipped[i]! }, step, settings, decay);
    graph.output(names.next.value, next.parameter);
    graph.output(names.next.m, next.m);
    graph.output(names.next.v, next.v);
  }
}
