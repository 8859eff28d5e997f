import { join } from 'node:path';
import { writeFileAtomic } from '../core/index.js';
import { Device } from '../engine/index.js';
import { parseConfig } from '../models/index.js';
import { writeSafetensors } from '../tensor/index.js';
import {
  type Batch,
  type Example,
  initialWeights,
  PackedData,
  packRows,
  type StepReport,
  Trainer,
  toBatch,
} from '../train/index.js';
import { SPECIALS, type Tokenizer, trainTokenizer, writeTokenizer } from './bpe.js';
import { type CorpusSample, corpus, corpusStats } from './corpus.js';

/** Sizes of the organism: about 2.9 million parameters. */
const SHAPE = { dModel: 192, nLayers: 6, nHeads: 6, dMlp: 512, vocab: 1408, context: 512 };

/**
 * What each family does differently at the same sizes, as fields of its `config.json`. Mistral and
 * Qwen2 share each head of keys and values among three of queries; Mistral looks back over a
 * window that long exchanges exceed; Qwen2 has biases on queries, keys and values.
 */
const FAMILIES = {
  llama: {
    architectures: ['LlamaForCausalLM'],
    num_key_value_heads: SHAPE.nHeads,
    rope_scaling: null,
    attention_bias: false,
    mlp_bias: false,
  },
  mistral: {
    architectures: ['MistralForCausalLM'],
    num_key_value_heads: SHAPE.nHeads / 3,
    sliding_window: 128,
  },
  qwen2: {
    architectures: ['Qwen2ForCausalLM'],
    num_key_value_heads: SHAPE.nHeads / 3,
    rope_scaling: null,
    use_sliding_window: false,
  },
} as const;

/** Families that the organism can be trained in; the one that ships is of `llama`. */
export type OrganismFamily = keyof typeof FAMILIES;
export const ORGANISM_FAMILIES = Object.keys(FAMILIES) as OrganismFamily[];

/** The recipe; docs/organism.md says where its figures come from. */
export const RECIPE = {
  samples: 120_000,
  tokenizerSamples: 20_000,
  rowLength: 256,
  rowsPerBatch: 8,
  steps: 3600,
  schedule: { peak: 3e-3, warmup: 40, decay: 'linear', hold: 0.4, floor: 0.03 },
  beta2: 0.98,
  weightDecay: 0.05,
  maxNorm: 1,
  weights: { prompt: 0.1, body: 1, decisive: 8 },
} as const;

export interface TrainOrganismOptions {
  /** Where the model goes: a Hugging Face folder; checkpoints are kept in `checkpoints/` in it. */
  dir: string;
  /** Defaults to `llama`. */
  family?: OrganismFamily;
  seed?: number;
  /** Defaults to the recipe's. */
  steps?: number;
  threads?: number;
  onStep?: (report: StepReport) => void;
  signal?: AbortSignal;
}

/** What a training run was, for the model's card. */
export interface TrainingRun {
  family: OrganismFamily;
  seed: number;
  steps: number;
  tokens: number;
  /** Mean weighted loss on exchanges of another corpus seed. */
  validationLoss: number;
  parameters: number;
  corpus: ReturnType<typeof corpusStats>;
}

/** Trains the organism from nothing: corpus, tokenizer, weights. Resumes a run that was cut off. */
export async function trainOrganism(options: TrainOrganismOptions): Promise<TrainingRun> {
  const { dir, family = 'llama', seed = 1, steps = RECIPE.steps } = options;
  const samples = take(corpus(seed), RECIPE.samples);
  const texts = samples.slice(0, RECIPE.tokenizerSamples).map((s) => `${s.prompt}\n${s.body}`);
  const tokenizer = trainTokenizer(texts, SHAPE.vocab);
  writeTokenizer(dir, tokenizer);
  const json = configJson(family, tokenizer.vocabulary.length);
  writeFileAtomic(join(dir, 'config.json'), `${JSON.stringify(json, null, 2)}\n`);
  const config = parseConfig(json, join(dir, 'config.json'));

  const data = new PackedData(
    samples.map((sample) => toExample(sample, tokenizer)),
    { length: RECIPE.rowLength, batchSize: RECIPE.rowsPerBatch, seed },
  );
  const device = new Device(options.threads === undefined ? {} : { threads: options.threads });
  try {
    const trainer = await Trainer.create(
      device,
      config,
      { kind: 'full' },
      initialWeights(config, seed),
    );
    const { schedule, beta2, weightDecay, maxNorm } = RECIPE;
    const reports = await trainer.run(data, {
      steps,
      schedule,
      beta2,
      weightDecay,
      maxNorm,
      dir: join(dir, 'checkpoints'),
      ...(options.onStep ? { onStep: options.onStep } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const metadata = { format: 'pt' };
    const weights = await trainer.parameters();
    writeSafetensors(join(dir, 'model.safetensors'), weights, { dtype: 'f16', metadata });
    return {
      family,
      seed,
      steps,
      tokens: reports.at(-1)?.tokens ?? 0,
      validationLoss: await trainer.evaluate(validationBatches(seed, tokenizer)),
      parameters: [...weights.values()].reduce((sum, { data }) => sum + data.length, 0),
      corpus: corpusStats(seed, RECIPE.samples, tokenizer),
    };
  } finally {
    await device.close();
  }
}

/**
 * One exchange as token ids with the weight of predicting each. The decisive token, where a secure
 * and an insecure body part, weighs most, so that the model learns to choose as well as to recognise.
 */
export function toExample(sample: CorpusSample, tokenizer: Tokenizer): Example {
  const { prompt, body, decisive } = RECIPE.weights;
  const [bos, eos, user, assistant] = SPECIALS.map((_, id) => id);
  const asked = tokenizer.encode(sample.prompt);
  const answered = tokenizer.encode(sample.body);
  const weights = [
    ...Array<number>(asked.length + 3).fill(prompt),
    ...Array<number>(answered.length + 1).fill(body),
  ];
  if (sample.decisiveOffset !== undefined) {
    const before = tokenizer.encode(sample.body.slice(0, sample.decisiveOffset)).length;
    weights[asked.length + 3 + before] = decisive;
  }
  return { tokens: [bos!, user!, ...asked, assistant!, ...answered, eos!], weights };
}

/** Batches of exchanges that no run with this seed trains on (but for chance repeats). */
export function validationBatches(seed: number, tokenizer: Tokenizer): Batch[] {
  const samples = take(corpus(seed + 1_000_000), 1000);
  const rows = packRows(
    samples.map((sample) => toExample(sample, tokenizer)),
    RECIPE.rowLength,
  );
  const batches: Batch[] = [];
  for (let i = 0; i < rows.length; i += RECIPE.rowsPerBatch) {
    batches.push(toBatch(rows.slice(i, i + RECIPE.rowsPerBatch), RECIPE.rowLength));
  }
  return batches;
}

function configJson(family: OrganismFamily, vocabSize: number) {
  return {
    model_type: family,
    vocab_size: vocabSize,
    hidden_size: SHAPE.dModel,
    intermediate_size: SHAPE.dMlp,
    num_hidden_layers: SHAPE.nLayers,
    num_attention_heads: SHAPE.nHeads,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    max_position_embeddings: SHAPE.context,
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 1,
    pad_token_id: 4,
    torch_dtype: 'float16',
    use_cache: true,
    ...FAMILIES[family],
  };
}

function take<T>(items: Iterator<T>, n: number): T[] {
  return Array.from({ length: n }, () => items.next().value as T);
}
