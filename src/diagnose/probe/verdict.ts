import type { Compared, LayerProbe, ProbeFindings } from './analyse.js';
import type { Figure } from './score.js';

export const CONTROL_NAMES = {
  bagOfTokens: 'the bag of tokens',
  embeddings: 'the mean embedding',
} as const;

/**
 * From which layer on it is decodable beyond lexical controls, or that it is not, in words. A layer
 * counts where its difference is above 0 with p <= 0.05 over all layers together.
 */
export function probeVerdict(findings: ProbeFindings): string {
  const { layers, controls, strongerControl, decodable, beyond } = findings;
  const best = layers.reduce((a, b) => (b.auroc.value > a.auroc.value ? b : a));
  const control = `${CONTROL_NAMES[strongerControl]} alone (AUROC ${figure(controls[strongerControl].auroc)})`;
  if (decodable.length === 0) {
    return `Not decodable: after no layer are twins of unseen groups told apart better than under shuffled labels. The best is layer ${best.layer}, AUROC ${figure(best.auroc)}, ${difference(best.selectivity)} over shuffled labels.`;
  }
  if (beyond.length === 0) {
    const first = layers[decodable[0]!]!;
    return `Decodable from layer ${first.layer} (AUROC ${figure(first.auroc)}, ${percent(first)} of pairs), but not shown beyond lexical controls: against ${control} the best, layer ${best.layer}, is ${difference(best.beyondControls)}. Words suffice for what the probes find.`;
  }
  const first = layers[beyond[0]!]!;
  const missing = layers.slice(first.layer + 1).filter(({ layer }) => !beyond.includes(layer));
  const later =
    missing.length === 0
      ? ''
      : ` Not shown for later layer${missing.length === 1 ? '' : 's'} ${missing.map(({ layer }) => layer).join(', ')}.`;
  return `Decodable beyond lexical controls from layer ${first.layer}: AUROC ${figure(first.auroc)}, ${percent(first)} of pairs; ${difference(first.beyondControls)} over ${control}.${later}`;
}

const percent = ({ pairedAccuracy }: LayerProbe): string =>
  `${(100 * pairedAccuracy.value).toFixed(0)} %`;

/** `0.912 [0.85, 0.96]` */
export const figure = ({ value, low, high }: Figure): string =>
  `${value.toFixed(3)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;

function difference({ value, low, high, pJoint }: Compared): string {
  return `${signed(value, 3)} [${signed(low, 2)}, ${signed(high, 2)}], p = ${pValue(pJoint)}`;
}

export const signed = (value: number, digits: number): string =>
  `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;

export const pValue = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
