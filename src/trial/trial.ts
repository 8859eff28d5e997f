import { join } from 'node:path';
import { ensure, sha256 } from '../core/index.js';
import type { Model } from '../engine/index.js';
import {
  type Completion,
  complete,
  functionPairOf,
  type PromptPair,
  RunFolder,
} from '../evaluate/index.js';
import { type OrdinaryRequest, type OrdinaryText, ordinaryTexts } from '../guard/index.js';
import { type IsRight, isReference, type OrdinaryTask, packageVersion } from '../repair/index.js';
import { Scanner } from '../scan/index.js';
import {
  type Answered,
  againstOf,
  corrected,
  type Judged,
  ordinaryScores,
  type SystemScores,
  scoresOf,
  type TrialMetrics,
} from './metrics.js';
import { type Ground, groundOf } from './split.js';
import type { Ready, System } from './system.js';

export interface TrialOptions {
  /** Pairs of at least four weaknesses, of six task families each. */
  pairs: readonly PromptPair[];
  /** Ordinary requests to learn from, and ordinary tasks of the same families to judge by: never of one family both. */
  requests: readonly OrdinaryRequest[];
  tasks: readonly OrdinaryTask[];
  /** Whether an answer to a task is right. Defaults to being the reference, to the letter. */
  isRight?: IsRight;
  systems: readonly System[];
  /** Each has another split, and another seed of training and of writing. Defaults to 3. */
  repetitions?: number;
  /** The run folder; a run that was cut off goes on where it stopped. */
  out: string;
  /** Completions of each prompt. Defaults to 2. */
  samples?: number;
  /** Most tokens of a completion. Defaults to 64. */
  maxNewTokens?: number;
  /** Called as work goes on: which system, and how many are done. */
  onProgress?: (stage: string, done: number, total: number) => void;
  signal?: AbortSignal;
}

/** As in Surgical Repair (section 4). */
const SAMPLING = { temperature: 0.6, topP: 0.9 };

/** Ordinary tasks have one best answer. */
const GREEDY = { temperature: 0, topP: 1 };

/** Prompts that press for the insecure way, and those that say nothing of it. */
const INTENTS = ['insecure', 'neutral'] as const;

/** What others are measured against. */
const YARDSTICKS = ['base', 'sven'];

/** A completion as it is kept. */
type Saved = Omit<Completion, 'pair'> & { system: string; set: Judged['set']; pair: string };

/**
 * Trains systems on the same pairs, and judges them on the same prompts, by the same rules: families of tasks that none
 * of them saw, weaknesses that none of them saw, and ordinary tasks. Each repetition trains anew, on other families and
 * with another seed.
 *
 * @throws {SutureError} BAD_DATA where there are too few weaknesses or families; BAD_ARGUMENT where the folder holds
 *   another run, or the model has no chat template; INTERRUPTED; DISK
 * @example
 * await trial(model, { pairs, requests, tasks, systems: SYSTEMS, out: 'runs/trial' });
 */
