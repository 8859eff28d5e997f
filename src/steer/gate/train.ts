import { ensure, groupBy, sha256 } from '../../core/index.js';
import { boundTo, type Model } from '../../engine/index.js';
import type { Cwe } from '../../scan/index.js';
import { clusterBootstrap, thresholdOf } from '../../stats/index.js';
import type { GateFile, GateMetadata, GateRate } from './file.js';
import { fitHeads, GATE_METHODS, type GateMethod, type Heads, routeOf, scoreOf } from './heads.js';
import { type GatePrompt, type ReadPrompts, readPrompts } from './prompts.js';

export interface TrainGateOptions {
  /** Defaults to `probe`. */
  method?: GateMethod;
  /** Share of ordinary prompts that may be steered. Defaults to 0.01. */
  budget?: number;
  /** Layers to choose from. Defaults to eight, evenly spread, or all of fewer. */
  layers?: readonly number[];
  signal?: AbortSignal;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** What a gate does with prompts of bases, and in forms, that it was not trained on. */
export interface GateEvaluation {
  by: GateMethod | typeof BAG;
  /** Of ordinary prompts, those that would be steered. */
  falseAlarms: GateRate;
  /** Of concerned prompts, those left alone, and those given to another weakness. */
  missed: GateRate;
  misrouted: GateRate;
  /** What each weakness's prompts, and ordinary ones, were taken for. */
  confusion: Record<string, Record<string, number>>;
}

const BAG = 'bag of tokens';
const ORDINARY = 'ordinary';
const OUTER = 7;
const INNER = 3;

/**
 * A gate for a model: which of some weaknesses, if any, a prompt concerns, by the residual stream at its
 * last token. The layer is chosen on inner folds; what it does is measured by leaving bases out, seven folds,
 * each with its own layer, heads and threshold, beside a bag of tokens that is trained in the same way.
 *
 * @throws {SutureError} BAD_DATA for too few ordinary prompts or bases; INTERRUPTED
 * @example
 * const { gate } = await trainGate(model, [...concernedPrompts(pairs('CWE-787')), ...ordinary]);
 * writeGate('gate.safetensors', gate);
 */
export async function trainGate(
  model: Model,
  prompts: readonly GatePrompt[],
  options: TrainGateOptions = {},
): Promise<{ gate: GateFile; evaluations: GateEvaluation[] }> {
  const { method = 'probe', budget = 0.01, signal, onProgress } = options;
  const layers = options.layers ?? spread(model.nLayers);
  checkPrompts(prompts);
  const read = await readPrompts(model, prompts, {
    ...(signal && { signal }),
    onProgress: (done, total) => onProgress?.('reading', done, total),
  });
  const data = new Data(prompts, read, budget);
  const kinds = [method, ...GATE_METHODS.filter((other) => other !== method), BAG] as const;
  const held = kinds.map((by) => ({ by, decisions: new Map<number, Cwe | undefined>() }));
  const chosen: number[] = [];
  for (let fold = 0; fold < OUTER; fold++) {
    const train = data.rows((row) => data.fold[row] !== fold && data.trained(row));
    const test = data.rows((row) => data.fold[row] === fold && data.judged(row));
    if (test.length === 0) continue;
    const layer = data.chooseLayer(train, layers);
    chosen.push(layer);
    for (const [k, { by, decisions }] of held.entries()) {
      ensure(!signal?.aborted, 'INTERRUPTED', 'Interrupted.');
      const x = by === BAG ? read.bags : read.layers[layer]!;
      const made = data.make(x, train, by === BAG ? 'probe' : by);
      for (const row of test) decisions.set(row, data.decide(x, row, made));
      onProgress?.('judging', fold * kinds.length + k + 1, OUTER * kinds.length);
      await new Promise(setImmediate); // lets an interrupt in
    }
  }
  const evaluations = held.map(({ by, decisions }) => evaluate(by, prompts, decisions));
  const train = data.rows((row) => data.trained(row));
  const layer = data.chooseLayer(train, layers);
  const { heads, threshold } = data.make(read.layers[layer]!, train, method);
  const { falseAlarms, missed, misrouted } = evaluations[0]!;
  const metadata = {
    method,
    layer,
    threshold,
    ...boundTo(model),
    data_hash: sha256(JSON.stringify(prompts)),
    evaluation: { falseAlarms, missed, misrouted, layers: chosen },
  };
  return { gate: { metadata, heads }, evaluations };
}

/** @throws {SutureError} BAD_DATA where there are too few bases of a weakness, or of ordinary prompts */
function checkPrompts(prompts: readonly GatePrompt[]): void {
  const kinds = groupBy(prompts, kindOf);
  ensure(
    kinds.size > 1 && kinds.has(ORDINARY),
    'BAD_DATA',
    'A gate is trained on prompts that concern a weakness and on ordinary ones: give both.',
  );
  for (const [kind, own] of kinds) {
    for (const [other, use] of [
      ['judge', 'trained on'],
      ['derive', 'judged by'],
    ]) {
      const some = own.filter(({ split }) => split !== other);
      const bases = new Set(some.map(({ base }) => base)).size;
      ensure(
        bases >= 4,
        'BAD_DATA',
        `${bases} bases of ${kind} prompts can be ${use}; a gate is trained, set and judged on different ones: give 4 at least.`,
      );
    }
  }
}

const kindOf = ({ cwe }: GatePrompt): Cwe | typeof ORDINARY => cwe ?? ORDINARY;

/** Up to eight layers, evenly spread, the last among them. */
function spread(nLayers: number): number[] {
  const count = Math.min(8, nLayers);
  return Array.from({ length: count }, (_, i) => Math.round(((i + 1) * nLayers) / count) - 1);
}

interface Made {
  heads: Heads;
  threshold: GateMetadata['threshold'];
}

/** Prompts with what was read of them, divided by base. */
class Data {
  /** Outer fold of each row: bases of each weakness, and ordinary ones, are dealt out in turn. */
  readonly fold: readonly number[];
  readonly #prompts: readonly GatePrompt[];
  readonly #read: ReadPrompts;
  readonly #budget: number;
  readonly #cwes: readonly (Cwe | undefined)[];
  readonly #places: readonly number[];

