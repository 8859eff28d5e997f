import { Graph } from '../graph/index.js';
import type { Build } from './build.js';
import type { ModelConfig } from './config.js';
import { llamaForward } from './llama.js';

/** The name and shape of every weight that the forward pass reads, in its order. */
export function weightShapes(config: ModelConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  dryRun(config, { weight: (name, dims) => shapes.set(name, dims) });
  return shapes;
}

/** Every linear layer that an adapter may address: module path -> its widths. */
export function loraModules(config: ModelConfig): Map<string, { in: number; out: number }> {
  const modules = new Map<string, { in: number; out: number }>();
  dryRun(config, { lora: (module, dims) => modules.set(module, dims) });
  return modules;
}

/** Builds the forward pass only to hear what it asks for. */
function dryRun(
  config: ModelConfig,
  listen: {
    weight?: (name: string, dims: readonly number[]) => void;
    lora?: (module: string, dims: { in: number; out: number }) => void;
  },
): void {
  const graph = new Graph();
  const made = new Map<string, ReturnType<Graph['input']>>();
  const build: Build = {
    graph,
    config,
    hook: (_, value) => value,
    weight: (name, dims) => {
      const known = made.get(name) ?? graph.input(name, 'f32', dims);
      made.set(name, known);
      listen.weight?.(name, dims);
      return known;
    },
    lora: (module, dims) => {
      listen.lora?.(module, dims);
      return undefined;
    },
  };
  llamaForward(build, {
    tokens: graph.input('tokens', 'i64', ['b', 's']),
    positions: graph.input('positions', 'i64', ['b', 's']),
    cos: graph.input('cos', 'f32', ['n', config.headDim / 2]),
    sin: graph.input('sin', 'f32', ['n', config.headDim / 2]),
    logitRows: graph.input('logit_rows', 'i64', ['rows']),
  });
}