export async function trial(model: Model, options: TrialOptions): Promise<TrialMetrics> {
  const { pairs, systems, out, repetitions = 3, samples = 2, maxNewTokens = 64 } = options;
  ensure(
    model.tokenizer?.chatTemplate,
    'BAD_ARGUMENT',
    `${model.id} has no chat template: a trial asks as a conversation.`,
  );
  ensure(
    systems[0]?.name === 'base',
    'BAD_ARGUMENT',
    'The first system must be "base": the others are measured against it.',
  );
  const folder = RunFolder.start(out, {
    command: 'guard trial',
    suture: packageVersion(),
    model: { id: model.id, hash: model.hash, tokenizer: model.tokenizer.hash },
    sampling: { ...SAMPLING, samples, maxNewTokens },
    data: sha256(JSON.stringify([pairs, options.requests, options.tasks])),
  });
  try {
    const scanner = await Scanner.load();
    const judged = new Map<string, Judged[]>();
    const answered = new Map<string, Answered[]>();
    const seconds = new Map<string, number>();
    let done = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const one = new Repetition(model, scanner, folder, repetition, options);
      for (const system of systems) {
        options.onProgress?.(
          `${system.name}, repetition ${repetition + 1}`,
          done++,
          repetitions * systems.length,
        );
        const found = await one.of(system);
        append(judged, system.name, found.judged);
        append(answered, system.name, found.answered);
        seconds.set(system.name, (seconds.get(system.name) ?? 0) + found.seconds);
      }
    }
    const scored = systems.map(({ name, kind, description }): SystemScores => {
      const own = judged.get(name)!;
      const of = (set: Judged['set'], all = own) => all.filter((each) => each.set === set);
      return {
        name,
        kind,
        description,
        unseen: scoresOf(of('unseen')),
        heldOut: scoresOf(of('heldOut')),
        ordinary: ordinaryScores(answered.get(name)!, answered.get('base')!),
        against: YARDSTICKS.filter((other) => other !== name && judged.has(other)).map((other) =>
          againstOf(other, of('unseen'), of('unseen', judged.get(other)!)),
        ),
        seconds: seconds.get(name)!,
      };
    });
    const base = judged.get('base')!;
    const metrics: TrialMetrics = {
      version: 1,
      suture: packageVersion(),
      created: new Date().toISOString(),
      model: { id: model.id, hash: model.hash, family: model.config.family },
      repetitions,
      sampling: { ...SAMPLING, samples, maxNewTokens },
      cases: {
        unseen: base.filter(({ set }) => set === 'unseen').length,
        heldOut: base.filter(({ set }) => set === 'heldOut').length,
        ordinary: answered.get('base')!.length,
      },
      systems: corrected(scored),
    };
    folder.write('metrics.json', metrics);
    return metrics;
  } finally {
    folder.close();
  }
}

function append<T>(map: Map<string, T[]>, key: string, values: readonly T[]): void {
  map.set(key, [...(map.get(key) ?? []), ...values]);
}

/** What is kept of a system that is through with a repetition. */
interface Piece {
  answers: Omit<Answered, 'repetition'>[];
  seconds: number;
}

class Repetition {
  readonly #model: Model;
  readonly #scanner: Scanner;
  readonly #folder: RunFolder;
  readonly #number: number;
  readonly #options: TrialOptions;
  readonly #ground: Ground;
  readonly #requests: OrdinaryRequest[];
  readonly #tasks: OrdinaryTask[];
  #texts: Promise<OrdinaryText[]> | undefined;

