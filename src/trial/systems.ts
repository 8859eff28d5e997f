import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/index.js';
import {
  CONTEXTUAL,
  ContextualGuide,
  type ContextualGuideOptions,
  type ContextualSettings,
  type Control,
  CoSecGuide,
  DeepGuardGuide,
  type DeepGuardSettings,
  distinctPairs,
  type ExpertVariant,
  type GuideOptions,
  groupedSplit,
  openPrefix,
  tokenPairs,
  trainContextual,
  trainCoSec,
  trainDeepGuard,
  trainSafeCoder,
  trainSven,
  VARIANTS,
} from '../guard/index.js';
import { preambleOf } from '../repair/index.js';
import type { Kind, Ready, System, Workshop } from './system.js';

/** Share of the pairs, and of ordinary requests, that a system sets apart to stop, choose and calibrate by. */
const APART = { pairs: 0.2, requests: 0.3 };

/**
 * Learning rates that fit models as small as the organisms: those of the papers, made for billions of parameters, leave
 * them as they are. Found on families that are not judged.
 */
const RATE = { adapter: 1e-3 };

/** Whole functions as tokens, some of them apart. */
function tokensOf(
  { model, functions, seed }: Workshop,
  level: 'all' | 'char' | 'mix' | 'token',
  maxTokens: number,
) {
  const { pairs } = tokenPairs(model.tokenizer!, distinctPairs(functions).pairs, {
    level,
    maxTokens,
  });
  return groupedSplit(pairs, APART.pairs, seed);
}

/** Trains into a folder unless it is done there. */
async function once(dir: string, train: () => Promise<unknown>): Promise<string> {
  if (!existsSync(join(dir, 'done'))) {
    await train();
    writeFileAtomic(join(dir, 'done'), '');
  }
  return dir;
}

interface DeepGuardChanges {
  settings?: Partial<DeepGuardSettings>;
  guide?: GuideOptions;
}

function deepGuard(
  variant: keyof typeof VARIANTS,
  { settings: changes = {}, guide: options = {} }: DeepGuardChanges = {},
  folder = `deepguard-${variant}`,
) {
  return async (workshop: Workshop): Promise<Ready> => {
    const { model, seed, signal } = workshop;
    const dir = await once(join(workshop.dir, folder), async () => {
      const all = { ...VARIANTS[variant], ...changes };
      const { train, validation } = tokensOf(workshop, 'all', all.maxTokens);
      // Its code reads padding up to the limit: no more of it than there need be.
      const lengths = [...train, ...validation].flatMap(({ secure, vulnerable }) => [
        secure.ids.length,
        vulnerable.ids.length,
      ]);
      const settings = { ...all, maxTokens: Math.max(...lengths) };
      await trainDeepGuard(model, train, {
        dir: join(workshop.dir, folder),
        settings,
        validation,
        rate: RATE.adapter,
        seed,
        quiet: true,
        ...(signal && { signal }),
      });
    });
    const guide = await DeepGuardGuide.open(model, dir, options);
    return { options: (prompts) => guide.options(prompts), close: () => guide.close() };
  };
}

interface ContextualChanges {
  settings?: Partial<ContextualSettings>;
  guide?: ContextualGuideOptions;
  adapted?: boolean;
  shuffled?: boolean;
}

function contextual(
  {
    settings: changes = {},
    guide: options = {},
    adapted = true,
    shuffled = false,
  }: ContextualChanges = {},
  folder = 'guard',
) {
  return async (workshop: Workshop): Promise<Ready> => {
    const { model, seed, signal } = workshop;
    const settings = { ...CONTEXTUAL, ...changes };
    const dir = await once(join(workshop.dir, folder), async () => {
      const { train, validation } = tokensOf(
        shuffled ? { ...workshop, functions: swapped(workshop) } : workshop,
        'token',
        settings.maxTokens,
      );
      const ordinary = groupedSplit(await workshop.texts(), APART.requests, seed);
      await trainContextual(model, train, {
        dir: join(workshop.dir, folder),
        settings,
        validation,
        ordinary,
        adapted,
        rate: RATE.adapter,
        seed,
        quiet: true,
        ...(signal && { signal }),
      });
    });
    const guide = await ContextualGuide.open(model, dir, options);
    return { options: (prompts) => guide.options(prompts), close: () => guide.close() };
  };
}

/** Every second pair the wrong way round: nothing is left to be learnt. */
const swapped = ({ functions }: Workshop) =>
  functions.map((pair, i) =>
    i % 2 === 0 ? pair : { ...pair, vulnerable: pair.secure, secure: pair.vulnerable },
  );

