import { Random } from '../../core/index.js';
import type { Threshold } from '../../stats/index.js';
import type { Tensor } from '../../tensor/index.js';
import {
  type Acting,
  type Calibrated,
  calibrate,
  chooseActing,
  corrected,
  riskThreshold,
  type Weighed,
} from './calibrate.js';
import type { Examples } from './examples.js';
import type { Fitted } from './fit.js';
import { ContextualScorer } from './scorer.js';
import { CandidateScores, type PriorTable } from './scores.js';
import type { Candidates, StateFile } from './states.js';

/** Below this a probability is not told from another. */
const LEAST = 1e-30;

/** Places that are scored at once. */
const BATCH = 512;

export interface Measured {
  /** Of the analyser, corrected: what it says are probabilities. */
  parameters: ReadonlyMap<string, Tensor>;
  calibration: Calibrated;
  /** What ordinary texts ask for. */
  ordinary: Threshold;
  acting: Acting;
}

/**
 * Calibrates an analyser on what it never learnt from: probabilities, the threshold above which it acts, and how strongly.
 *
 * @param keys what stands for each token [vocab, width]
 * @param options.held places and sequences that were not learnt from: pairs' functions first, two each, then ordinary texts
 * @param options.first number of the first of them in the file of states
 * @param options.groups of the sequences
 */
export async function measure(
  fitted: Fitted,
  keys: Float32Array,
  states: StateFile,
  options: {
    held: Examples;
    priors: PriorTable;
    candidates: readonly (Candidates | undefined)[];
    first: number;
    pairs: number;
    groups: readonly string[];
    classes: readonly string[];
    budget: number;
    seed: number;
  },
): Promise<Measured> {
  const { held, priors, candidates, first, pairs, groups, classes, budget, seed } = options;
  const { examples, sequences } = held;
  const read = await readAll(fitted, states, first, examples.length);
  const random = new Random(seed, 'halves');
  const order = random.shuffle([...new Set(groups)].sort());
  const half = new Set(order.slice(0, order.length >> 1));
  const calibration = calibrate(
    { logProbabilities: read.classes, labels: examples.map(({ name }) => classes.indexOf(name)) },
    examples.map(({ sequence }) => half.has(groups[sequence]!)),
  );
  const { correction } = calibration;
  const probabilities = read.classes.map((row) => corrected(row, correction));
  const risks = probabilities.map(([none]) => 1 - none!);

  const bySequence = sequences.map((): number[] => []);
  for (const [i, { sequence }] of examples.entries()) bySequence[sequence]!.push(risks[i]!);
  const threshold = riskThreshold(bySequence.slice(2 * pairs), budget);

  const parameters = correctedParameters(fitted, calibration);
  const scores = new CandidateScores(fitted.shape, parameters, keys, priors);
  const rest = sequences.map(({ positions, weighed }) => ({
    all: positions.length - weighed.size,
    weighed: 0,
  }));
  for (const [i, { sequence, other }] of examples.entries()) {
    if (candidates[i] && other === undefined) {
      rest[sequence]!.weighed++;
      rest[sequence]!.all++;
    }
  }
  const places = examples.flatMap(({ side, next, other, sequence }, i): Weighed[] => {
    const likely = candidates[i];
    if (!likely || side === 'vulnerable') return [];
    const look = { risk: risks[i]!, classes: probabilities[i]!, query: read.queries[i]! };
    const at = (token: number) => {
      const found = likely.tokens.indexOf(token);
      return found < 0 ? undefined : found;
    };
    return [
      {
        logProbabilities: likely.logProbabilities,
        scores: likely.tokens.map((token) => scores.of(look, token)),
        next: at(next),
        other: other === undefined ? undefined : at(other),
        risk: risks[i]!,
        weight: other === undefined ? rest[sequence]!.all / rest[sequence]!.weighed : 1,
        parting: other !== undefined,
        group: groups[sequence]!,
      },
    ];
  });
  const acting = chooseActing(places, threshold.value);
  return {
    parameters,
    calibration,
    ordinary: threshold,
    acting,
  };
}

/** What the analyser says of places in the file of states, from the first on. */
async function readAll(
  { shape, parameters, layers }: Fitted,
  states: StateFile,
  first: number,
  count: number,
) {
  const { dModel, classes, width } = shape;
  const scorer = await ContextualScorer.create(shape, parameters, { threads: 1 });
  const found = { classes: [] as Float32Array[], queries: [] as Float32Array[] };
  try {
    for (let from = 0; from < count; from += BATCH) {
      const n = Math.min(BATCH, count - from);
      const whole = states.read(Array.from({ length: n }, (_, i) => first + from + i));
      const all = whole.length / (n * dModel);
      const chosen = new Float32Array(n * layers.length * dModel);
      for (let i = 0; i < n; i++) {
        for (const [k, layer] of layers.entries()) {
          const at = (i * all + layer) * dModel;
          chosen.set(whole.subarray(at, at + dModel), (i * layers.length + k) * dModel);
        }
      }
      const read = await scorer.read(chosen);
      for (let i = 0; i < n; i++) {
        found.classes.push(
          read.classes
            .slice(i * classes, (i + 1) * classes)
            .map((p) => Math.log(Math.max(p, LEAST))),
        );
        found.queries.push(read.query.slice(i * width, (i + 1) * width));
      }
    }
    return found;
  } finally {
    await scorer.close();
  }
}

/** The correction put into the parameters that the classes' logits come from. */
function correctedParameters(
  { parameters }: Fitted,
  { correction }: Calibrated,
): ReadonlyMap<string, Tensor> {
  const { temperature, offset } = correction;
  const divided = ({ dims, data }: Tensor): Tensor => ({
    dims,
    data: data.map((x) => x / temperature),
  });
  const readout = divided(parameters.get('risk.readout')!);
  const offsets = divided(parameters.get('risk.offset')!);
  offsets.data[0]! += offset;
  return new Map([...parameters, ['risk.readout', readout], ['risk.offset', offsets]]);
}
