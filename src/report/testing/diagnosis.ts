import { type DiagnoseMetrics, diagnoseConfig, FORMS, verdict } from '../../diagnose/index.js';
import type { Intent } from '../../evaluate/index.js';
import { outcomes, rate } from './metrics.js';

const LAYERS = [0, 1, 2];
const figure = (value: number, spread = 0.05) => ({
  value,
  low: value - spread,
  high: value + spread,
});
const tested = (value: number) => ({ ...figure(value), p: value === 0 ? 1 : 0.0156 });
const compared = (value: number) => ({ ...tested(value), pHolm: 0.1, pJoint: tested(value).p });
const INTENTS: readonly Intent[] = ['insecure', 'neutral', 'secure'];

/** Metrics as a diagnosis of a small model might give them. Every call makes a fresh copy. */
export function plausibleDiagnosis(): DiagnoseMetrics {
  const score = (auroc: number) => ({
    auroc: figure(auroc),
    pairedAccuracy: figure(auroc),
    gap: figure(auroc - 0.5),
    ece: 0.1,
    brier: 0.2,
    probability: { vulnerable: auroc, secure: 1 - auroc },
    shuffled: 0.49,
    penalties: [1],
  });
  const position = (name: 'last_prompt' | 'decision') => ({
    position: name,
    layers: LAYERS.map((layer) => ({
      layer,
      ...score(0.6 + layer / 8),
      selectivity: compared(0.1 + layer / 8),
      beyondControls: compared(layer / 8),
      versusLast: undefined,
    })),
    controls: { bagOfTokens: score(0.61), embeddings: score(0.55) },
    strongerControl: 'bagOfTokens' as const,
    deepGuard: { peakLayer: 2, peak: 0.8, final: 0.8, drop: 0 },
    decodable: [0, 1, 2],
    beyond: [1, 2],
  });
  const probe: DiagnoseMetrics['probe'] = {
    model: 'tiny',
    pairs: 84,
    groups: 7,
    leftOut: { identical: [], tooLong: [] },
    seed: 0,
    shuffles: 3,
    maxTokens: 1024,
    judgedInOtherForms: undefined,
    positions: [position('last_prompt'), position('decision')],
  };
  const acting = (share: number) =>
    LAYERS.map((layer) => ({
      layer,
      recovered: figure((layer * share) / 2),
      random: figure(0.01, 0.02),
      beyondRandom: tested((layer * share) / 2),
    }));
  const patch: DiagnoseMetrics['patch'] = {
    model: 'tiny',
    pairs: 28,
    bases: 7,
    seed: 0,
    leftOut: { oneSided: [], identical: [], tooLong: [] },
    unaligned: 0.5,
    probability: { insecure: 0.1, secure: 0.8 },
    total: tested(4.41),
    grid: (['stream', 'attention', 'mlp'] as const).map((patched) => ({
      patched,
      cells: LAYERS.flatMap((layer) =>
        (['changed', 'decision'] as const).map((place) => ({
          layer,
          place,
          into: figure(place === 'decision' ? layer / 2 : -0.13),
          out: figure(0.3),
          lift: 0.1,
        })),
      ),
    })),
    heads: LAYERS.flatMap((layer) =>
      Array.from({ length: 12 }, (_, head) =>
        (['changed', 'decision'] as const).map((place) => ({
          layer,
          head,
          place,
          recovered: figure(head / 40),
        })),
      ).flat(),
    ),
    stream: acting(1),
    direction: acting(0.9),
    ablation: acting(0.5),
    oneBlock: { ...figure(0.38), chosen: [{ layer: 1, part: 'attention', bases: 7 }] },
    tokens: [{ which: 'template', recovered: figure(0.012), count: 1.4 }],
    attribution: undefined,
    runs: 100,
  };
  const depths = [-1, ...LAYERS].map((layer) => ({
    layer,
    difference: figure(layer + 1, 0.3),
    whole: figure(layer, 0.3),
    control: figure(0.05),
    secure: { probability: 0.2, rank: 3 },
    insecure: { probability: 0.3, rank: 1 },
    entropy: 1.2,
    p: 0.0156,
  }));
  const parting = { layer: 1, interval: { low: 0, high: 1 }, ahead: 'secure' as const };
  const lens: DiagnoseMetrics['lens'] = {
    model: 'tiny',
    lens: 'logit',
    pairs: 84,
    bases: 7,
    seed: 0,
    leftOut: { oneSided: [], tooLong: [] },
    prompts: { secure: { depths, parting }, insecure: { depths, parting } },
    contrast: { depths, parting },
  };
  const difference = { ...figure(-0.31), p: 0.0156, silent: undefined };
  const gap: DiagnoseMetrics['gap'] = {
    model: 'tiny',
    cwe: 'CWE-787',
    seed: 0,
    samples: 1,
    judge: { kind: 'rules', model: 'rules' },
    reviews: FORMS.map((form) => ({
      form,
      issue: rate(50, 56),
      weakness: rate(40, 56),
      fix: rate(30, 56),
      trueNegative: rate(48, 56),
      misleading: rate(20, 42),
      kept: rate(56, 56),
      undetermined: rate(0, 112),
      youden: figure(0.75),
    })),
    generation: FORMS.flatMap((form) =>
      INTENTS.map((intent) => ({
        form,
        intent,
        rates: outcomes(5, 70, 84),
        kept: rate(80, 84),
      })),
    ),
    gap: { raw: { ...figure(0.83), p: 0.0156 }, corrected: figure(0.69) },
    forms: FORMS.slice(1).map((form) => ({
      form,
      reference: 'asked',
      secure: difference,
      issue: difference,
    })),
  };
  const evidence: DiagnoseMetrics['evidence'] = {
    nLayers: LAYERS.length,
    groups: 7,
    gap: {
      sensitivity: rate(50, 56),
      specificity: rate(48, 56),
      secure: rate(5, 84),
      raw: { ...figure(0.83), p: 0.0156 },
      corrected: figure(0.69),
      youden: figure(0.75),
      reviewed: 112,
      written: 84,
    },
    probe: probe.positions[1],
    lens: parting,
    patch,
    formats: {
      secure: rate(5, 84),
      flagged: rate(50, 56),
      effects: [{ form: 'json', what: 'secure', difference: tested(-0.31) }],
      silent: [],
    },
  };
  return {
    version: 1,
    about: { suture: '0.1.0', cwe: 'CWE-787', pairs: 'organism' },
    model: { id: 'tiny', family: 'llama', nLayers: LAYERS.length, dModel: 8, hash: 'abc' },
    config: diagnoseConfig.parse({}),
    data: { pairs: 84, bases: ['log', 'path'], reviewItems: 112 },
    answers: verdict(evidence),
    evidence,
    gap,
    probe,
    lens,
    patch,
    seconds: 12.5,
  };
}