  constructor(prompts: readonly GatePrompt[], read: ReadPrompts, budget: number) {
    this.#prompts = prompts;
    this.#read = read;
    this.#budget = budget;
    this.#cwes = prompts.map(({ cwe }) => cwe);
    this.#places = this.#deal([...prompts.keys()]);
    this.fold = this.#places.map((place) => place % OUTER);
  }

  rows = (wanted: (row: number) => boolean) => [...this.#prompts.keys()].filter(wanted);
  trained = (row: number) => this.#prompts[row]!.split !== 'judge';
  judged = (row: number) => this.#prompts[row]!.split !== 'derive';
  #ordinary = (row: number) => this.#cwes[row] === undefined;

  /** The place of each row's base among the bases of its kind in these rows. */
  #deal(rows: readonly number[]): number[] {
    const seen = new Map<string, string[]>();
    const places: number[] = [];
    for (const row of rows) {
      const { base } = this.#prompts[row]!;
      const kind = kindOf(this.#prompts[row]!);
      const bases = seen.get(kind) ?? [];
      seen.set(kind, bases);
      if (!bases.includes(base)) bases.push(base);
      places[row] = bases.indexOf(base);
    }
    return places;
  }

  /** Heads of two thirds of the ordinary bases and all concerned ones, and a threshold by the other third. */
  make(x: Float32Array, train: readonly number[], method: GateMethod): Made {
    const places = this.#deal(train);
    const calibrates = (row: number) => this.#ordinary(row) && places[row]! % 3 === 0;
    const fitted = train.filter((row) => !calibrates(row));
    const heads = fitHeads(x, this.#cwes, fitted, method);
    const setters = train.filter(calibrates);
    const scores = setters.map((row) => scoreOf(heads.alarm, this.#state(x, row)));
    const bases = new Set(setters.map((row) => this.#prompts[row]!.base)).size;
    return { heads, threshold: { ...thresholdOf(scores, this.#budget), bases } };
  }

  decide(x: Float32Array, row: number, { heads, threshold }: Made) {
    const state = this.#state(x, row);
    return scoreOf(heads.alarm, state) > threshold.value ? routeOf(heads, state) : undefined;
  }

  /**
   * The layer at which directions route most concerned prompts of inner folds right while no more ordinary
   * ones than the budget allows lie above; of equals the first. Probes are read there too: to fit them at
   * every layer and fold would take minutes.
   */
  chooseLayer(train: readonly number[], layers: readonly number[]): number {
    const places = this.#deal(train);
    const right = layers.map((layer) => {
      const x = this.#read.layers[layer]!;
      let hits = 0;
      for (let fold = 0; fold < INNER; fold++) {
        const fitted = train.filter((row) => places[row]! % INNER !== fold);
        const heads = fitHeads(x, this.#cwes, fitted, 'direction');
        const test = train.filter((row) => places[row]! % INNER === fold);
        const score = (row: number) => scoreOf(heads.alarm, this.#state(x, row));
        const ordinary = test
          .filter(this.#ordinary)
          .map(score)
          .sort((a, b) => b - a);
        const limit = ordinary[Math.floor(ordinary.length * this.#budget)]!;
        hits += test.filter(
          (row) =>
            !this.#ordinary(row) &&
            score(row) > limit &&
            routeOf(heads, this.#state(x, row)) === this.#cwes[row],
        ).length;
      }
      return hits;
    });
    return layers[right.indexOf(Math.max(...right))]!;
  }

  #state(x: Float32Array, row: number): Float32Array {
    const d = x.length / this.#prompts.length;
    return x.subarray(row * d, (row + 1) * d);
  }
}

function evaluate(
  by: GateEvaluation['by'],
  prompts: readonly GatePrompt[],
  decisions: ReadonlyMap<number, Cwe | undefined>,
): GateEvaluation {
  const judged = [...decisions].map(([row, taken]) => ({ ...prompts[row]!, taken }));
  const rate = (of: typeof judged, hit: (one: (typeof judged)[number]) => boolean): GateRate => {
    const clusters = [...groupBy(of, ({ base }) => base).values()].map((own) => ({
      hits: own.filter(hit).length,
      total: own.length,
    }));
    return { hits: of.filter(hit).length, total: of.length, ...clusterBootstrap(clusters) };
  };
  const confusion: GateEvaluation['confusion'] = {};
  for (const { cwe = ORDINARY, taken = ORDINARY } of judged) {
    confusion[cwe] ??= {};
    confusion[cwe][taken] = (confusion[cwe][taken] ?? 0) + 1;
  }
  const concerned = judged.filter(({ cwe }) => cwe !== undefined);
  return {
    by,
    falseAlarms: rate(
      judged.filter(({ cwe }) => cwe === undefined),
      ({ taken }) => taken !== undefined,
    ),
    missed: rate(concerned, ({ taken }) => taken === undefined),
    misrouted: rate(concerned, ({ cwe, taken }) => taken !== undefined && taken !== cwe),
    confusion,
  };
}
