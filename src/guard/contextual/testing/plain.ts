import type { Tensor } from '../../../tensor/index.js';

/**
 * What the analyser says of one place, in plain loops over float64, written from its description to compare the graph with.
 *
 * @param states a residual stream of each layer
 */
export function plainReading(
  states: readonly ArrayLike<number>[],
  tensors: ReadonlyMap<string, Tensor>,
): { risk: number[]; query: number[] } {
  const at = (name: string) => tensors.get(name)!;
  const [heads, layers] = at('gates').dims as [number, number];
  const shares = Array.from({ length: heads }, (_, head) => {
    const powers = Array.from({ length: layers }, (_, l) =>
      Math.exp(30 * at('gates').data[head * layers + l]!),
    );
    const total = powers.reduce((a, b) => a + b, 0);
    return powers.map((x) => x / total);
  });
  const normed = states.map(unit);
  const projected = (name: string) => normed.map((x) => product(at(name), x));
  const mix = (vectors: readonly number[][], own: readonly number[]) =>
    vectors[0]!.map((_, i) => vectors.reduce((sum, x, l) => sum + own[l]! * x[i]!, 0));
  const forRisk = projected('risk.projection');
  const width = at('risk.bias').dims[0]!;
  const risk = shares.slice(0, -1).map((own, c) => {
    const hidden = mix(forRisk, own).map((x, i) => Math.max(0, x + at('risk.bias').data[i]!));
    const readout = at('risk.readout').data.subarray(c * width, (c + 1) * width);
    return hidden.reduce((sum, x, i) => sum + x * readout[i]!, at('risk.offset').data[c]!);
  });
  return { risk, query: mix(projected('candidate.query'), shares.at(-1)!) };
}

/** How much rather a token is of secure code, by its embedding. */
export function plainScore(
  query: readonly number[],
  embedding: ArrayLike<number>,
  prior: number,
  tensors: ReadonlyMap<string, Tensor>,
): number {
  const key = product(tensors.get('candidate.key')!, unit(embedding));
  const common = tensors.get('candidate.common')!.data;
  const dot = key.reduce((sum, x, i) => sum + x * (query[i]! + common[i]!), 0);
  return dot / Math.sqrt(key.length) + prior * tensors.get('candidate.prior')!.data[0]!;
}

function unit(x: ArrayLike<number>): number[] {
  const values = Array.from(x);
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return values.map((value) => value / Math.sqrt(square + 1e-6));
}

const product = ({ dims, data }: Tensor, x: readonly number[]): number[] =>
  Array.from({ length: dims[0]! }, (_, i) =>
    x.reduce((sum, value, j) => sum + value * data[i * dims[1]! + j]!, 0),
  );
