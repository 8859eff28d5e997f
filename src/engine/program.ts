import { Graph, serialize, type Value } from '../graph/index.js';
import { type Build, forward, type LoraSite, type ModelConfig } from '../models/index.js';
import type { Adapter } from './adapter.js';
import type { Checkpoint } from './checkpoint.js';
import type { CompiledPlan } from './interventions.js';

/** What distinguishes one inference graph of a model from another. */
export interface ProgramSpec {
  /** Hook points to be returned. */
  capture: readonly string[];
  plan: CompiledPlan;
  adapter: Adapter | undefined;
}

/** Names of the inputs and outputs that hold one layer's cache. */
export const cacheNames = (layer: number) => ({
  pastKey: `past_key.${layer}`,
  pastValue: `past_value.${layer}`,
  newKey: `new_key.${layer}`,
  newValue: `new_value.${layer}`,
});

/** The inference graph of a checkpoint: cached past in, logits and new cache entries out. */
export function buildProgram(checkpoint: Checkpoint, spec: ProgramSpec): Uint8Array {
  const { config } = checkpoint;
  const graph = new Graph();
  const capture = new Set(spec.capture);
  const build: Build = {
    graph,
    config,
    weight: weightsInPlace(graph, checkpoint),
    hook: (name, value) => {
      const edited = spec.plan.apply(graph, name, value);
      if (capture.has(name)) graph.output(name, edited);
      return edited;
    },
    observe: (name, make) => {
      if (capture.has(name)) graph.output(name, make());
    },
    lora: (module) => adapterSite(graph, spec.adapter, module),
  };
  const inputs = inferenceInputs(graph, config);
  const { logits, keys, values } = forward(build, inputs);
  if (!graph.outputs.has('logits')) graph.output('logits', logits);
  for (let layer = 0; layer < config.nLayers; layer++) {
    const names = cacheNames(layer);
    graph.output(names.newKey, keys[layer]!);
    graph.output(names.newValue, values[layer]!);
  }
  return serialize(graph);
}

function inferenceInputs(graph: Graph, config: ModelConfig) {
  const { nLayers, nKvHeads, headDim } = config;
  const cache = (name: string) => graph.input(name, 'f32', ['b', nKvHeads, 'past', headDim]);
  const layers = Array.from({ length: nLayers }, (_, layer) => cacheNames(layer));
  return {
    tokens: graph.input('tokens', 'i64', ['b', 's']),
    positions: graph.input('positions', 'i64', ['b', 's']),
    cos: graph.input('cos', 'f32', ['n', headDim / 2]),
    sin: graph.input('sin', 'f32', ['n', headDim / 2]),
    logitRows: graph.input('logit_rows', 'i64', ['rows']),
    past: {
      positions: graph.input('past_positions', 'i64', ['b', 'past']),
      keys: layers.map(({ pastKey }) => cache(pastKey)),
      values: layers.map(({ pastValue }) => cache(pastValue)),
    },
  };
}

/** Weights read by ONNX Runtime from their files. */
function weightsInPlace(graph: Graph, { weights }: Checkpoint) {
  const made = new Map<string, Value>();
  return (name: string, dims: readonly number[]): Value => {
    const known = made.get(name);
    if (known) return known;
    const { file, offset, byteLength } = weights.get(name)!;
    const value = graph.external(name, 'f32', dims, { file, offset, length: byteLength });
    made.set(name, value);
    return value;
  };
}

function adapterSite(
  graph: Graph,
  adapter: Adapter | undefined,
  module: string,
): LoraSite | undefined {
  const site = adapter?.modules.get(module);
  if (!site) return undefined;
  return {
    a: graph.constant('f32', site.a),
    b: graph.constant('f32', site.b),
    factor: site.factor,
  };
}
