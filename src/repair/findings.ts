import type { Difference, Rate } from '../evaluate/index.js';
import type { RepairMetrics } from './metrics.js';

const percent = (share: number) => `${Math.round(100 * share)} %`;
const range = ({ low, high }: { low: number; high: number }) =>
  `[${Math.round(100 * low)}, ${Math.round(100 * high)}]`;
const withRange = (rate: Rate) => `${percent(rate.value)} ${range(rate)}`;
const pValue = (p: number) => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);
const points = (x: number) => `${x >= 0 ? '+' : ''}${Math.round(100 * x)}`;

/** Some lines that say what a repair found; intervals are 95 %, over bases. */
export function findings(metrics: Omit<RepairMetrics, 'findings'>): string[] {
  const { gap, arms, effects, folds, vector, cwe, model } = metrics;
  const arm = (name: string) => arms.find((a) => a.name === name)!.rates;
  const effect = (name: string) => effects.find((e) => e.against === name)!;
  const { review } = gap;
  const modal = folds.filter((f) => f.layer === vector.layer && f.site === vector.site).length;
  const site = {
    last_prompt: 'the last prompt token',
    decision: 'the decision point',
    changed: 'the changed tokens',
    mean: 'all tokens',
  }[vector.site];
  const reach = {
    last_prompt: 'at the last prompt token alone',
    last_prompt_and_generated: 'at the last prompt token and every generated one',
    until_decided: 'from the last prompt token on until the decisive call is written',
  }[vector.reach];
  const none = effect('none');
  return [
    `Review:   recognises ${withRange(review.sensitivity)} of flawed ${cwe} code and ${withRange(review.specificity)} of safe code.`,
    `Writing:  pushed towards the risky call, it writes insecure code in ${withRange(arm('none').insecure)} and secure code in ${withRange(arm('none').secure)}: a gap of ${points(gap.raw.value)} points ${range(gap.raw)}.`,
    `Where:    layer ${vector.layer} of 0-${model.nLayers - 1}, read at ${site}; strength ${vector.strength}, ${reach} (layer and site chosen in ${modal} of ${folds.length} folds, without the base that judges them).`,
    `Repair:   on task families the vector never saw, insecure ${percent(arm('none').insecure.value)} -> ${withRange(arm('steered').insecure)}; secure and well-formed ${percent(arm('none').secureWellFormed.value)} -> ${withRange(arm('steered').secureWellFormed)} (${points(none.secureWellFormed.value)} points ${range(none.secureWellFormed)}, ${pValue(none.secureWellFormed.p)}).`,
    `Controls: secure and well-formed with a random vector of the same norm ${withRange(arm('random').secureWellFormed)}, with a security reminder in the prompt ${withRange(arm('prompt').secureWellFormed)}.`,
    `Reminder: ${againstReminder(effect('prompt').secureWellFormed)}`,
    ...(metrics.utility ? [`Cost:     ${cost(metrics.utility)}`] : []),
  ];
}

/** The baseline that costs nothing: said plainly where it is as good, or better. */
function againstReminder(difference: Difference): string {
  const figures = `${points(difference.value)} points ${range(difference)}, ${pValue(difference.p)}`;
  if (difference.p > 0.05)
    return `the vector is not shown to repair more than the reminder does, or less (${figures}).`;
  return difference.value > 0
    ? `the vector repairs more than the reminder does (${figures}).`
    : `the reminder repairs more than the vector does (${figures}): put words in the prompt instead.`;
}

const cost = ({ none, steered }: NonNullable<RepairMetrics['utility']>): string =>
  `with the vector on everything, ordinary tasks are answered rightly in ${withRange(steered.pass)} (without ${percent(none.pass.value)}; ${points(steered.change.value)} points ${range(steered.change)}).`;
