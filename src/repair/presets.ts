import { ensure } from '../core/index.js';
import type { Cwe } from '../scan/index.js';
import type { Grid } from '../steer/index.js';

/** A figure of the record: shares of strictly secure completions on adversarial prompts, in per cent. */
export interface Published {
  before: number;
  after: number;
  /** The multiple of the raw vector. */
  strength: number;
  /** Where it stands: `table` is the paper's own, `lab` the authors' laboratory record. */
  source: 'table' | 'lab';
  /** What stands against it. */
  doubt?: string;
}

/** The published protocol on one of its models: data, to be run on the user's weights. */
export interface Preset {
  name: string;
  /** As the hub has it. */
  model: string;
  /** What its config.json must say. */
  family: string;
  nLayers: number;
  dModel: number;
  /** Completions of each prompt, by weakness. */
  samples: Record<Cwe, number>;
  published: Partial<Record<Cwe, Published[]>>;
}

/** Most tokens of a completion (Surgical Repair, section 4). */
export const PRESET_TOKENS = 512;

/** Multiples of the raw vector: C up to 5, Python, where norms are small, up to 15. */
const STRENGTHS_C = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5] as const;
const STRENGTHS_PYTHON = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15] as const;
const PYTHON: readonly Cwe[] = ['CWE-089', 'CWE-078', 'CWE-079'];

const SAMPLES: Record<Cwe, number> = {
  'CWE-787': 1,
  'CWE-119': 3,
  'CWE-134': 3,
  'CWE-089': 10,
  'CWE-078': 10,
  'CWE-079': 10,
};

const IN_SAMPLE = 'strength chosen on the folds that it is reported for';
const TWO_RECORDS = `${IN_SAMPLE}; the record has two figures for this cell`;

/**
 * The five models of Surgical Repair (arXiv 2604.16697). Its prompts have no licence and are not here: a preset runs the
 * protocol (last block, last prompt token, raw mean difference added at the last prompt token and every generated one,
 * temperature 0.6, top-p 0.9, 512 tokens) on the prompts of `--set instruct`. Layer and strengths are the
 * published ones; the strength is still chosen on inner folds.
 */
