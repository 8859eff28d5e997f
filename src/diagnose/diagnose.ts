import { z } from 'zod';
import { ensure, sha256 } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { type PromptPair, type ReviewItem, RunFolder } from '../evaluate/index.js';
import type { FormedCompletion, GapFindings, JudgedReview } from './gap/analyse.js';
import { FORMS } from './gap/forms.js';
import { measureGap } from './gap/measure.js';
import { type LensFindings, lens } from './lens/lens.js';
import type { LensPair } from './lens/read.js';
import { type PatchFindings, patch } from './patch/patch.js';
import { PLACES } from './patch/places.js';
import { PROBE_POSITIONS } from './probe/examples.js';
import { type ProbeReport, probe, promptPairs } from './probe/probe.js';
import { type Evidence, formatEvidence, gapEvidence } from './verdict/evidence.js';
import { type Answer, verdict } from './verdict/verdict.js';

export const STAGES = ['gap', 'probe', 'lens', 'patch'] as const;
export type Stage = (typeof STAGES)[number];

/** What `diagnose` measures, and how; every field has a default. */
export const diagnoseConfig = z.strictObject({
  stages: z
    .array(z.enum(STAGES))
    .min(1)
    .default([...STAGES]),
  /** Of every random draw. */
  seed: z.int().min(0).default(0),
  gap: z
    .strictObject({
      /** Completions of each prompt. */
      samples: z.int().min(1).default(1),
      /** Forms of the answer; those that they are compared with are added. */
      forms: z
        .array(z.enum(FORMS))
        .min(1)
        .default([...FORMS]),
      /** Most tokens of an answer. */
      maxNewTokens: z.int().min(1).default(256),
    })
    .prefault({}),
  probe: z
    .strictObject({
      /** The verdict goes by the last one. */
      positions: z.array(z.enum(PROBE_POSITIONS)).min(1).default(['last_prompt', 'decision']),
      maxTokens: z.int().min(1).default(1024),
      shuffles: z.int().min(1).default(3),
    })
    .prefault({}),
  patch: z
    .strictObject({
      /** Pairs of each base. */
      pairsPerBase: z.int().min(1).default(4),
      places: z
        .array(z.enum(PLACES))
        .min(1)
        .default([...PLACES]),
      /** Random vectors beside each. */
      randoms: z.int().min(1).default(5),
    })
    .prefault({}),
});
export type DiagnoseConfig = z.infer<typeof diagnoseConfig>;

/** What is diagnosed with what, for run.json and for readers. */
export interface About {
  /** Version of Suture. */
  suture: string;
  cwe: string;
  /** Where the pairs and the snippets to review are from: `organism`, or a path. */
  pairs: string;
}

