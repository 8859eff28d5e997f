import { Graph, type Value } from '../graph/index.js';
import type { Build, LinearShape } from './build.js';
import type { ModelConfig } from './config.js';
import { forward } from './forward.js';

/** The name and shape of every weight that the forward pass reads, in its order. */
export function weightShapes(config: ModelConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  dryRun(config, (weight) => ({ weight: (name, dims) => note(shapes, name, dims, weight) }));
  return shapes;
}

/** Every linear layer that an adapter may address: module path -> its widths. */
export function loraModules(config: ModelConfig): Map<string, LinearShape> {
  const modules = new Map<string, LinearShape>();
  dryRun(config, () => ({
    lora: (module, shape) => {
      modules.set(module, shape);
      return undefined;
    },
  }));
  return modules;
}

/** How the forward pass uses a matrix: as the weight of a linear layer, by rows of token ids, or both. */
export interface MatrixUse extends LinearShape {
  multiplied: boolean;
  lookedUp: boolean;
}

/**
 * The weights that are only multiplied with, or looked up in by token: those that may be kept in few
 * bits.
 */
export function matrixWeights(config: ModelConfig): Map<string, MatrixUse> {
  const matrices = new Map<string, MatrixUse>();
  const use = (name: string, shape: LinearShape, how: 'multiplied' | 'lookedUp') => {
    const known = matrices.get(name) ?? { multiplied: false, lookedUp: false };
    matrices.set(name, { ...known, ...shape, [how]: true });
    return undefined;
  };
  dryRun(config, () => ({
    rows: (name, _, [n, k]) =>
      n === config.vocabSize
        ? use(name, { in: k, out: n, layout: 'out_in' }, 'lookedUp')
        : undefined,
    product: (name, _, shape) => use(name, shape, 'multiplied'),
  }));
  return matrices;
}

function note<V>(
  map: Map<string, V>,
  name: string,
  dims: V,
  make: (name: string, dims: V) => Value,
) {
  map.set(name, dims);
  return make(name, dims);
}

/** Builds the forward pass only to hear what it asks for. */
function dryRun(config: ModelConfig, listen: (weight: Build['weight']) => Partial<Build>): void {
  const graph = new Graph();
  const made = new Map<string, Value>();
  const weight: Build['weight'] = (name, dims) => {
    const known = made.get(name) ?? graph.input(name, 'f32', dims);
    made.set(name, known);
    return known;
  };
  const build: Build = { graph, weight, hook: (_, value) => value, ...listen(weight) };
  const ids = (name: string) => graph.input(name, 'i64', ['b', 's']);
  const table = (name: string) => graph.input(name, 'f32', ['n', (config.rope?.dim ?? 0) / 2]);
  forward(build, config, {
    tokens: ids('tokens'),
    positions: ids('positions'),
    ...(config.rope && { rotary: { cos: table('cos'), sin: table('sin'), rows: ids('rows') } }),
    logitRows: graph.input('logit_rows', 'i64', ['rows']),
  });
}
