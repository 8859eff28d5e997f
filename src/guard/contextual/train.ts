import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensure, Progress } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import type { Threshold } from '../../stats/index.js';
import { originOf } from '../bound.js';
import { checkLengths } from '../data/lengths.js';
import type { TokenPair } from '../data/tokens.js';
import { ensureTrainable, type TrainingOptions } from '../optimise.js';
import { type TrainedAdapter, trainAdapter } from './adapter.js';
import { gateShares, streamHooks } from './analyser.js';
import type { Acting, Calibrated } from './calibrate.js';
import { classesOf, type OrdinaryText } from './decisions.js';
import { examplesOf, joined } from './examples.js';
import { writeContextual } from './file.js';
import { type Fitted, fitAnalyser } from './fit.js';
import { keysOf } from './keys.js';
import { measure } from './measure.js';
import { Priors } from './priors.js';
import { priorTable } from './scores.js';
import type { ContextualSettings } from './settings.js';
import { StateFile } from './states.js';

export interface ContextualOptions extends TrainingOptions {
  /** Where adapter and guard go; checkpoints and states are kept there while it is trained, and a run that was cut off resumes. */
  dir: string;
  settings: ContextualSettings;
  /** Pairs that are never trained on: the best epoch, probabilities and strength are found by them. */
  validation: readonly TokenPair[];
  /** Code that has nothing to do with security: to train on, and to calibrate by. */
  ordinary: { train: readonly OrdinaryText[]; validation: readonly OrdinaryText[] };
  /** Whether the model is adapted, or only guided. Defaults to true. */
  adapted?: boolean;
  /** Of the adapters. Defaults to 8, and alpha to 16. */
  rank?: number;
  alpha?: number;
  /** Last parts of the adapted layers' names. Defaults to `coSecTargets`. */
  targetModules?: readonly string[];
  /** In the adapters. Defaults to 0.1. */
  dropout?: number;
  /** Of the adapters. Defaults to 5. */
  epochs?: number;
  /** Pairs of one pass, and as many ordinary texts. Defaults to 2. */
  batchSize?: number;
  /** Passes of one step. Defaults to 1. */
  accumulate?: number;
  /** The adapters' highest learning rate: a tenth of all steps leads up to it, the others linearly down. Defaults to 2e-4. */
  rate?: number;
  /** Of first parameters, order, dropout and draws. Defaults to 42. */
  seed?: number;
}

/** What a run of training came to. */
export interface ContextualRun {
  /** Undefined where the model is not adapted. */
  adapter: TrainedAdapter | undefined;
  analyser: Fitted['analyser'];
  /** Which layers each class, and last the candidates, are read from, with their shares. */
  layers: { name: string; reads: { hook: string; share: number }[] }[];
  calibration: Calibrated;
  /** Above which risk it acts in no more than the budget of ordinary texts, and how many that was set by. */
  ordinary: Threshold;
  /**
   * Above which risk it acts, and how strongly; of each strength what it adds to the log-probability of a token of secure
   * functions and ordinary code that were never trained on, on average, and in which share of the places where functions
   * part the secure token is the more likely one.
   */
  acting: Acting;
}

/**
 * Trains a contextual guard: first a LoRA adapter on where the functions of pairs differ, then, on hidden states that
 * are read once, the analyser that guides decoding; last it is calibrated on pairs and ordinary texts that were never
 * trained on.
 *
 * @param pairs cut to the settings' `maxTokens` already (`tokenPairs`)
 * @throws {SutureError} BAD_DATA for pairs that are longer, or none, or too few ordinary texts for the budget;
 *   BAD_ARGUMENT for layers or modules that the model does not have; UNSUPPORTED where its weights are not f32;
 *   INTERRUPTED; DISK
 * @example
 * const { pairs } = tokenPairs(model.tokenizer, functions, { level: 'token' });
 * const { train, validation } = groupedSplit(pairs, 0.2, 0);
 * const texts = groupedSplit(await ordinaryTexts(model, prompts), 0.2, 0);
 * await trainContextual(model, train, { dir: 'runs/guard', settings: CONTEXTUAL, validation, ordinary: texts });
 */
export async function trainContextual(
  model: Model,
  pairs: readonly TokenPair[],
  options: ContextualOptions,
): Promise<ContextualRun> {
  const { dir, settings, validation, ordinary, adapted = true, seed = 42, signal } = options;
  const { config } = model;
  ensureTrainable(model);
  ensure(
    validation.length > 0,
    'BAD_DATA',
    'A guard is calibrated on pairs that it was not trained on: set some apart.',
  );
  checkLengths(model, [...pairs, ...validation], settings.maxTokens);
  const classes = classesOf([...pairs, ...validation]);
  const hooks = streamHooks(config, settings.layers);
  const adapter = adapted ? await trainAdapter(model, pairs, options) : undefined;
  const adapterDir = adapter && dir;

  const priors = new Priors(pairs);
  const learnt = examplesOf(pairs, ordinary.train, priors, { seed, to: 'learn' });
  const held = examplesOf(validation, ordinary.validation, priors, { seed, to: 'judge' });
  const all = joined(learnt, held);
  const kept = join(dir, 'states');
  const progress = new Progress('read states', all.sequences.length, {
    quiet: options.quiet ?? false,
  });
  const { states, candidates } = await StateFile.write(
    join(kept, 'states.f16'),
    model,
    all.sequences,
    {
      hooks,
      candidates: settings.candidates,
      adapter: adapterDir,
      signal,
      onProgress: (done) => progress.update(done),
    },
  ).finally(() => progress.done());
  try {
    const fitted = await fitAnalyser(model, all.examples, states, candidates, {
      ...options,
      classes,
      layers: hooks.length,
      learnt: learnt.examples.length,
    });
    const table = priorTable(priors, classes);
    const keys = await keysOf(fitted.shape, fitted.parameters, fitted.embedding);
    const measured = await measure(fitted, keys.data, states, {
      held,
      priors: table,
      candidates: candidates.slice(learnt.examples.length),
      first: learnt.examples.length,
      pairs: validation.length,
      groups: [
        ...validation.flatMap(({ group }) => [group, group]),
        ...ordinary.validation.map(({ group }) => group),
      ],
      classes,
      budget: settings.budget,
      seed,
    });
    const { parameters, ordinary: texts, calibration, acting } = measured;
    const read = fitted.layers.map((layer) => hooks[layer]!);
    writeContextual(dir, {
      metadata: {
        settings: {
          ...settings,
          classes,
          hooks: read,
          threshold: acting.threshold,
          strength: acting.strength,
          priors: table.tokens.length,
        },
        ...originOf(model, pairs),
        training: {
          seed,
          adapter,
          analyser: fitted.analyser,
          calibration,
          ordinary: texts,
          acting,
        },
      },
      parameters,
      keys,
      priors: table,
    });
    return {
      adapter,
      analyser: fitted.analyser,
      layers: readsOf(fitted, [...classes, 'candidates'], read),
      calibration,
      ordinary: texts,
      acting,
    };
  } finally {
    states.close();
    rmSync(kept, { recursive: true, force: true });
  }
}

/** Of each head what it reads, from the largest share down. */
function readsOf({ parameters }: Fitted, names: readonly string[], hooks: readonly string[]) {
  const shares = gateShares(parameters.get('gates')!);
  return names.map((name, head) => ({
    name,
    reads: hooks
      .map((hook, i) => ({ hook, share: shares[head]![i]! }))
      .filter(({ share }) => share > 0)
      .sort((a, b) => b.share - a.share),
  }));
}
