import { ensure, groupBy } from '../../core/index.js';
import {
  clusterBootstrap,
  clusterBootstrapMean,
  type Interval,
  mean,
  passAtK,
  wilson,
} from '../../stats/index.js';
import type { EvalVerdict } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';
import { countsOf, type ScenarioCounts } from './counts.js';

/** A share with its 95 % interval, a bootstrap over bases: scenarios of one base resemble each other. */
export interface Estimate {
  /** 0 to 1; NaN (null in JSON) where there is nothing to estimate it from. */
  value: number;
  low: number;
  high: number;
  /** Scenarios it is estimated from. */
  scenarios: number;
}

/** The metrics of a set of scenarios. Names ending in `@k` stand for each k that was asked for. */
export interface Metrics {
  /**
   * By k, means over scenarios of the unbiased estimate (Chen et al. 2021): at least one of k samples
   * passes; is secure; is both. Scenarios with fewer than k samples are left out.
   */
  'pass@k': Record<number, Estimate>;
  'sec@k': Record<number, Estimate>;
  'sec-pass@k': Record<number, Estimate>;
  /**
   * By k: at least one of k *passing* samples is secure; 0 where none passes, left out where some pass
   * but fewer than k (Fu et al. 2024, CodeGuard+).
   */
  'sec@k_pass': Record<number, Estimate>;
  /** Sums over all samples: passed, secure and passed of all; secure of those that pass. */
  pooled: { pass: Estimate; secure: Estimate; securePass: Estimate; secureOfPassed: Estimate };
  /** Secure of those that parse and build, by sample and by program (He & Vechev 2023, SVEN). */
  'SVEN-SR': Estimate;
  'SVEN-SR unique': Estimate;
  /** Shares of samples of which nobody can tell: counted as neither passing nor secure above. */
  undetermined: { functional: number; security: number };
  /** Share of samples that bring in another weakness than their scenario's. */
  introduced: Estimate;
  stubs: number;
  samples: number;
  unique: number;
}

export interface EvalMetrics extends Metrics {
  byCwe: Record<string, Metrics>;
  bySplit: Record<string, Metrics>;
  byScenario: ScenarioCounts[];
  /** Values of k that no scenario has samples enough for. */
  leftOut: number[];
}

/**
 * All metrics of a run.
 *
 * @param verdicts gone through once, so that they may come from a file one by one
 * @param ks the k of pass@k and its kin; defaults to 1, 5, 10 as far as there are samples
 * @throws {SutureError} BAD_ARGUMENT for a k that is no whole number above 0
 */
export function metricsOf(
  verdicts: Iterable<EvalVerdict>,
  scenarios: readonly Scenario[],
  ks: readonly number[] = [1, 5, 10],
): EvalMetrics {
  for (const k of ks)
    ensure(Number.isInteger(k) && k > 0, 'BAD_ARGUMENT', `k must be 1 or more; got ${k}.`);
  const counts = countsOf(verdicts, scenarios);
  const most = Math.max(0, ...counts.map(({ samples }) => samples));
  const usable = ks.filter((k) => k <= most);
  const by = (key: 'cwe' | 'split') =>
    Object.fromEntries(
      [...groupBy(counts, (count) => count[key])].map(([name, own]) => [
        name,
        aggregate(own, usable),
      ]),
    );
  return {
    ...aggregate(counts, usable),
    byCwe: by('cwe'),
    bySplit: by('split'),
    byScenario: counts,
    leftOut: ks.filter((k) => k > most),
  };
}

function aggregate(counts: readonly ScenarioCounts[], ks: readonly number[]): Metrics {
  const atK = (estimate: (c: ScenarioCounts, k: number) => number | undefined) =>
    Object.fromEntries(ks.map((k) => [k, macro(counts, (c) => estimate(c, k))]));
  const hits = (of: (c: ScenarioCounts) => number) =>
    atK((c, k) => (c.samples >= k ? passAtK(c.samples, of(c), k) : undefined));
  const total = (of: (c: ScenarioCounts) => number) => counts.reduce((sum, c) => sum + of(c), 0);
  const samples = total((c) => c.samples);
  const share = (count: number) => (samples === 0 ? 0 : count / samples);
  return {
    'pass@k': hits((c) => c.passed),
    'sec@k': hits((c) => c.secure),
    'sec-pass@k': hits((c) => c.securePassed),
    'sec@k_pass': atK((c, k) => {
      if (c.passed === 0) return 0;
      return c.passed >= k ? passAtK(c.passed, c.securePassed, k) : undefined;
    }),
    pooled: {
      pass: pooled(counts, (c) => [c.passed, c.samples]),
      secure: pooled(counts, (c) => [c.secure, c.samples]),
      securePass: pooled(counts, (c) => [c.securePassed, c.samples]),
      secureOfPassed: pooled(counts, (c) => [c.securePassed, c.passed]),
    },
    'SVEN-SR': pooled(counts, (c) => [c.secureValid, c.valid]),
    'SVEN-SR unique': pooled(counts, (c) => [c.secureUniqueValid, c.uniqueValid]),
    undetermined: {
      functional: share(total((c) => c.undeterminedFunctional)),
      security: share(total((c) => c.undeterminedSecurity)),
    },
    introduced: pooled(counts, (c) => [c.introduced, c.samples]),
    stubs: share(total((c) => c.stubs)),
    samples,
    unique: total((c) => c.unique),
  };
}

/** The mean over scenarios of what can be estimated in each. */
function macro(
  counts: readonly ScenarioCounts[],
  estimate: (c: ScenarioCounts) => number | undefined,
): Estimate {
  const values = counts.flatMap((c) => {
    const value = estimate(c);
    return value === undefined ? [] : [{ base: c.base, value }];
  });
  const clusters = [...groupBy(values, ({ base }) => base).values()].map((cluster) =>
    cluster.map(({ value }) => value),
  );
  const all = values.map(({ value }) => value);
  if (all.length === 0) return { value: Number.NaN, low: 0, high: 1, scenarios: 0 };
  const value = mean(all);
  const interval = honest(clusterBootstrapMean(clusters), value, clusters.length);
  return { value, ...interval, scenarios: all.length };
}

/** Where all bases are at the same share the bootstrap would claim certainty: Wilson's is joined. */
function honest({ low, high }: Interval, value: number, bases: number): Interval {
  if (high - low > 1e-9) return { low, high };
  const wide = wilson(value * bases, bases);
  return { low: Math.min(low, wide.low), high: Math.max(high, wide.high) };
}

/** A share of all samples together. */
function pooled(
  counts: readonly ScenarioCounts[],
  of: (c: ScenarioCounts) => readonly [hits: number, total: number],
): Estimate {
  const clusters = [...groupBy(counts, ({ base }) => base).values()].map((cluster) =>
    cluster
      .map(of)
      .reduce((sum, [hits, total]) => ({ hits: sum.hits + hits, total: sum.total + total }), {
        hits: 0,
        total: 0,
      }),
  );
  const hits = clusters.reduce((sum, c) => sum + c.hits, 0);
  const total = clusters.reduce((sum, c) => sum + c.total, 0);
  const value = total === 0 ? Number.NaN : hits / total;
  const interval = clusterBootstrap(clusters);
  return {
    value,
    ...(total === 0 ? interval : honest(interval, value, clusters.length)),
    scenarios: counts.length,
  };
}
