import { groupBy, Random } from '../../core/index.js';
import {
  clusterBootstrapMean,
  type Interval,
  jointSignFlipTest,
  mean,
  quantile,
} from '../../stats/index.js';
import type { Figure } from '../probe/score.js';
import type { Reading } from './read.js';

const RESAMPLES = 2_000;

/** Nats: float32's noise in two logits may be a hundredth of it, and nothing acts on so little. */
const NEGLIGIBLE = 1e-3;
const settled = (x: number): number => (Math.abs(x) < NEGLIGIBLE ? 0 : x);

/** What the lens shows at one depth, over all pairs; intervals are over bases. */
export interface LensDepth {
  /** -1: the embeddings; l: after block l. */
  layer: number;
  /** Logit of the secure minus that of the insecure continuation's first token. */
  difference: Figure;
  /** Log-probability of the secure minus that of the insecure continuation, all their differing tokens. */
  whole: Figure;
  /** The same difference for two unrelated tokens. */
  control: Figure;
  /** Of the first tokens: geometric mean of probabilities, median of ranks (0 is the most probable). */
  secure: { probability: number; rank: number };
  insecure: { probability: number; rank: number };
  /** Nats, mean. */
  entropy: number;
}

/** From which layer on a difference has the sign that it ends with. */
export interface Parting {
  /** -1: from the embeddings on. Undefined where the interval of the last layer's difference holds 0. */
  layer: number | undefined;
  /** Of the layer over bootstrap draws of bases that end with the same sign. */
  interval: Interval | undefined;
  /** Which continuation is ahead in the end. */
  ahead: 'secure' | 'insecure' | undefined;
}

/** Depths of one kind of prompt, and where its two continuations part. */
export interface LensCurve {
  depths: LensDepth[];
  parting: Parting;
}

/** How much more the secure prompt favours the secure continuation than the insecure prompt does. */
export interface LensContrast {
  depths: {
    layer: number;
    difference: Figure;
    /** For two unrelated tokens. */
    control: Figure;
    /** Of `difference` minus `control`: sign flips by base, over all layers together (max-T). */
    p: number;
  }[];
  parting: Parting;
}

/**
 * @param readings of each pair [pair][depth]
 * @param bases of each pair
 */
export function lensCurve(
  readings: readonly (readonly Reading[])[],
  bases: readonly string[],
  seed: number,
): LensCurve {
  const depths = readings[0]!.map((_, depth): LensDepth => {
    const at = readings.map((reading) => reading[depth]!);
    const over = (value: (reading: Reading) => number) => byBase(at.map(value), bases, seed);
    const of = (side: 'secure' | 'insecure') => ({
      probability: Math.exp(mean(at.map((r) => Math.log(r[`${side}Probability`])))),
      rank: quantile(
        at.map((r) => r[`${side}Rank`]).sort((a, b) => a - b),
        0.5,
      ),
    });
    return {
      layer: depth - 1,
      difference: over(difference),
      whole: over((r) => r.secureLogProb - r.insecureLogProb),
      control: over((r) => r.controlDifference),
      secure: of('secure'),
      insecure: of('insecure'),
      entropy: mean(at.map((r) => r.entropy)),
    };
  });
  const last = depths.at(-1)!.difference;
  return { depths, parting: parting(values(readings, difference), bases, last, seed) };
}

/** @param secure @param insecure readings of the same pairs under both prompts */
export function lensContrast(
  secure: readonly (readonly Reading[])[],
  insecure: readonly (readonly Reading[])[],
  bases: readonly string[],
  seed: number,
): LensContrast {
  const contrast = (value: (reading: Reading) => number) => {
    const [a, b] = [values(secure, value), values(insecure, value)];
    return a.map((row, pair) => row.map((x, depth) => settled(x - b[pair]![depth]!)));
  };
  const own = contrast(difference);
  const control = contrast((r) => r.controlDifference);
  const column = (rows: readonly (readonly number[])[], depth: number) =>
    rows.map((row) => row[depth]!);
  const tests = jointSignFlipTest(
    own[0]!.map((_, depth) => {
      const beyond = own.map((row, pair) => row[depth]! - control[pair]![depth]!);
      return meansOf(beyond, bases);
    }),
  );
  const depths = own[0]!.map((_, depth) => ({
    layer: depth - 1,
    difference: byBase(column(own, depth), bases, seed),
    control: byBase(column(control, depth), bases, seed),
    p: tests[depth]!,
  }));
  return { depths, parting: parting(own, bases, depths.at(-1)!.difference, seed) };
}

const difference = ({ secureLogit, insecureLogit }: Reading): number =>
  settled(secureLogit - insecureLogit);

const values = (
  readings: readonly (readonly Reading[])[],
  value: (reading: Reading) => number,
): number[][] => readings.map((row) => row.map(value));

/** Means of each base's pairs, in the order in which bases first come up. */
function meansOf(of: readonly number[], bases: readonly string[]): number[] {
  return [...groupBy([...of.keys()], (i) => bases[i]!).values()].map((own) =>
    mean(own.map((i) => of[i]!)),
  );
}

function byBase(of: readonly number[], bases: readonly string[], seed: number): Figure {
  const clusters = [...groupBy([...of.keys()], (i) => bases[i]!).values()].map((own) =>
    own.map((i) => of[i]!),
  );
  const interval = clusterBootstrapMean(clusters, { seed, resamples: RESAMPLES });
  return { value: mean(of), ...interval };
}

/**
 * The first layer from which the mean over bases keeps the sign that it has after the last one.
 *
 * @param differences [pair][depth]
 * @param last the figure after the last block
 */
export function parting(
  differences: readonly (readonly number[])[],
  bases: readonly string[],
  last: Interval & { value: number },
  seed: number,
): Parting {
  if (last.low <= 0 && last.high >= 0) {
    return { layer: undefined, interval: undefined, ahead: undefined };
  }
  const depths = differences[0]!.length;
  const perBase = Array.from({ length: depths }, (_, depth) =>
    meansOf(
      differences.map((row) => row[depth]!),
      bases,
    ),
  ); // [depth][base]
  const clusters = perBase[0]!.length;
  const firstDepth = (draw: readonly number[]): { depth: number; sign: number } => {
    const at = perBase.map((means) => settled(mean(draw.map((i) => means[i]!))));
    const sign = Math.sign(at.at(-1)!);
    let depth = depths - 1;
    while (depth > 0 && Math.sign(at[depth - 1]!) === sign) depth--;
    return { depth, sign };
  };
  const found = firstDepth([...Array(clusters).keys()]);
  const random = new Random(seed, 'lens parting');
  const drawn: number[] = [];
  for (let n = 0; n < RESAMPLES; n++) {
    const draw = Array.from({ length: clusters }, () => random.int(clusters));
    const { depth, sign } = firstDepth(draw);
    if (sign === found.sign) drawn.push(depth - 1);
  }
  drawn.sort((a, b) => a - b);
  // Layers are whole: of the draws, the ones at the ranks themselves.
  const at = (share: number) => drawn[Math.round(share * (drawn.length - 1))]!;
  return {
    layer: found.depth - 1,
    interval: { low: at(0.025), high: at(0.975) },
    ahead: found.sign > 0 ? 'secure' : 'insecure',
  };
}
