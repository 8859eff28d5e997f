import { ensure, SutureError } from '../core/index.js';
import { add, type Graph, mul, reduceSum, sub, type Value, where } from '../graph/index.js';
import { isResidualHook, type ModelConfig, matchHooks } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';
import type { Feed } from './device.js';

/**
 * Which positions an intervention acts on. Words: every position; the last token of the prompt;
 * generated tokens; both of the last. Numbers are positions of the prompt, negative ones from its end.
 */
export type Positions =
  | 'all'
  | 'last_prompt'
  | 'generated'
  | 'last_prompt_and_generated'
  | readonly number[];

interface Target {
  /** Hook point or pattern, e.g. `blocks.1.hook_resid_post`, `blocks.-1.hook_resid_post`. */
  hook: string;
  positions: Positions;
  /** Which prompts of the batch. Defaults to all. */
  rows?: readonly number[];
}

/** An edit of the residual stream, as plain data. */
export type Intervention = Target &
  (
    | {
        /** `h += scale * vector` */
        op: 'add';
        /** [d_model] */
        vector: Float32Array | readonly number[];
        /** Defaults to 1. */
        scale?: number;
      }
    | {
        /** `h := value` */
        op: 'replace';
        /** [n, d_model], one row per listed position; or [1, d_model] or [d_model] for all. */
        value: Pick<Tensor, 'dims' | 'data'>;
      }
    | {
        /** `h -= scale * (h . u) u` with u the unit vector along `vector` */
        op: 'project_out';
        /** [d_model] */
        vector: Float32Array | readonly number[];
        /** Defaults to 1: the direction is removed whole. */
        scale?: number;
      }
  );

/** One edit compiled into a graph: where and what. Everything else is fed at run time. */
class Site {
  readonly name: string;
  readonly hook: string;
  readonly op: Intervention['op'];
  /** What feeds it, by the prompt it acts on: several additions at one hook share a site. */
  readonly #byPrompt = new Map<number, Intervention[]>();
  readonly #everywhere: Intervention[] = [];

  constructor(name: string, hook: string, op: Intervention['op']) {
    this.name = name;
    this.hook = hook;
    this.op = op;
  }

  join(member: Intervention): void {
    if (member.rows === undefined) this.#everywhere.push(member);
    for (const row of member.rows ?? []) {
      const there = this.#byPrompt.get(row);
      if (there) there.push(member);
      else this.#byPrompt.set(row, [member]);
    }
  }

  /** Those that act on a prompt of the batch. */
  on(prompt: number): readonly Intervention[] {
    return [...this.#everywhere, ...(this.#byPrompt.get(prompt) ?? [])];
  }
}

/** Where the rows of a run stand in their sequences. */
export interface RunShape {
  /** For each row of the run, which prompt it belongs to. */
  prompts: readonly number[];
  /** For each row, the number of tokens of its prompt. */
  promptLengths: readonly number[];
  /** For each row, the position of its first token in this run. */
  starts: readonly number[];
  /** Tokens per row in this run, padding included. */
  length: number;
}

/** An intervention plan, checked against a model: what it adds to the graph, and what it feeds. */
export class CompiledPlan {
  readonly #sites: Site[] = [];
  readonly #dModel: number;

  /**
   * @param prompts how many prompts the batch has
   * @throws {SutureError} BAD_ARGUMENT for an unknown hook, a row that is not in the batch, or a
   *   value whose shape does not fit; BAD_VECTOR for a vector of the wrong width, or not finite
   */
  constructor(plan: readonly Intervention[], config: ModelConfig, prompts: number) {
    this.#dModel = config.dModel;
    for (const intervention of plan) {
      checkIntervention(intervention, config.dModel);
      checkRows(intervention, prompts);
      for (const hook of matchHooks(intervention.hook, config)) {
        ensure(
          isResidualHook(hook),
          'BAD_ARGUMENT',
          `Interventions act on the residual stream; ${hook} can only be captured.`,
        );
        const last = this.#sites.findLast((site) => site.hook === hook);
        const shared = last?.op === 'add' && intervention.op === 'add' ? last : undefined;
        const site = shared ?? new Site(`site${this.#sites.length}`, hook, intervention.op);
        if (!shared) this.#sites.push(site);
        site.join(intervention);
      }
    }
  }