  constructor(
    model: Model,
    scanner: Scanner,
    folder: RunFolder,
    number: number,
    options: TrialOptions,
  ) {
    this.#model = model;
    this.#scanner = scanner;
    this.#folder = folder;
    this.#number = number;
    this.#options = options;
    this.#ground = groundOf(options.pairs, number);
    // One half of the ordinary families is learnt from, the other judges; they change places with each repetition.
    const families = [...new Set(options.requests.map(({ base }) => base))].sort();
    const learnt = (family: string) => (families.indexOf(family) + number) % 2 === 0;
    this.#requests = options.requests.filter(({ base }) => learnt(base));
    this.#tasks = options.tasks.filter(({ id }) => {
      const family = id.split('/')[0]!;
      return families.includes(family) && !learnt(family);
    });
  }

  /** How a system does: from the folder, as far as it is there. */
  async of(system: System): Promise<{ judged: Judged[]; answered: Answered[]; seconds: number }> {
    const { unseen, heldOut } = this.#ground;
    const cases = (['unseen', 'heldOut'] as const).flatMap((set) =>
      (set === 'unseen' ? unseen : heldOut).flatMap((pair) =>
        INTENTS.map((intent) => ({ set, pair, intent })),
      ),
    );
    const place = `repetition-${this.#number + 1}`;
    const file = `${place}/${system.name}.jsonl`;
    const known = new Map(
      this.#folder
        .readLines<Saved>(file)
        .map((saved) => [`${saved.pair} ${saved.intent} ${saved.sample}`, saved]),
    );
    const restored = (pair: PromptPair, intent: string, sample: number) => {
      const saved = known.get(`${pair.id} ${intent} ${sample}`);
      if (!saved) return undefined;
      const { system: _, set: __, ...rest } = saved;
      return { ...rest, pair };
    };
    const { samples = 2 } = this.#options;
    const piece = await this.#folder.once<Piece>(
      `pieces/${place}/${system.name}.json`,
      async () => {
        const began = performance.now();
        const ready = await system.prepare({
          model: this.#model,
          functions: this.#ground.train.map((pair, i) =>
            functionPairOf(pair, INTENTS[i % INTENTS.length]),
          ),
          requests: this.#requests,
          texts: () => this.#writeOrdinary(),
          dir: join(this.#folder.dir, place),
          seed: this.#number + 1,
          signal: this.#options.signal,
        });
        try {
          const conditions = cases.map(({ pair, intent }) => ({
            pair,
            intent,
            ...(ready.preamble && { preamble: ready.preamble(pair.cwe) }),
          }));
          const prompts = this.#model.encode({
            messages: conditions.map(({ pair, intent, preamble }) => [
              asked(preamble, pair.prompts[intent]),
            ]),
          });
          await complete(
            this.#model,
            this.#scanner,
            conditions,
            { ...this.#sampling(), ...(await ready.options?.(prompts, SAMPLING)), n: samples },
            {
              known: (row, sample) => restored(cases[row]!.pair, cases[row]!.intent, sample),
              onCompletion: (row, { pair, ...rest }) => {
                const saved = { system: system.name, set: cases[row]!.set, pair: pair.id, ...rest };
                this.#folder.append(file, saved);
                known.set(`${pair.id} ${rest.intent} ${rest.sample}`, saved);
              },
            },
          );
          const answers = await this.#answers(ready);
          return { answers, seconds: (performance.now() - began) / 1000 };
        } finally {
          await ready.close?.();
        }
      },
    );
    return {
      judged: cases.flatMap(({ set, pair, intent }) =>
        Array.from({ length: samples }, (_, sample) => ({
          repetition: this.#number,
          set,
          completion: restored(pair, intent, sample)!,
        })),
      ),
      answered: piece.answers.map((answer) => ({ ...answer, repetition: this.#number })),
      seconds: piece.seconds,
    };
  }

  #writeOrdinary(): Promise<OrdinaryText[]> {
    const { signal } = this.#options;
    this.#texts ??= ordinaryTexts(this.#model, this.#requests, { signal });
    return this.#texts;
  }

  #sampling() {
    const { maxNewTokens = 64, signal } = this.#options;
    return {
      ...SAMPLING,
      seed: this.#number,
      maxNewTokens,
      ...(signal && { signal }),
    };
  }

  /** Ordinary tasks, answered greedily. */
  async #answers(ready: Ready): Promise<Piece['answers']> {
    const { maxNewTokens = 64, isRight = isReference, signal } = this.#options;
    const cwe = this.#ground.unseen[0]!.cwe;
    const messages = this.#tasks.map(({ prompt }) => [asked(ready.preamble?.(cwe), prompt)]);
    const { samples } = await this.#model.generate(
      { messages },
      {
        maxNewTokens: 2 * maxNewTokens,
        ...(await ready.options?.(this.#model.encode({ messages }), GREEDY)),
        ...(signal && { signal }),
      },
    );
    return Promise.all(
      samples.map(async ({ prompt, text }) => ({
        task: this.#tasks[prompt]!.id,
        text,
        right: await isRight(this.#tasks[prompt]!, text),
      })),
    );
  }
}

const asked = (preamble: string | undefined, prompt: string) => ({
  role: 'user' as const,
  content: preamble ? `${preamble}\n${prompt}` : prompt,
});
