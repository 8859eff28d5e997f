import {
  adamW,
  add,
  clipGradients,
  crossEntropy,
  Graph,
  globalNorm,
  gradients,
  serialize,
  type Value,
} from '../graph/index.js';
import { type Build, forward, type LoraSite, type ModelConfig } from '../models/index.js';
import type { TensorEntry } from '../tensor/index.js';

/** What is trained: all weights of a model, or an adapter on weights that stay as they are. */
export type Trainable =
  | { kind: 'full' }
  | {
      kind: 'lora';
      /** Frozen f32 weights, used in place. */
      weights: ReadonlyMap<string, TensorEntry>;
      /** Linear layers with an adapter: module path -> rank and factor. */
      modules: ReadonlyMap<string, { rank: number; factor: number }>;
    };

export interface OptimiserSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled; applied to matrices, not to norms and biases. */
  weightDecay: number;
}

/** Names of a parameter's buffers and of the graph's inputs and outputs for it. */
export const parameterNames = (name: string) => ({
  value: name,
  m: `m.${name}`,
  v: `v.${name}`,
  gradient: `gradient.${name}`,
  next: { value: `next.${name}`, m: `next.m.${name}`, v: `next.v.${name}` },
});

export const loraNames = (module: string) => ({ a: `${module}.lora_A`, b: `${module}.lora_B` });

/** A loss over one batch, and the parameters it depends on. */
interface LossGraph {
  graph: Graph;
  loss: Value;
  parameters: Map<string, Value>;
}

/**
 * The forward pass and its loss: the weighted sum of next-token cross-entropies. Weights of tokens
 * are fed already divided by their sum, so that micro-batches add up to one mean.
 *
 * Inputs: tokens, positions, segments i64 [b, s]; logit_rows, labels i64 [rows]; label_weights [rows].
 */
function lossGraph(
  config: ModelConfig,
  trainable: Trainable,
  hook: Build['hook'] = (_, value) => value,
): LossGraph {
  const graph = new Graph();
  const parameters = new Map<string, Value>();
  const made = new Map<string, Value>();
  const parameter = (name: string, dims: readonly number[]): Value => {
    const value = parameters.get(name) ?? graph.input(name, 'f32', dims);
    parameters.set(name, value);
    return value;
  };
  const frozen = (name: string, dims: readonly number[]): Value => {
    if (trainable.kind === 'full') return parameter(name, dims);
    const { file, offset, byteLength } = trainable.weights.get(name)!;
    const value =
      made.get(name) ?? graph.external(name, 'f32', dims, { file, offset, length: byteLength });
    made.set(name, value);
    return value;
  };
  const lora = (module: string, dims: { in: number; out: number }): LoraSite | undefined => {
    const site = trainable.kind === 'lora' ? trainable.modules.get(module) : undefined;
    if (!site) return undefined;
    const names = loraNames(module);
    return {
      a: parameter(names.a, [site.rank, dims.in]),
      b: parameter(names.b, [dims.out, site.rank]),
      factor: site.factor,
    };
  };
  const ids = (name: string) => graph.input(name, 'i64', ['b', 's']);
  const positions = ids('positions');
  const table = (name: string) => graph.input(name, 'f32', ['n', config.rope!.dim / 2]);
  const { logits } = forward({ graph, weight: frozen, hook, lora }, config, {
    tokens: ids('tokens'),
    positions,
    segments: ids('segments'),
    ...(config.rope && { rotary: { cos: table('cos'), sin: table('sin'), rows: positions } }),
    logitRows: graph.input('logit_rows', 'i64', ['rows']),
  });
  const labels = graph.input('labels', 'i64', ['rows']);
  const weights = graph.input('label_weights', 'f32', ['rows']);
  const { loss } = crossEntropy(logits, labels, weights);
  return { graph, loss, parameters };
}

/** The loss alone, for validation. Output: loss. */
export function buildLoss(config: ModelConfig, trainable: Trainable): Uint8Array {
  const { graph, loss } = lossGraph(config, trainable);
  graph.output('loss', loss);
  return serialize(graph);
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
  const { graph, loss } = lossGraph(config, trainable, (name, value) => {
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
 * Outputs: loss, next.gradient.{name}.
 */
export function buildGradients(config: ModelConfig, trainable: Trainable): Uint8Array {
  const { graph, loss, parameters } = lossGraph(config, trainable);
  graph.output('loss', loss);
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

/** A whole training step in one graph. Outputs: loss, gradient_norm, next.{...} of each parameter. */
export function buildStep(
  config: ModelConfig,
  trainable: Trainable,
  settings: OptimiserSettings,
): Uint8Array {
  const { graph, loss, parameters } = lossGraph(config, trainable);
  graph.output('loss', loss);
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
    const decay = parameter.dims.length >= 2 ? settings.weightDecay : 0;
    const next = adamW({ parameter, m, v, gradient: clipped[i]! }, step, settings, decay);
    graph.output(names.next.value, next.parameter);
    graph.output(names.next.m, next.m);
    graph.output(names.next.v, next.v);
  }
}