  /** Plans of equal structure share a graph. */
  get structure(): string {
    return this.#sites.map(({ hook, op }) => `${op}@${hook}`).join(';');
  }

  /** Adds this plan's edits at one hook: called while the graph is built. */
  apply(graph: Graph, hook: string, x: Value): Value {
    return this.#sites
      .filter((site) => site.hook === hook)
      .reduce((value, site) => edit(graph, site, value), x);
  }

  /**
   * Whether the plan acts on the prompt of `row` before its last token. Where it does not, the
   * cache of those tokens can be shared with every other row of the same prompt.
   */
  touchesPrefix(row: number, promptLength: number): boolean {
    return this.#sites.some((site) =>
      site.on(row).some(({ positions }) => {
        if (typeof positions === 'string') return positions === 'all';
        return resolve(positions, promptLength).some((p) => p < promptLength - 1);
      }),
    );
  }

  /**
   * What the sites are fed in one run.
   * @throws {SutureError} BAD_ARGUMENT where a listed position is outside its prompt
   */
  feeds(run: RunShape): Record<string, Feed> {
    const feeds: Record<string, Feed> = {};
    for (const site of this.#sites) {
      switch (site.op) {
        case 'add':
          feeds[`${site.name}.delta`] = this.#delta(site, run);
          break;
        case 'replace':
          Object.assign(feeds, this.#replacement(site, run));
          break;
        case 'project_out':
          Object.assign(feeds, this.#projection(site, run));
          break;
      }
    }
    return feeds;
  }

  /** The sum of all additions: [b, s, d_model], or [b, 1, d_model] where positions do not differ. */
  #delta(site: Site, run: RunShape): Feed {
    const d = this.#dModel;
    const rows = run.prompts.length;
    const uniform = run.prompts.every((prompt) =>
      site.on(prompt).every(({ positions }) => positions === 'all'),
    );
    const s = uniform ? 1 : run.length;
    const data = new Float32Array(rows * s * d);
    forEachTarget(site, { ...run, length: s }, (member, row, j) => {
      if (member.op !== 'add') return;
      const { scale = 1, vector } = member;
      const offset = (row * s + j) * d;
      for (let i = 0; i < d; i++) data[offset + i]! += scale * vector[i]!;
    });
    return { dtype: 'f32', dims: [rows, s, d], data };
  }

  #replacement(site: Site, run: RunShape): Record<string, Feed> {
    const d = this.#dModel;
    const rows = run.prompts.length;
    const mask = new Uint8Array(rows * run.length);
    const data = new Float32Array(rows * run.length * d);
    forEachTarget(site, run, (member, row, j, index) => {
      if (member.op !== 'replace') return;
      const { data: values } = member.value;
      const from = values.length > d ? index * d : 0;
      mask[row * run.length + j] = 1;
      for (let i = 0; i < d; i++) data[(row * run.length + j) * d + i] = values[from + i]!;
    });
    return {
      [`${site.name}.mask`]: { dtype: 'bool', dims: [rows, run.length, 1], data: mask },
      [`${site.name}.value`]: { dtype: 'f32', dims: [rows, run.length, d], data },
    };
  }

  #projection(site: Site, run: RunShape): Record<string, Feed> {
    const d = this.#dModel;
    const rows = run.prompts.length;
    const mask = new Float32Array(rows * run.length);
    const directions = new Float32Array(rows * d);
    forEachTarget(site, run, (member, row, j) => {
      if (member.op !== 'project_out') return;
      const { scale = 1, vector } = member;
      const norm = Math.hypot(...vector);
      mask[row * run.length + j] = scale;
      for (let i = 0; i < d; i++) directions[row * d + i] = vector[i]! / norm;
    });
    return {
      [`${site.name}.mask`]: { dtype: 'f32', dims: [rows, run.length, 1], data: mask },
      [`${site.name}.direction`]: { dtype: 'f32', dims: [rows, 1, d], data: directions },
    };
  }
}

