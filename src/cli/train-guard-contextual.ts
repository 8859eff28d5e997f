import type { Model } from '../engine/index.js';
import {
  type ContextualRun,
  type ContextualSettings,
  type Cuts,
  distinctPairs,
  groupedSplit,
  type NotDistinct,
  ordinaryTexts,
  type TokenPair,
  tokenPairs,
  trainContextual,
} from '../guard/index.js';
import { readOrdinaryPrompts } from '../steer/index.js';
import { formatCount, formatTable } from './format.js';
import { ordinaryPromptsOf } from './ordinary.js';
import { type GuardTrainingOptions, givenOf } from './train-guard-options.js';
import { functionsOf, groupsOf, leftOutText, tokenizerOf, trainingOf } from './train-pairs.js';

/** Of ordinary requests so many families are kept apart to set the threshold by. */
const KEPT_APART = 0.3;

/** Trains Suture's own guard. @returns what is printed */
export async function trainContextualGuard(
  model: Model,
  dir: string,
  settings: ContextualSettings,
  options: GuardTrainingOptions,
  signal: AbortSignal,
): Promise<string> {
  const { epochs, dropout, seed } = options;
  const { pairs: functions, leftOut } = distinctPairs(functionsOf(options));
  const { pairs, cuts } = tokenPairs(tokenizerOf(model), functions, {
    level: 'token',
    maxTokens: settings.maxTokens,
    policy: settings.tooLong,
  });
  const { train, validation } = groupedSplit(pairs, options.validation, seed);
  const requests =
    options.ordinary === undefined
      ? ordinaryPromptsOf(options)
      : readOrdinaryPrompts(options.ordinary);
  const learnt = requests.filter(({ split }) => split !== 'judge');
  const texts = await ordinaryTexts(model, learnt, { signal });
  const ordinary = groupedSplit(texts, KEPT_APART, seed);
  const trained = await trainContextual(model, train, {
    dir,
    settings,
    validation,
    ordinary,
    adapted: options.adapter,
    epochs,
    ...givenOf(options),
    dropout,
    seed,
    ...trainingOf(options, signal),
  });
  const found = { dir, settings, leftOut, cuts, train, validation, trained };
  return options.json ? `${JSON.stringify(figures(found), null, 2)}\n` : show(found);
}

interface Found {
  dir: string;
  settings: ContextualSettings;
  leftOut: NotDistinct;
  cuts: Cuts;
  train: readonly TokenPair[];
  validation: readonly TokenPair[];
  trained: ContextualRun;
}

const figures = ({ train, validation, ...rest }: Found) => ({
  ...rest,
  pairs: { train: train.length, validation: validation.length },
});

function show({ dir, leftOut, cuts, train, validation, trained }: Found): string {
  const { adapter, analyser, calibration, ordinary, acting, layers } = trained;
  const per = (share: number) => `${(100 * share).toFixed(1)} %`;
  const adapted =
    adapter === undefined
      ? 'The model is not adapted'
      : `${formatCount(adapter.parameters)} parameters of the adapter (${adapter.targetModules.join(', ')}), ${adapter.steps} steps`;
  const signed = (gain: number) => `${gain >= 0 ? '+' : ''}${gain.toFixed(4)}`;
  const trials = formatTable([
    ['strength', 'gain per token', 'at least', 'secure where functions part'],
    ...acting.trials.map((trial) => [
      `${trial.strength}${trial.strength === acting.strength ? ' *' : ''}`,
      signed(trial.gain),
      signed(trial.low),
      per(trial.secure),
    ]),
  ]);
  const reads = formatTable(
    layers.map((own) => [
      own.name,
      own.reads.map(({ hook, share }) => `${hook} ${share.toFixed(2)}`).join(', '),
    ]),
  );
  return `${train.length} pairs of ${groupsOf(train)} groups; ${validation.length} of ${groupsOf(validation)} others to validate${leftOutText(leftOut, { ...cuts })}
${adapted}; ${formatCount(analyser.parameters)} of the analyser, from ${analyser.examples} places, ${analyser.steps} steps
Probabilities of a decision are off by ${per(calibration.after)} on average (${per(calibration.before)} before calibration)
It acts where a decision is more likely than ${acting.threshold.toFixed(3)}; above ${ordinary.value.toFixed(3)} lie ${ordinary.alarms} of ${ordinary.prompts} ordinary texts that it never saw

On pairs and ordinary texts never trained on, by strength (* kept${acting.strength === 0 ? ': no guidance, as none is sure to gain' : ''})
${trials}
What it reads, and in which shares
${reads}
Written to ${dir}
Next  suture generate --guard ${dir}
`;
}