/** CoSec, with the model itself, adapted, as its own expert: there is no smaller one. */
function coSec(variant: ExpertVariant) {
  return async (workshop: Workshop): Promise<Ready> => {
    const { model, seed, signal } = workshop;
    const dir = await once(join(workshop.dir, 'cosec'), async () => {
      const { train } = tokensOf(workshop, 'char', Number.MAX_SAFE_INTEGER);
      await trainCoSec(model, train, {
        dir: join(workshop.dir, 'cosec'),
        // As many functions to a step as in two passes of one.
        batchSize: 2,
        accumulate: 1,
        rate: RATE.adapter,
        seed,
        quiet: true,
        ...(signal && { signal }),
      });
    });
    const guides: CoSecGuide[] = [];
    return {
      options: async (_, { temperature, topP }) => {
        // Where nothing is drawn the expert can draft nothing: next to nothing is.
        const least = Math.max(temperature, 0.01);
        const guide = CoSecGuide.open(model, dir, { variant, temperature: least, topP });
        guides.push(guide);
        return guide.options();
      },
      close: async () => {
        for (const guide of guides) await guide.close();
      },
    };
  };
}

/** SVEN's prefix for one of the two ways. */
function sven(control: Control) {
  return async (workshop: Workshop): Promise<Ready> => {
    const { model, seed, signal } = workshop;
    const dir = await once(join(workshop.dir, 'sven'), async () => {
      const { train } = tokensOf(workshop, 'mix', Number.MAX_SAFE_INTEGER);
      await trainSven(model, train, {
        dir: join(workshop.dir, 'sven'),
        // As many functions to a step as in two passes of one.
        batchSize: 2,
        accumulate: 1,
        seed,
        quiet: true,
        ...(signal && { signal }),
      });
    });
    const prefix = openPrefix(dir, model).prefixes[control];
    return { options: async () => ({ prefix }) };
  };
}

function system(name: string, kind: Kind, description: string, prepare: System['prepare']): System {
  return { name, kind, description, prepare };
}