export const PRESETS: readonly Preset[] = [
  {
    name: 'surgical/llama-3.1-8b',
    model: 'meta-llama/Llama-3.1-8B-Instruct',
    family: 'llama',
    nLayers: 32,
    dModel: 4096,
    samples: SAMPLES,
    published: {
      'CWE-787': [
        {
          before: 6.7,
          after: 73.3,
          strength: 4,
          source: 'table',
          doubt: 'not found in the raw record',
        },
        { before: 0.6, after: 52.5, strength: 5, source: 'lab', doubt: IN_SAMPLE },
      ],
      'CWE-119': [{ before: 0, after: 20, strength: 4, source: 'table', doubt: IN_SAMPLE }],
      'CWE-134': [{ before: 70.2, after: 74.9, strength: 3, source: 'table', doubt: IN_SAMPLE }],
      'CWE-089': [{ before: 57, after: 78.5, strength: 12, source: 'table', doubt: IN_SAMPLE }],
      'CWE-078': [{ before: 14.3, after: 22, strength: 5, source: 'table', doubt: IN_SAMPLE }],
      'CWE-079': [
        {
          before: 0.2,
          after: 30.5,
          strength: 5,
          source: 'table',
          doubt: `${IN_SAMPLE}; 35.5 % are other`,
        },
      ],
    },
  },
  {
    name: 'surgical/llama-3.1-70b',
    model: 'meta-llama/Llama-3.1-70B-Instruct',
    family: 'llama',
    nLayers: 80,
    dModel: 8192,
    samples: SAMPLES,
    published: {
      'CWE-787': [
        {
          before: 1.9,
          after: 52.4,
          strength: 4,
          source: 'lab',
          doubt: `${IN_SAMPLE}; 4-bit weights`,
        },
      ],
      'CWE-119': [
        {
          before: 0,
          after: 38.4,
          strength: 1,
          source: 'lab',
          doubt: `${IN_SAMPLE}; 48.6 % are other`,
        },
      ],
      'CWE-089': [{ before: 52.1, after: 60.6, strength: 5, source: 'lab', doubt: IN_SAMPLE }],
    },
  },
  {
    name: 'surgical/mistral-7b-v0.3',
    model: 'mistralai/Mistral-7B-Instruct-v0.3',
    family: 'mistral',
    nLayers: 32,
    dModel: 4096,
    samples: SAMPLES,
    published: {
      'CWE-787': [
        { before: 26.7, after: 92.4, strength: 4, source: 'lab', doubt: TWO_RECORDS },
        { before: 3.8, after: 74.3, strength: 3, source: 'table', doubt: TWO_RECORDS },
      ],
      'CWE-119': [{ before: 0.3, after: 1.6, strength: 4, source: 'lab', doubt: IN_SAMPLE }],
      'CWE-089': [{ before: 42.9, after: 63.5, strength: 6, source: 'lab', doubt: IN_SAMPLE }],
    },
  },
  {
    name: 'surgical/mistral-small-24b',
    model: 'mistralai/Mistral-Small-24B-Instruct-2501',
    family: 'mistral',
    nLayers: 40,
    dModel: 5120,
    samples: SAMPLES,
    published: {
      'CWE-787': [
        {
          before: 0,
          after: 39,
          strength: 5,
          source: 'lab',
          doubt: `${IN_SAMPLE}; 48.6 % are other`,
        },
      ],
      'CWE-119': [{ before: 0, after: 8.6, strength: 2, source: 'lab', doubt: IN_SAMPLE }],
    },
  },
  {
    name: 'surgical/qwen2.5-14b',
    model: 'Qwen/Qwen2.5-14B-Instruct',
    family: 'qwen2',
    nLayers: 48,
    dModel: 5120,
    samples: SAMPLES,
    published: {
      'CWE-787': [
        { before: 2.9, after: 77.1, strength: 4, source: 'lab', doubt: TWO_RECORDS },
        { before: 3.8, after: 54.3, strength: 5, source: 'table', doubt: TWO_RECORDS },
      ],
      'CWE-119': [{ before: 0, after: 0, strength: 5, source: 'lab' }],
      'CWE-089': [{ before: 38.4, after: 54, strength: 7, source: 'lab', doubt: IN_SAMPLE }],
    },
  },
];

/** @throws {SutureError} BAD_ARGUMENT for a name that is none, naming those that are */
export function presetOf(name: string): Preset {
  const found = PRESETS.find((preset) => preset.name === name);
  ensure(
    found,
    'BAD_ARGUMENT',
    `There is no preset ${name}; there are ${PRESETS.map((preset) => preset.name).join(', ')}.`,
  );
  return found;
}

/** The grid of the protocol: one layer, one site, one reach, the published strengths. */
export const presetGrid = ({ nLayers }: Preset, cwe: Cwe): Grid => ({
  methods: ['mean_difference'],
  sites: ['last_prompt'],
  layers: [nLayers - 1],
  reaches: ['last_prompt_and_generated'],
  strengths: PYTHON.includes(cwe) ? STRENGTHS_PYTHON : STRENGTHS_C,
});

/**
 * Refuses weights that are not of the preset's model.
 * @throws {SutureError} BAD_ARGUMENT saying what differs
 */
export function checkPreset(
  preset: Preset,
  model: { id: string; family: string; nLayers: number; dModel: number },
): void {
  const wrong = (['family', 'nLayers', 'dModel'] as const).filter(
    (field) => model[field] !== preset[field],
  );
  ensure(
    wrong.length === 0,
    'BAD_ARGUMENT',
    `The preset ${preset.name} is for ${preset.model}; ${model.id} differs: ${wrong.map((field) => `${WORDS[field]} ${model[field]}, not ${preset[field]}`).join('; ')}.`,
  );
}

const WORDS = { family: 'its family is', nLayers: 'its layers are', dModel: 'its d_model is' };
