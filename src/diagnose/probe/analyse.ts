import { holm, jointSignFlipTest, signFlipTest } from '../../stats/index.js';
import { crossValidate, judgedRows, type Labelled, shuffledLabels } from './crossvalidate.js';
import { checkGroups } from './folds.js';
import { Resamples } from './resample.js';
import { type Figure, type ProbeScore, type Scored, scoreHeld } from './score.js';

/** A difference of two AUROCs on the same held-out rows. */
export interface Compared extends Figure {
  /** Two-sided, by flipping signs of whole groups (of their own AUROC differences). */
  p: number;
  /** `p` corrected for all layers after Holm. */
  pHolm: number;
  /** `p` corrected for all layers together (step-down max-T, Westfall & Young 1993). */
  pJoint: number;
}

/** What a probe finds after one block. */
export interface LayerProbe extends ProbeScore {
  layer: number;
  /** AUROC minus that of shuffled labels (Hewitt & Liang 2019). */
  selectivity: Compared;
  /** AUROC minus that of the better lexical control. */
  beyondControls: Compared;
  /** AUROC minus that after the last block, where the comparison with itself is left out. */
  versusLast: Compared | undefined;
}

/** DeepGuard's figure (section 5.1): mean P(vulnerable) on vulnerable inputs alone, by layer. */
export interface DeepGuardStatistic {
  peakLayer: number;
  peak: number;
  final: number;
  /** (peak - final) / peak */
  drop: number;
}

export interface ProbeFindings {
  layers: LayerProbe[];
  controls: { bagOfTokens: ProbeScore; embeddings: ProbeScore };
  /** The control with the higher AUROC, which layers are compared with. */
  strongerControl: 'bagOfTokens' | 'embeddings';
  deepGuard: DeepGuardStatistic;
  /** Layers whose selectivity, and whose lead over the controls, is above 0 with `pJoint` <= 0.05. */
  decodable: number[];
  beyond: number[];
}

/** What probes are fitted to: rows of one position. */
export interface ProbeInputs {
  /** After each block: [n, d_model]. */
  layers: readonly Float32Array[];
  /** How often each token is in a row: [n, distinct tokens]. */
  bagOfTokens: Float32Array;
  /** Mean embedding of a row's tokens: [n, d_model]. */
  embeddings: Float32Array;
}

const SIGNIFICANT = 0.05;

/**
 * Probes every layer and both lexical controls in the same folds with the same solver.
 *
 * @param options.shuffles sets of shuffled labels
 * @throws {SutureError} BAD_DATA where the rows are of fewer than 3 groups
 */
export function analyse(
  inputs: ProbeInputs,
  data: Labelled,
  options: { shuffles: number; seed: number; onLayer?: (done: number, total: number) => void },
): ProbeFindings {
  const { shuffles, seed, onLayer = () => {} } = options;
  const labels = shuffledLabels(data, shuffles, seed);
  const rows = judgedRows(data);
  const pick = <T>(of: readonly T[]): T[] => rows.map((row) => of[row]!);
  const judged = {
    vulnerable: pick(data.vulnerable),
    groups: pick(data.groups),
    pairs: pick(data.pairs),
  };
  checkGroups(judged.groups);
  const judgedLabels = labels.map(pick);
  const resamples = new Resamples(judged.groups, seed);
  const total = inputs.layers.length + 2;
  let done = 0;
  const probe = (x: Float32Array): Scored => {
    const scored = scoreHeld(crossValidate(x, data, labels), judged, judgedLabels, resamples);
    onLayer(++done, total);
    return scored;
  };
  const layers = inputs.layers.map(probe);
  const controls = { bagOfTokens: probe(inputs.bagOfTokens), embeddings: probe(inputs.embeddings) };
  const strongerControl =
    controls.embeddings.score.auroc.value > controls.bagOfTokens.score.auroc.value
      ? 'embeddings'
      : 'bagOfTokens';
  const control = controls[strongerControl];
  const last = layers.at(-1)!;

  const selectivity = compare(
    layers.map(({ score, byGroup, draws }) => ({
      value: score.auroc.value - score.shuffled,
      byGroup: minus(byGroup.auroc, byGroup.shuffled),
      draws: minus(draws.auroc, draws.shuffled),
    })),
    resamples,
  );
  const against = (one: Scored, other: Scored): Difference => ({
    value: one.score.auroc.value - other.score.auroc.value,
    byGroup: minus(one.byGroup.auroc, other.byGroup.auroc),
    draws: minus(one.draws.auroc, other.draws.auroc),
  });
  const beyondControls = compare(
    layers.map((layer) => against(layer, control)),
    resamples,
  );
  const versusLast = compare(
    layers.slice(0, -1).map((layer) => against(layer, last)),
    resamples,
  );
  const found = layers.map(({ score }, layer) => ({
    layer,
    ...score,
    selectivity: selectivity[layer]!,
    beyondControls: beyondControls[layer]!,
    versusLast: versusLast[layer],
  }));
  const isShown = ({ value, pJoint }: Compared) => value > 0 && pJoint <= SIGNIFICANT;
  const decodable = found.filter((one) => isShown(one.selectivity)).map(({ layer }) => layer);
  return {
    layers: found,
    controls: { bagOfTokens: controls.bagOfTokens.score, embeddings: controls.embeddings.score },
    strongerControl,
    deepGuard: deepGuardStatistic(found),
    decodable,
    beyond: decodable.filter((layer) => isShown(found[layer]!.beyondControls)),
  };
}

interface Difference {
  value: number;
  byGroup: readonly number[];
  draws: readonly number[];
}

/** One family of tests: the same comparison at several layers. */
function compare(differences: readonly Difference[], resamples: Resamples): Compared[] {
  const byGroup = differences.map((difference) => difference.byGroup);
  const ps = byGroup.map(signFlipTest);
  const pHolm = holm(ps);
  const pJoint = jointSignFlipTest(byGroup);
  return differences.map(({ value, draws }, i) => ({
    value,
    ...resamples.interval(Float64Array.from(draws)),
    p: ps[i]!,
    pHolm: pHolm[i]!,
    pJoint: pJoint[i]!,
  }));
}

const minus = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from(a, (x, i) => x - b[i]!);

function deepGuardStatistic(layers: readonly LayerProbe[]): DeepGuardStatistic {
  const confidence = layers.map(({ probability }) => probability.vulnerable);
  const peak = Math.max(...confidence);
  const final = confidence.at(-1)!;
  return { peakLayer: confidence.indexOf(peak), peak, final, drop: (peak - final) / peak };
}