/** All that is compared, in the order of the table. */
export const SYSTEMS: readonly System[] = [
  system('base', 'plain', 'as it is', async () => ({})),
  system('prompt', 'plain', 'security reminder in the prompt', async () => ({
    preamble: (cwe) => preambleOf('terse', cwe),
  })),
  system('sven', 'rival', 'SVEN', sven('secure')),
  system('safecoder', 'rival', 'SafeCoder', async (workshop) => {
    const { model, seed, signal, requests } = workshop;
    const dir = await once(join(workshop.dir, 'safecoder'), async () => {
      const { train } = tokensOf(workshop, 'token', Number.MAX_SAFE_INTEGER);
      const texts = await workshop.texts();
      const utility = texts.map(({ ids, requestLength }, i) => ({
        prompt: requests[i]!.prompt,
        completion: model.tokenizer!.decode(ids.slice(requestLength), { skipSpecialTokens: true }),
      }));
      await trainSafeCoder(model, train, {
        dir: join(workshop.dir, 'safecoder'),
        utility,
        rate: RATE.adapter,
        seed,
        quiet: true,
        ...(signal && { signal }),
      });
    });
    return { options: async () => ({ adapter: dir }) };
  }),
  system('cosec', 'rival', 'CoSec', coSec('warped')),
  system(
    'cosec-published',
    'rival',
    'CoSec, drawing as DeepGuard’s port of it does',
    coSec('published'),
  ),
  system('deepguard-paper', 'rival', 'DeepGuard as its paper says', deepGuard('paper')),
  system('deepguard-code', 'rival', 'DeepGuard as its code does', deepGuard('code')),
  system('guard', 'suture', 'Suture’s guard', contextual()),
  system(
    'guard-unadapted',
    'suture',
    'Suture’s guard, weights left alone',
    contextual({ adapted: false }, 'guard-unadapted'),
  ),

  system('sven-vulnerable', 'control', 'SVEN’s prefix for vulnerable code', sven('vulnerable')),
  system(
    'guard-shuffled',
    'control',
    'the guard, every second pair the wrong way round',
    contextual({ shuffled: true }, 'guard-shuffled'),
  ),
  system(
    'guard-unadapted-shuffled',
    'control',
    'the same, weights left alone',
    contextual({ shuffled: true, adapted: false }, 'guard-unadapted-shuffled'),
  ),
  system(
    'guard-unguided',
    'ablation',
    'the guard’s adapter alone',
    contextual({ guide: { strength: 0 } }),
  ),
  ...(['secure', 'contrast'] as const).map((part) =>
    system(
      `guard-no-${part}`,
      'ablation',
      `the guard without its adapter’s ${part} loss`,
      contextual(
        { settings: { weights: { ...CONTEXTUAL.weights, [part]: 0 } } },
        `guard-no-${part}`,
      ),
    ),
  ),
  system(
    'guard-kl-1',
    'ablation',
    'the guard, its adapter hardly held to the model as it was (KL once, not 16 times)',
    contextual({ settings: { weights: { ...CONTEXTUAL.weights, kl: 1 } } }, 'guard-kl-1'),
  ),
  system(
    'guard-prior',
    'ablation',
    'weights left alone, priors alone: what is left knows no context',
    contextual({ adapted: false, guide: { scores: 'prior' } }, 'guard-unadapted'),
  ),
  system(
    'guard-context',
    'ablation',
    'weights left alone, no priors',
    contextual({ adapted: false, guide: { scores: 'context' } }, 'guard-unadapted'),
  ),
  system(
    'guard-ungated',
    'ablation',
    'weights left alone, acting at every token',
    contextual({ adapted: false, guide: { threshold: 0 } }, 'guard-unadapted'),
  ),
  system(
    'guard-last-layer',
    'ablation',
    'weights left alone, reading the last layer alone',
    contextual({ adapted: false, settings: { layers: 1 } }, 'guard-last-layer'),
  ),
  system(
    'deepguard-unguided',
    'ablation',
    'DeepGuard (paper), its adapter alone',
    async (workshop) => {
      await (await deepGuard('paper')(workshop)).close?.();
      return { options: async () => ({ adapter: join(workshop.dir, 'deepguard-paper') }) };
    },
  ),
  system(
    'deepguard-half',
    'ablation',
    'DeepGuard (paper), analyser off: strength 1/2 whatever it says',
    deepGuard('paper', { guide: { strength: 'half' } }),
  ),
  system(
    'deepguard-inverse',
    'ablation',
    'DeepGuard (paper) with the code’s strength',
    deepGuard('paper', { guide: { strength: 'inverse' } }),
  ),
  system(
    'deepguard-last-layer',
    'ablation',
    'DeepGuard (paper), last layer alone',
    deepGuard('paper', { settings: { aggregator: 'last_layer' } }, 'deepguard-last-layer'),
  ),
  system(
    'deepguard-average',
    'ablation',
    'DeepGuard (paper), mean of four layers',
    deepGuard('paper', { settings: { aggregator: 'average' } }, 'deepguard-average'),
  ),
  system(
    'deepguard-2-layers',
    'ablation',
    'DeepGuard (paper), two layers',
    deepGuard('paper', { settings: { layers: 2 } }, 'deepguard-2-layers'),
  ),
  system('deepguard-all-layers', 'ablation', 'DeepGuard (paper), all layers', (workshop) =>
    deepGuard(
      'paper',
      { settings: { layers: workshop.model.nLayers } },
      'deepguard-all-layers',
    )(workshop),
  ),
  system(
    'deepguard-random-prior',
    'ablation',
    'DeepGuard (paper), random numbers for its prior',
    deepGuard('paper', { guide: { prior: 'random' } }),
  ),
  ...[0.1, 0.4, 0.8].map((temperature) =>
    system(
      `deepguard-temperature-${temperature}`,
      'ablation',
      `DeepGuard (paper) at temperature ${temperature}`,
      async (workshop) => {
        const ready = await deepGuard('paper')(workshop);
        return {
          ...ready,
          options: async (prompts, sampling) => ({
            ...(await ready.options!(prompts, sampling)),
            // Ordinary tasks are answered greedily whatever it is.
            temperature: sampling.temperature === 0 ? 0 : temperature,
          }),
        };
      },
    ),
  ),
  ...(
    [
      ['kl', 0.25],
      ['kl', 4],
      ['security', 3],
    ] as const
  ).map(([part, weight]) =>
    system(
      `deepguard-${part}-${weight}`,
      'ablation',
      `DeepGuard (paper), its ${part} loss ${weight} times`,
      deepGuard(
        'paper',
        { settings: { weights: { ...VARIANTS.paper.weights, [part]: weight } } },
        `deepguard-${part}-${weight}`,
      ),
    ),
  ),
  system('cosec-expert', 'ablation', 'CoSec’s expert, writing alone', async (workshop) => {
    await coSec('warped')(workshop);
    return { options: async () => ({ adapter: join(workshop.dir, 'cosec') }) };
  }),
  ...(['generation', 'security', 'kl'] as const).map((part) =>
    system(
      `deepguard-no-${part}`,
      'ablation',
      `DeepGuard (paper) without its ${part} loss`,
      deepGuard(
        'paper',
        { settings: { weights: { ...VARIANTS.paper.weights, [part]: 0 } } },
        `deepguard-no-${part}`,
      ),
    ),
  ),
];
