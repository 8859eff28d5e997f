import type { Prefix } from '../../engine/index.js';
import type { ModelConfig } from '../../models/index.js';
import type { Tensor } from '../../tensor/index.js';

/** What a prefix makes of a model, in the order of the parameters' first axis. */
export const CONTROLS = ['secure', 'vulnerable'] as const;
export type Control = (typeof CONTROLS)[number];

type Shape = Pick<ModelConfig, 'nLayers' | 'nKvHeads' | 'headDim'>;

/** What is trained of one layer: keys and values of both controls, as attention projects them, [controls, n, n_kv_heads * head_dim]. */
export const layerNames = (layer: number) => ({
  key: `prefix.${layer}.key`,
  value: `prefix.${layer}.value`,
});

/** Names and shapes of what is trained. */
export function prefixShapes(shape: Shape, length: number): Map<string, readonly number[]> {
  const dims = [CONTROLS.length, length, shape.nKvHeads * shape.headDim];
  const layers = Array.from({ length: shape.nLayers }, (_, layer) => layerNames(layer));
  return new Map(layers.flatMap(({ key, value }) => [key, value].map((name) => [name, dims])));
}

/** All of them 0, as SVEN begins. */
export const initialPrefix = (shape: Shape, length: number): Map<string, Tensor> =>
  new Map(
    [...prefixShapes(shape, length)].map(([name, dims]) => [
      name,
      { dims: [...dims], data: new Float32Array(dims.reduce((a, b) => a * b, 1)) },
    ]),
  );

/** What was trained as keys and values that a model takes. */
export function prefixOf(
  parameters: ReadonlyMap<string, Tensor>,
  control: Control,
  { nLayers, nKvHeads, headDim }: Shape,
): Prefix {
  const byHead = (name: string): Tensor => {
    const { dims, data } = parameters.get(name)!;
    const [, n, width] = dims as [number, number, number];
    const start = CONTROLS.indexOf(control) * n * width;
    const turned = new Float32Array(n * width);
    for (let head = 0; head < nKvHeads; head++) {
      for (let t = 0; t < n; t++) {
        const from = start + t * width + head * headDim;
        turned.set(data.subarray(from, from + headDim), (head * n + t) * headDim);
      }
    }
    return { dims: [nKvHeads, n, headDim], data: turned };
  };
  const layers = Array.from({ length: nLayers }, (_, layer) => {
    const { key, value } = layerNames(layer);
    return { key: byHead(key), value: byHead(value) };
  });
  return { layers };
}
