import type { Model } from '../engine/index.js';
import {
  type Cuts,
  DeepGuardGuide,
  type DeepGuardRun,
  type DeepGuardSettings,
  distinctPairs,
  groupedSplit,
  type NotDistinct,
  type TokenPair,
  tokenPairs,
  trainDeepGuard,
} from '../guard/index.js';
import { mean } from '../stats/index.js';
import { formatCount } from './format.js';
import { type GuardTrainingOptions, givenOf } from './train-guard-options.js';
import { functionsOf, groupsOf, leftOutText, tokenizerOf, trainingOf } from './train-pairs.js';

/** Trains DeepGuard. @returns what is printed */
export async function trainDeepGuardVariant(
  model: Model,
  dir: string,
  settings: DeepGuardSettings,
  options: GuardTrainingOptions,
  signal: AbortSignal,
): Promise<string> {
  const { epochs, dropout, seed } = options;
  const { pairs: functions, leftOut } = distinctPairs(functionsOf(options));
  const { pairs, cuts } = tokenPairs(tokenizerOf(model), functions, {
    level: 'all',
    maxTokens: settings.maxTokens,
    policy: settings.tooLong,
  });
  const { train, validation } = groupedSplit(pairs, options.validation, seed);
  const trained = await trainDeepGuard(model, train, {
    dir,
    settings,
    validation,
    epochs,
    ...givenOf(options),
    dropout,
    seed,
    ...trainingOf(options, signal),
  });
  const judged = await judge(model, dir, validation);
  const found = { dir, settings, leftOut, cuts, train, validation, trained, judged };
  return options.json ? `${JSON.stringify(figures(found), null, 2)}\n` : show(found);
}

interface Judged {
  secure: number;
  vulnerable: number;
  /** Pairs whose secure function scores higher. */
  right: number;
}

/** How the analyser scores the pairs that were kept apart. */
async function judge(
  model: Model,
  dir: string,
  pairs: readonly TokenPair[],
): Promise<Judged | undefined> {
  if (pairs.length === 0) return undefined;
  const guide = await DeepGuardGuide.open(model, dir);
  try {
    const secure = await guide.scores(pairs.map((pair) => pair.secure.ids));
    const vulnerable = await guide.scores(pairs.map((pair) => pair.vulnerable.ids));
    const right = secure.filter((score, i) => score > vulnerable[i]!).length;
    return { secure: mean(secure), vulnerable: mean(vulnerable), right };
  } finally {
    await guide.close();
  }
}

interface Found {
  dir: string;
  settings: DeepGuardSettings;
  leftOut: NotDistinct;
  cuts: Cuts;
  train: readonly TokenPair[];
  validation: readonly TokenPair[];
  trained: DeepGuardRun;
  judged: Judged | undefined;
}

const figures = ({ train, validation, ...rest }: Found) => ({
  ...rest,
  pairs: { train: train.length, validation: validation.length },
});

function show({ dir, leftOut, cuts, train, validation, trained, judged }: Found): string {
  const { adapter, guard } = trained.parameters;
  const lines = [
    `${train.length} pairs of ${groupsOf(train)} groups; ${validation.length} of ${groupsOf(validation)} others to validate${leftOutText(leftOut, { ...cuts })}`,
    `${formatCount(adapter)} parameters of the adapter (${trained.targetModules.join(', ')}), ${formatCount(guard)} of the guard; ${trained.steps} steps`,
  ];
  if (trained.best) {
    lines.push(
      `Lowest validation loss ${trained.best.loss.toFixed(4)}, after step ${trained.best.step}, which is kept`,
    );
  }
  if (judged) {
    lines.push(
      `Scores of pairs never seen: secure ${judged.secure.toFixed(3)}, vulnerable ${judged.vulnerable.toFixed(3)}; the secure one is higher in ${judged.right} of ${validation.length}`,
    );
  }
  lines.push(`Written to ${dir}`, `Next  suture generate --guard ${dir}`);
  return `${lines.join('\n')}\n`;
}
