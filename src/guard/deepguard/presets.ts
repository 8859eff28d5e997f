import { ensure } from '../../core/index.js';

/** Figures of a system in per cent (DeepGuard, Table 1). */
export interface PublishedScores {
  pass: number;
  /** sec@1_pass: secure among those that pass, pooled over scenarios. */
  secureOfPassing: number;
  securePass: number;
  svenRate: number;
}

/** DeepGuard on one of its models: data, to be run on the user's weights. */
export interface DeepGuardPreset {
  name: string;
  /** As the hub has it. */
  model: string;
  /** What its config.json must say. */
  family: string;
  nLayers: number;
  dModel: number;
  /** On 17 scenarios, 100 completions each; one run, without intervals. */
  published: Readonly<Record<string, PublishedScores>>;
}

/** How the published figures were drawn: temperature, top-p, most tokens, completions of each scenario. */
export const DEEPGUARD_SAMPLING = { temperature: 0.1, topP: 0.95, maxTokens: 300, samples: 100 };

const SYSTEMS = ['Base', 'Prompt', 'SVEN', 'SafeCoder', 'CoSec', 'CodeGuard+', 'DeepGuard'];

/** @param rows pass@1, sec@1_pass, sec-pass@1 and SVEN-SR of each system, in their order */
function published(
  ...rows: (readonly [number, number, number, number])[]
): Record<string, PublishedScores> {
  return Object.fromEntries(
    rows.map(([pass, secureOfPassing, securePass, svenRate], i) => [
      SYSTEMS[i]!,
      { pass, secureOfPassing, securePass, svenRate },
    ]),
  );
}

/**
 * The five models of DeepGuard (ACL 2026). What it trains with is what its variants say; its pairs are SVEN's, and its
 * scenarios, in folders as SVEN has them, are read by `suture eval run --suite`.
 */
export const DEEPGUARD_PRESETS: readonly DeepGuardPreset[] = [
  {
    name: 'deepguard/qwen2.5-coder-3b',
    model: 'Qwen/Qwen2.5-Coder-3B',
    family: 'qwen2',
    nLayers: 36,
    dModel: 2048,
    published: published(
      [91.0, 76.47, 69.59, 77.95],
      [85.41, 72.93, 62.29, 75.84],
      [83.0, 84.9, 70.47, 82.6],
      [63.94, 82.34, 52.65, 87.02],
      [82.06, 76.85, 63.06, 78.35],
      [88.82, 80.13, 71.18, 81.37],
      [86.65, 93.21, 80.76, 94.11],
    ),
  },
  {
    name: 'deepguard/qwen2.5-coder-7b',
    model: 'Qwen/Qwen2.5-Coder-7B',
    family: 'qwen2',
    nLayers: 28,
    dModel: 3584,
    published: published(
      [80.94, 76.45, 61.88, 78.36],
      [84.35, 83.26, 70.24, 84.53],
      [81.0, 75.45, 61.12, 76.24],
      [79.76, 84.51, 67.41, 86.69],
      [80.82, 79.33, 64.12, 80.44],
      [82.06, 85.66, 70.29, 87.18],
      [83.18, 88.19, 73.35, 89.21],
    ),
  },
  {
    name: 'deepguard/deepseek-coder-1.3b',
    model: 'deepseek-ai/deepseek-coder-1.3b-base',
    family: 'llama',
    nLayers: 24,
    dModel: 2048,
    published: published(
      [81.65, 69.81, 57.0, 69.83],
      [83.24, 70.32, 58.53, 69.71],
      [81.88, 74.5, 61.0, 77.87],
      [65.88, 79.2, 52.18, 77.16],
      [81.76, 72.37, 59.18, 71.64],
      [82.35, 92.86, 76.47, 88.24],
      [81.06, 84.91, 68.82, 87.71],
    ),
  },
  {
    name: 'deepguard/deepseek-coder-6.7b',
    model: 'deepseek-ai/deepseek-coder-6.7b-base',
    family: 'llama',
    nLayers: 32,
    dModel: 4096,
    published: published(
      [91.35, 75.27, 68.76, 76.47],
      [82.06, 78.71, 64.59, 76.61],
      [85.71, 79.41, 68.06, 82.34],
      [68.71, 84.59, 58.12, 88.12],
      [84.24, 73.81, 62.18, 75.21],
      [87.59, 86.57, 75.82, 87.58],
      [88.47, 79.52, 70.35, 81.82],
    ),
  },
  {
    name: 'deepguard/seed-coder-8b',
    model: 'ByteDance-Seed/Seed-Coder-8B-Base',
    family: 'llama',
    nLayers: 32,
    dModel: 4096,
    published: published(
      [84.88, 72.77, 61.76, 76.3],
      [86.12, 86.48, 74.47, 82.55],
      [83.76, 88.62, 74.24, 85.94],
      [81.06, 92.31, 74.82, 93.44],
      [77.41, 81.16, 62.82, 82.16],
      [77.06, 82.82, 63.82, 79.56],
      [86.59, 93.21, 80.71, 93.21],
    ),
  },
];

/** @throws {SutureError} BAD_ARGUMENT naming those that there are */
export function deepGuardPreset(name: string): DeepGuardPreset {
  const found = DEEPGUARD_PRESETS.find((preset) => preset.name === name);
  ensure(
    found,
    'BAD_ARGUMENT',
    `There is no preset ${name}; there are ${DEEPGUARD_PRESETS.map((preset) => preset.name).join(', ')}.`,
  );
  return found;
}

/** @throws {SutureError} BAD_ARGUMENT where a model is not the preset's */
export function checkDeepGuardPreset(
  preset: DeepGuardPreset,
  { id, config }: { id: string; config: { family: string; nLayers: number; dModel: number } },
): void {
  const fields = ['family', 'nLayers', 'dModel'] as const;
  const wrong = fields.filter((field) => config[field] !== preset[field]);
  ensure(
    wrong.length === 0,
    'BAD_ARGUMENT',
    `The preset ${preset.name} is for ${preset.model}; of ${id} ${wrong.map((field) => `${field} is ${config[field]}, not ${preset[field]}`).join(', ')}.`,
  );
}