/** The nodes of one edit. x: [b, s, d_model] */
function edit(graph: Graph, { name, op }: Site, x: Value): Value {
  const d = x.size(-1);
  switch (op) {
    case 'add':
      return add(x, graph.input(`${name}.delta`, 'f32', ['b|1', 's|1', d]));
    case 'replace': {
      const mask = graph.input(`${name}.mask`, 'bool', ['b', 's', 1]);
      return where(mask, graph.input(`${name}.value`, 'f32', ['b', 's', d]), x);
    }
    case 'project_out': {
      const mask = graph.input(`${name}.mask`, 'f32', ['b', 's', 1]);
      const direction = graph.input(`${name}.direction`, 'f32', ['b', 1, d]);
      const along = reduceSum(mul(x, direction), [-1], true); // [b, s, 1]
      return sub(x, mul(mul(along, mask), direction));
    }
  }
}

/** Calls `visit` wherever the site acts: with the row, the offset in the run, the listed position. */
function forEachTarget(
  site: Site,
  run: RunShape,
  visit: (member: Intervention, row: number, j: number, index: number) => void,
): void {
  for (const [row, prompt] of run.prompts.entries()) {
    const promptLength = run.promptLengths[row]!;
    for (const member of site.on(prompt)) {
      const { positions } = member;
      const listed = typeof positions === 'string' ? undefined : resolve(positions, promptLength);
      for (let j = 0; j < run.length; j++) {
        const position = run.starts[row]! + j;
        const index = listed
          ? listed.indexOf(position)
          : Number(actsAt(positions as PositionWord, position, promptLength)) - 1;
        if (index >= 0) visit(member, row, j, index);
      }
    }
  }
}

type PositionWord = Extract<Positions, string>;

function actsAt(positions: PositionWord, position: number, promptLength: number): boolean {
  switch (positions) {
    case 'all':
      return true;
    case 'last_prompt':
      return position === promptLength - 1;
    case 'generated':
      return position >= promptLength;
    case 'last_prompt_and_generated':
      return position >= promptLength - 1;
  }
}

/** Listed positions as indices into the prompt. */
function resolve(positions: readonly number[], promptLength: number): number[] {
  return positions.map((position) => {
    const index = position < 0 ? position + promptLength : position;
    if (!Number.isInteger(index) || index < 0 || index >= promptLength) {
      throw new SutureError(
        'BAD_ARGUMENT',
        `Position ${position} is outside the prompt, which has ${promptLength} tokens (0 to ${promptLength - 1}).`,
      );
    }
    return index;
  });
}

function checkRows({ op, hook, rows = [] }: Intervention, prompts: number): void {
  const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= prompts);
  ensure(
    wrong === undefined,
    'BAD_ARGUMENT',
    `${op} at ${hook}: there is no row ${wrong}; the batch has prompts 0 to ${prompts - 1}.`,
  );
}

function checkIntervention(intervention: Intervention, dModel: number): void {
  if (intervention.op === 'replace') {
    const { dims, data } = intervention.value;
    const { positions } = intervention;
    const rows = dims.length === 1 ? 1 : dims[0]!;
    const many = typeof positions === 'string' ? 1 : positions.length;
    ensure(
      dims.length <= 2 && dims.at(-1) === dModel && data.length === rows * dModel,
      'BAD_ARGUMENT',
      `replace at ${intervention.hook}: the value has shape [${dims.join(', ')}]; this model needs [n, ${dModel}].`,
    );
    ensure(
      rows === 1 || rows === many,
      'BAD_ARGUMENT',
      `replace at ${intervention.hook}: ${rows} rows of values for ${many} positions.`,
    );
    ensure(
      data.every(Number.isFinite),
      'BAD_VECTOR',
      `replace at ${intervention.hook}: the value is not finite.`,
    );
    return;
  }
  const { op, hook, vector, scale = 1 } = intervention;
  ensure(
    vector.length === dModel,
    'BAD_VECTOR',
    `${op} at ${hook}: the vector has ${vector.length} values; this model has d_model ${dModel}.`,
  );
  ensure(
    vector.every(Number.isFinite) && Number.isFinite(scale),
    'BAD_VECTOR',
    `${op} at ${hook}: the vector or its scale is not finite.`,
  );
  ensure(
    op !== 'project_out' || vector.some((x) => x !== 0),
    'BAD_VECTOR',
    `project_out at ${hook}: a zero vector has no direction.`,
  );
}
