import { ensure } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import { bagsOfTokens } from '../../stats/index.js';
import type { LensPair } from '../lens/read.js';
import { analyse, type ProbeFindings } from './analyse.js';
import { holdsOutForms, judgedRows } from './crossvalidate.js';
import {
  examplesOf,
  type LeftOut,
  lexicalTokens,
  type ProbePair,
  type ProbePosition,
} from './examples.js';
import { checkGroups } from './folds.js';
import { meanEmbeddings, readResiduals } from './read.js';

export interface ProbeOptions {
  /**
   * Where to read. Defaults to `last_prompt` for prompts, and `decision` too where all have bodies; to
   * `changed` and `mean` for functions.
   */
  positions?: readonly ProbePosition[];
  /** Pairs with a longer text are left out. Defaults to 1024, and is at most the model's context. */
  maxTokens?: number;
  /** Sets of shuffled labels. Defaults to 3. */
  shuffles?: number;
  /** Of the shuffled labels and the bootstrap. Defaults to 0. */
  seed?: number;
  signal?: AbortSignal;
  /** Stage, done, total. */
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** What probes found in one model and set of pairs. */
export interface ProbeReport {
  model: string;
  pairs: number;
  /** Bases or repositories. */
  groups: number;
  leftOut: LeftOut;
  seed: number;
  shuffles: number;
  maxTokens: number;
  /** Pairs that probes were judged on, where others in other wordings were kept for fitting them. */
  judgedInOtherForms: number | undefined;
  positions: ({ position: ProbePosition } & ProbeFindings)[];
}

/**
 * From which layer on can it be read off the residual stream that a text asks for, or is, vulnerable
 * code? L2 logistic regression at every layer, judged on groups that it never saw, beside shuffled labels
 * and two lexical controls (Surgical Repair, section 2; DeepGuard, section 5.1; Hewitt & Liang 2019).
 *
 * @throws {SutureError} BAD_DATA for pairs of fewer than 3 groups, or without the bodies that `decision`
 *   needs; BAD_ARGUMENT where the model has no tokenizer; INTERRUPTED
 * @example
 * const report = await probe(model, promptPairs(pairs('CWE-787')));
 * console.log(probeVerdict(report.positions[0]));
 */
export async function probe(
  model: Model,
  pairs: readonly ProbePair[],
  options: ProbeOptions = {},
): Promise<ProbeReport> {
  const { shuffles = 3, seed = 0, signal, onProgress } = options;
  const positions = [...new Set(options.positions ?? usualPositions(pairs))];
  ensure(shuffles >= 1, 'BAD_ARGUMENT', 'Selectivity needs one set of shuffled labels at least.');
  ensure(
    !positions.includes('decision') || pairs.every(({ bodies }) => bodies),
    'BAD_DATA',
    'The decision is where two bodies part, and a pair here has none: probe other positions, or give bodies.',
  );
  const maxTokens = Math.min(options.maxTokens ?? 1024, model.config.maxPositions);
  const { examples, leftOut } = examplesOf(model, pairs, maxTokens);
  const groups = examples.map(({ group }) => group);
  checkGroups(groups);
  const residuals = await readResiduals(model, examples, positions, {
    signal,
    onProgress: onProgress && ((done, total) => onProgress('reading', done, total)),
  });
  const labelled = {
    vulnerable: examples.map(({ vulnerable }) => vulnerable),
    groups,
    pairs: examples.map(({ pair }) => pair),
    splits: examples.map(({ split }) => split),
  };
  const found: ProbeReport['positions'] = [];
  for (const position of positions) {
    const tokens = examples.map((example) => lexicalTokens(example, position));
    const inputs = {
      layers: residuals.get(position)!,
      bagOfTokens: bagsOfTokens(tokens),
      embeddings: await meanEmbeddings(model, tokens),
    };
    const findings = analyse(inputs, labelled, {
      shuffles,
      seed,
      onLayer: (done, total) => onProgress?.(`probing ${position}`, done, total),
    });
    found.push({ position, ...findings });
  }
  return {
    model: model.id,
    pairs: examples.length / 2,
    groups: new Set(groups).size,
    leftOut,
    seed,
    shuffles,
    maxTokens,
    judgedInOtherForms: holdsOutForms(labelled) ? judgedRows(labelled).length / 2 : undefined,
    positions: found,
  };
}

/** Prompt pairs as probes take them. */
export const promptPairs = (pairs: readonly (LensPair & Pick<ProbePair, 'split'>)[]): ProbePair[] =>
  pairs.map(({ id, base, split, prompts, bodies }) => ({
    id,
    group: base,
    kind: 'prompt',
    split,
    vulnerable: prompts.insecure!,
    secure: prompts.secure!,
    bodies: { vulnerable: bodies.insecure, secure: bodies.secure },
  }));

function usualPositions(pairs: readonly ProbePair[]): ProbePosition[] {
  if (pairs.some(({ kind }) => kind === 'function')) return ['changed', 'mean'];
  return pairs.every(({ bodies }) => bodies) ? ['last_prompt', 'decision'] : ['last_prompt'];
}
