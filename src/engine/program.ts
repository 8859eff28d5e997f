import { type Dim, Graph, serialize, type Value } from '../graph/index.js';
import { type Build, forward, type LoraSite, type ModelConfig } from '../models/index.js';
import type { Adapter } from './adapter.js';
import { takePositions } from './capture.js';
import type { Checkpoint } from './checkpoint.js';
import type { CompiledPlan } from './interventions.js';
import { quantisedProducts } from './quantise/matrices.js';

/** What distinguishes one inference graph of a model from another. */
export interface ProgramSpec {
  /** Hook points to be returned. */
  capture: readonly string[];
  /** Whether only at the positions that each step takes. Defaults to false. */
  chosen?: boolean;
  /**
   * Whether nothing but the captures is returned, so that the graph ends with the last of them.
   * Defaults to false.
   */
  capturesOnly?: boolean;
  plan: CompiledPlan;
  adapter: Adapter | undefined;
}

/** How a graph is written for its device. */
export type GraphOptions = NonNullable<ConstructorParameters<typeof Graph>[0]>;

/** Names of the inputs and outputs that hold one layer's cache. */
export const cacheNames = (layer: number) => ({
  trunkKey: `trunk_key.${layer}`,
  trunkValue: `trunk_value.${layer}`,
  pastKey: `past_key.${layer}`,
  pastValue: `past_value.${layer}`,
  newKey: `new_key.${layer}`,
  newValue: `new_value.${layer}`,
});

/** The inference graph of a checkpoint: cached past in, logits and new cache entries out. */
export function buildProgram(
  checkpoint: Checkpoint,
  spec: ProgramSpec,
  options: GraphOptions,
): Uint8Array {
  const { config } = checkpoint;
  const graph = new Graph(options);
  const capture = (name: string, make: () => Value) => {
    if (!spec.capture.includes(name)) return;
    graph.output(name, spec.chosen ? takePositions(graph, name, make()) : make());
  };
  const build: Build = {
    ...storedWeights(graph, checkpoint),
    hook: (name, value) => {
      const edited = spec.plan.apply(graph, name, value);
      capture(name, () => edited);
      return edited;
    },
    observe: capture,
    lora: (module) => adapterSite(graph, spec.adapter, module),
  };
  const inputs = inferenceInputs(graph, config);
  const { logits, cache } = forward(build, config, inputs);
  // What leads to no output is not written, and its weights are not loaded.
  if (spec.capturesOnly) return serialize(graph);
  if (!graph.outputs.has('logits')) graph.output('logits', logits);
  for (let layer = 0; layer < config.nLayers; layer++) {
    const names = cacheNames(layer);
    graph.output(names.newKey, cache[layer]!.key);
    graph.output(names.newValue, cache[layer]!.value);
  }
  return serialize(graph);
}

/** The part of a build that serves a checkpoint's weights. */
export const storedWeights = (graph: Graph, checkpoint: Checkpoint) => ({
  graph,
  weight: weightsInPlace(graph, checkpoint),
  ...quantisedProducts(graph, checkpoint.matrices),
});

export function inferenceInputs(graph: Graph, { nLayers, nKvHeads, headDim, rope }: ModelConfig) {
  const ids = (name: string) => graph.input(name, 'i64', ['b', 's']);
  const table = (name: string) => graph.input(name, 'f32', ['n', rope!.dim / 2]);
  const cached = (name: string, rows: Dim, slots: Dim) =>
    graph.input(name, 'f32', [nKvHeads, rows, slots, headDim]);
  const layers = Array.from({ length: nLayers }, (_, layer) => cacheNames(layer));
  return {
    tokens: ids('tokens'),
    positions: ids('positions'),
    ...(rope && { rotary: { cos: table('cos'), sin: table('sin'), rows: ids('rotary_rows') } }),
    logitRows: graph.input('logit_rows', 'i64', ['rows']),
    past: {
      trunk: {
        layers: layers.map(({ trunkKey, trunkValue }) => ({
          key: cached(trunkKey, 1, 'trunk'),
          value: cached(trunkValue, 1, 'trunk'),
        })),
        length: graph.input('trunk_length', 'i64', [1]),
      },
      own: layers.map(({ pastKey, pastValue }) => ({
        key: cached(pastKey, 'b', 'past'),
        value: cached(pastValue, 'b', 'past'),
      })),
      lengths: graph.input('past_lengths', 'i64', ['b']),
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
