import type { Model } from '../../engine/index.js';
import { loraModules, type ModelConfig } from '../../models/index.js';
import { type StepReport, writeAdapter } from '../../train/index.js';
import { originOf } from '../bound.js';
import { Batches } from '../data/batches.js';
import { checkLengths } from '../data/lengths.js';
import type { TokenPair } from '../data/tokens.js';
import { countOf, loraOn } from '../lora.js';
import { ensureTrainable, optimise, type TrainingOptions } from '../optimise.js';
import { analyserShapes, initialAnalyser } from './analyser.js';
import { tokenPrior } from './batches.js';
import { writeGuard } from './file.js';
import { DeepGuardObjective } from './objective.js';
import type { DeepGuardSettings } from './settings.js';

/** DeepGuard's configuration (its Table 8). */
const WARMUP = 0.1;
const PATIENCE = 3;

export interface DeepGuardOptions extends TrainingOptions {
  /** Where adapter and guard go; checkpoints are kept in `checkpoints/` in it, and a run that was cut off resumes. */
  dir: string;
  settings: DeepGuardSettings;
  /** Pairs that are never trained on: training ends when their loss has not fallen for 3 epochs. Defaults to none. */
  validation?: readonly TokenPair[];
  /** Of the adapters. Defaults to 16, and alpha to 32. */
  rank?: number;
  alpha?: number;
  /** Last parts of the adapted layers' names. Defaults to `deepGuardTargets`. */
  targetModules?: readonly string[];
  /** In adapters and analyser. Defaults to 0.1. */
  dropout?: number;
  /** Defaults to 5. */
  epochs?: number;
  /** Pairs of one pass. Defaults to 8. */
  batchSize?: number;
  /** Passes of one step. Defaults to 2. */
  accumulate?: number;
  /** The highest learning rate: a tenth of all steps leads up to it, the others linearly down. Defaults to 2e-5. */
  rate?: number;
  /** Of first parameters, order and dropout. Defaults to 42. */
  seed?: number;
}

/** What a run of training came to. */
export interface DeepGuardRun {
  steps: number;
  /** The step whose parameters were kept, and its validation loss; undefined without validation. */
  best: { step: number; loss: number } | undefined;
  targetModules: readonly string[];
  /** Trained numbers in adapter and guard. */
  parameters: { adapter: number; guard: number };
  /** Of the steps that were done now. */
  reports: StepReport[];
}

/**
 * Which linear layers DeepGuard adapts, by the last parts of their names: queries and values in the
 * Qwen families; `c_attn` where there is one; else all of the attention's.
 */
export function deepGuardTargets(config: ModelConfig): string[] {
  if (config.family.startsWith('qwen')) return ['q_proj', 'v_proj'];
  const modules = [...loraModules(config).keys()];
  const own = modules.filter((module) => /\.(self_attn|attn|attention)\./.test(module));
  const names = [...new Set(own.map((module) => module.split('.').at(-1)!))];
  return names.includes('c_attn') ? ['c_attn'] : names;
}

/**
 * Trains DeepGuard (ACL 2026) on pairs of functions: a LoRA adapter, the aggregator and analyser, and the
 * token prior. AdamW, linear schedule with warm-up, gradients clipped to norm 1.
 *
 * @param pairs cut to the settings' `maxTokens` already (`tokenPairs`)
 * @throws {SutureError} BAD_DATA for pairs that are longer, or none; BAD_ARGUMENT for layers or modules that
 *   the model does not have; UNSUPPORTED where its weights are not f32; INTERRUPTED; DISK
 * @example
 * const settings = VARIANTS.paper;
 * const { pairs } = tokenPairs(model.tokenizer, functions, { level: 'all', policy: settings.tooLong });
 * await trainDeepGuard(model, pairs, { dir: 'runs/deepguard', settings });
 */
export async function trainDeepGuard(
  model: Model,
  pairs: readonly TokenPair[],
  options: DeepGuardOptions,
): Promise<DeepGuardRun> {
  const { dir, settings, validation = [], rank = 16, alpha = 32, dropout = 0.1 } = options;
  const { epochs = 5, batchSize = 8, accumulate = 2, rate = 2e-5, seed = 42 } = options;
  const { config } = model;
  ensureTrainable(model);
  checkLengths(model, [...pairs, ...validation], settings.maxTokens);
  const targetModules = options.targetModules ?? deepGuardTargets(config);
  const lora = { rank, alpha, targetModules, dropout };
  const { trainable, initial } = loraOn(model, lora, seed, options);
  const { parameters, steps, best, reports } = await optimise(
    {
      dir,
      objective: new DeepGuardObjective(config, trainable, { settings, dropout, seed }),
      initial: new Map([...initial, ...initialAnalyser(config, settings, seed)]),
      items: pairs,
      pace: { epochs, batchSize, accumulate, rate, seed },
      warmup: WARMUP,
      ...(validation.length > 0 && { validation: { items: validation, patience: PATIENCE } }),
    },
    options,
  );
  const own = analyserShapes(config, settings);
  const adapter = new Map([...parameters].filter(([name]) => !own.has(name)));
  const guard = new Map([...parameters].filter(([name]) => own.has(name)));
  writeAdapter(dir, adapter, { ...lora, baseModel: model.id });
  // What the prior has seen is what the kept parameters have.
  const data = new Batches(pairs, { batchSize, seed });
  const seen = (best?.step ?? steps) * accumulate;
  writeGuard(dir, {
    metadata: {
      settings,
      ...originOf(model, pairs),
      training: {
        rank,
        alpha,
        targetModules,
        dropout,
        epochs,
        batchSize,
        accumulate,
        rate,
        seed,
        best,
      },
    },
    parameters: guard,
    prior: tokenPrior(
      Array.from({ length: seen }, (_, i) => data.batch(i)),
      config.vocabSize,
    ),
  });
  return {
    steps,
    best,
    targetModules,
    parameters: { adapter: countOf(adapter), guard: countOf(guard) },
    reports,
  };
}
