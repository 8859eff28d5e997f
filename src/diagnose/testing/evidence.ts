import type { ProbeFindings } from '../probe/analyse.js';
import type { Figure } from '../probe/score.js';
import type { Evidence, PatchEvidence, Tested } from '../verdict/evidence.js';

/** Least p of seven bases. */
const LEAST_P = 2 ** -6;
export const LAYERS = 6;

export const figureAt = (value: number, spread = 0.05): Figure => ({
  value,
  low: value - spread,
  high: value + spread,
});
export const testedAt = (value: number, spread = 0.05, p = value === 0 ? 1 : LEAST_P): Tested => ({
  ...figureAt(value, spread),
  p,
});

const layersOf = <T>(make: (layer: number) => T): T[] =>
  Array.from({ length: LAYERS }, (_, layer) => make(layer));

/** Findings of a probe that decodes it at some layers, and beyond words at some of these. */
export function probeAt(
  decodable: readonly number[],
  beyond: readonly number[],
): ProbeFindings & { position: 'decision' } {
  const compared = (value: number) => ({
    ...figureAt(value),
    p: value > 0 ? LEAST_P : 1,
    pHolm: 1,
    pJoint: value > 0 ? LEAST_P : 1,
  });
  const score = (auroc: number) => ({
    auroc: figureAt(auroc),
    pairedAccuracy: figureAt(auroc),
    gap: figureAt(auroc - 0.5),
    probability: { vulnerable: auroc, secure: 1 - auroc },
    shuffled: 0.5,
    penalties: [1],
    ece: 0.1,
    brier: 0.1,
  });
  const words = decodable.length > 0 && beyond.length === 0 ? 0.9 : 0.5;
  return {
    position: 'decision',
    layers: layersOf((layer) => {
      const auroc = decodable.includes(layer) ? 0.9 : 0.5;
      return {
        layer,
        ...score(auroc),
        selectivity: compared(auroc - 0.5),
        beyondControls: compared(beyond.includes(layer) ? auroc - words : 0),
        versusLast: undefined,
      };
    }),
    controls: { bagOfTokens: score(words), embeddings: score(0.5) },
    strongerControl: 'bagOfTokens',
    deepGuard: { peakLayer: 0, peak: 0.9, final: 0.9, drop: 0 },
    decodable: [...decodable],
    beyond: [...beyond],
  };
}

/** Interventions that recover so much at each layer, where one block recovers `oneBlock`. */
export function patchAt(recovered: (layer: number) => number, oneBlock: number): PatchEvidence {
  const layers = layersOf((layer) => ({
    layer,
    recovered: figureAt(recovered(layer)),
    random: figureAt(0, 0.02),
    beyondRandom: testedAt(recovered(layer)),
  }));
  return {
    total: testedAt(8),
    stream: layers,
    direction: layers,
    oneBlock: { ...figureAt(oneBlock), chosen: [{ layer: 2, part: 'attention', bases: 7 }] },
    tokens: [{ which: 'template', recovered: figureAt(0) }],
  };
}

/** A gap of everything, decodable and acting from layer 2, which is enough; in every format alike. */
export function plausibleEvidence(): Required<Evidence> {
  return {
    nLayers: LAYERS,
    groups: 7,
    gap: {
      sensitivity: figureAt(0.95),
      specificity: figureAt(0.9),
      youden: figureAt(0.85),
      secure: figureAt(0.05),
      raw: testedAt(0.9),
      corrected: figureAt(0.8),
      reviewed: 112,
      written: 168,
    },
    probe: probeAt([2, 3, 4, 5], [2, 3, 4, 5]),
    lens: { layer: 2, interval: { low: 2, high: 3 }, ahead: 'secure' },
    patch: patchAt((layer) => (layer < 2 ? 0 : 1), 1),
    formats: {
      secure: figureAt(0.05),
      flagged: figureAt(0.95),
      effects: [
        { form: 'line', what: 'flagged', difference: testedAt(-0.5) },
        { form: 'raw', what: 'secure', difference: testedAt(0.02, 0.04, 0.5) },
        { form: 'json', what: 'secure', difference: testedAt(-0.01, 0.04, 0.8) },
        { form: 'json', what: 'flagged', difference: testedAt(-0.01, 0.04, 0.8) },
      ],
      silent: [{ form: 'xml', what: 'secure', why: '0 % keep to the form' }],
    },
  };
}
