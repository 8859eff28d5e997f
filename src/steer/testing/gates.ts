import type { GateFile } from '../index.js';

/** A gate of two weaknesses on four values of block 2: the first tells concern, the others which. */
export const gateFile: GateFile = {
  metadata: {
    method: 'probe',
    layer: 2,
    threshold: { value: 0.5, budget: 0.01, prompts: 200, bases: 40, alarms: 1, bound: 0.03 },
    model: 'organism',
    family: 'llama',
    model_hash: 'weights',
    tokenizer_hash: 'tokenizer',
    template_hash: 'template',
    data_hash: 'data',
    evaluation: {
      falseAlarms: { hits: 1, total: 100, low: 0, high: 0.02 },
      missed: { hits: 3, total: 60, low: 0.01, high: 0.1 },
      misrouted: { hits: 2, total: 60, low: 0, high: 0.08 },
      layers: [2, 2, 1],
    },
  },
  heads: {
    alarm: { weights: Float32Array.of(1, 0, 0, 0), intercept: 0 },
    routes: new Map([
      ['CWE-787', { weights: Float32Array.of(0, 1, 0, 0), intercept: -0.25 }],
      ['CWE-089', { weights: Float32Array.of(0, 0, 1, 1e-3), intercept: 0 }],
    ]),
  },
};
