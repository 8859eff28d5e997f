import type { Tensor } from '../../../tensor/index.js';
import type { DeepGuardSettings } from '../settings.js';

/**
 * The score of one token in plain loops over float64, written from the paper's formulae (sections 3.1 and 3.2) to
 * compare the graph with.
 *
 * @param states a hidden state of each layer
 */
export function plainScores(
  states: readonly Float32Array[],
  token: number,
  tensors: ReadonlyMap<string, Tensor>,
  { aggregator, projections }: DeepGuardSettings,
): number {
  const d = states[0]!.length;
  const linear = (name: string, x: readonly number[]): number[] => {
    const { dims, data } = tensors.get(`${name}.weight`)!;
    const bias = tensors.get(`${name}.bias`)?.data;
    return Array.from({ length: dims[0]! }, (_, i) =>
      x.reduce((sum, value, j) => sum + value * data[i * dims[1]! + j]!, bias?.[i] ?? 0),
    );
  };
  const normed = (name: string, x: readonly number[]): number[] => {
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const [weight, bias] = ['weight', 'bias'].map((part) => tensors.get(`${name}.${part}`)!.data);
    return x.map(
      (value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight![i]! + bias![i]!,
    );
  };
  const average = Array.from(
    { length: d },
    (_, i) => states.reduce((sum, state) => sum + state[i]!, 0) / states.length,
  );
  const attended = (): number[] => {
    const query = linear('aggregator.query', average);
    const dots = states.map((state) => {
      const key = linear('aggregator.key', [...state]);
      return key.reduce((sum, x, i) => sum + x * query[i]!, 0) / Math.sqrt(d);
    });
    const powers = dots.map((x) => Math.exp(x - Math.max(...dots)));
    const total = powers.reduce((a, b) => a + b);
    const values = states.map((state) => linear('aggregator.value', [...state]));
    const mixed = Array.from({ length: d }, (_, i) =>
      values.reduce((sum, value, layer) => sum + (powers[layer]! / total) * value[i]!, 0),
    );
    return projections === 'affine' ? linear('aggregator.output', mixed) : mixed;
  };
  const one = {
    attention: attended,
    average: () => average,
    last_layer: () => [...states.at(-1)!],
  };
  const table = tensors.get('analyser.embedding.weight')!.data;
  let x = [...one[aggregator](), ...table.slice(token * 128, (token + 1) * 128)];
  const relu = (values: readonly number[]) => values.map((value) => Math.max(0, value));
  x = relu(normed('analyser.norms.0', linear('analyser.layers.0', x)));
  x = relu(normed('analyser.norms.1', linear('analyser.layers.1', x)));
  x = relu(linear('analyser.layers.2', x));
  return 1 / (1 + Math.exp(-linear('analyser.score', x)[0]!));
}