export interface DiagnoseOptions {
  /** With bodies; of at least 3 bases. */
  pairs: readonly LensPair[];
  /** What the gap is measured on: pairs that nothing is derived from, and snippets. Without them it is not. */
  tasks?: { pairs: readonly PromptPair[]; reviewItems: readonly ReviewItem[] };
  config: DiagnoseConfig;
  /** The run's folder; one that was cut off goes on. */
  out: string;
  about: About;
  signal?: AbortSignal;
  /** Stage, done, total. */
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** Everything that a diagnosis found: `metrics.json`. */
export interface DiagnoseMetrics {
  version: 1;
  about: About;
  model: { id: string; family: string; nLayers: number; dModel: number; hash: string };
  config: DiagnoseConfig;
  data: { pairs: number; bases: string[]; reviewItems: number };
  answers: Answer[];
  evidence: Evidence;
  gap: GapFindings | undefined;
  probe: ProbeReport | undefined;
  patch: PatchFindings | undefined;
  lens: LensFindings | undefined;
  /** Of the last start; a run that went on took longer in all. */
  seconds: number;
}

/**
 * Where does what a model knows about security go? All measurements of one weakness, and what they add up to.
 *
 * Each piece of a stage is put into `pieces/` of the run's folder as it is done, and not done again when
 * the same run is started again.
 *
 * @throws {SutureError} BAD_ARGUMENT where the folder holds another run; what the stages throw; INTERRUPTED
 */
export async function diagnose(model: Model, options: DiagnoseOptions): Promise<DiagnoseMetrics> {
  const began = performance.now();
  const { pairs, tasks, config, about, out, signal, onProgress } = options;
  ensure(pairs.length > 0, 'BAD_DATA', 'There are no pairs to diagnose with.');
  const { seed } = config;
  const bases = [...new Set(pairs.map(({ base }) => base))];
  const folder = RunFolder.start(out, {
    command: 'diagnose',
    ...about,
    model: { id: model.id, hash: model.hash, tokenizer: model.tokenizer?.hash },
    config,
    data: sha256(JSON.stringify([pairs, tasks])),
  });
  try {
    const runs = (stage: Stage) => config.stages.includes(stage);
    const piece = <T>(stage: Stage, name: string, work: () => Promise<T>) =>
      folder.once(`pieces/${stage}-${name}.json`, work);
    const shared = (stage: Stage) => ({
      ...(signal && { signal }),
      onProgress: (part: string, done: number, total: number) =>
        onProgress?.(`${stage}: ${part}`, done, total),
    });

    let gap: GapFindings | undefined;
    let gapEvident: Pick<Evidence, 'gap' | 'formats'> = {};
    if (runs('gap') && tasks) {
      const [reviewFile, completionFile] = ['pieces/gap-reviews.jsonl', 'pieces/gap-written.jsonl'];
      const done = {
        reviews: folder.readLines<JudgedReview>(reviewFile),
        completions: folder.readLines<FormedCompletion>(completionFile),
      };
      gap = await piece('gap', 'findings', () =>
        measureGap(model, tasks.pairs, tasks.reviewItems, {
          ...config.gap,
          ...shared('gap'),
          seed,
          done,
          onReview: (one) => folder.append(reviewFile, one),
          onCompletion: (one) => folder.append(completionFile, one),
        }),
      );
      gapEvident = {
        gap: gapEvidence(gap),
        formats: formatEvidence(gap),
      };
    }

    let probed: ProbeReport | undefined;
    if (runs('probe')) {
      const { positions, ...how } = config.probe;
      const parts: ProbeReport[] = [];
      for (const position of positions) {
        const work = () =>
          probe(model, promptPairs(pairs), {
            ...how,
            ...shared('probe'),
            positions: [position],
            seed,
          });
        parts.push(await piece('probe', position, work));
      }
      probed = { ...parts[0]!, positions: parts.flatMap((part) => part.positions) };
    }

    const seen = runs('lens')
      ? await piece('lens', 'logit', () => lens(model, pairs, { ...shared('lens'), seed }))
      : undefined;

    const moved = runs('patch')
      ? await piece('patch', 'twins', () =>
          patch(model, pairs, {
            ...config.patch,
            ...shared('patch'),
            seed,
            journal: folder.journal('pieces/patch-runs.jsonl'),
          }),
        )
      : undefined;

    const evidence: Evidence = {
      nLayers: model.nLayers,
      groups: bases.length,
      ...gapEvident,
      patch: moved,
      probe: probed?.positions.at(-1),
      lens: seen?.contrast.parting,
    };
    const metrics: DiagnoseMetrics = {
      version: 1,
      about,
      model: {
        id: model.id,
        family: model.config.family,
        nLayers: model.nLayers,
        dModel: model.dModel,
        hash: model.hash,
      },
      config,
      data: { pairs: pairs.length, bases, reviewItems: tasks?.reviewItems.length ?? 0 },
      answers: verdict(evidence),
      evidence,
      gap,
      probe: probed,
      lens: seen,
      patch: moved,
      seconds: (performance.now() - began) / 1000,
    };
    folder.write('metrics.json', metrics);
    return metrics;
  } finally {
    folder.close();
  }
}
