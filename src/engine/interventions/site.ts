import {
  add,
  type Dims,
  div,
  type Graph,
  gather,
  mul,
  reduceSum,
  sqrt,
  sub,
  type Value,
} from '../../graph/index.js';
import type { Feed } from '../device.js';
import {
  editsByPrompt,
  type Geometry,
  groupsOf,
  type Intervention,
  valueRows,
} from './intervention.js';
import { positionFinder } from './positions.js';

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
  /** Which of the flattened [b * s] positions get to the final norm and the logits. */
  logitRows: readonly number[];
  /** For each row, the position from which an edit has ended; of an edit that goes on there is none. */
  ended?: readonly ReadonlyMap<Intervention, number>[];
}

/**
 * The edits that nodes can make.
 *
 * - `affine`: `h := factor * h + delta`; additions, replacements and scalings, one after the other
 * - `turn`: `h := (h + delta) |h| / |h + delta|`; additions that keep the norm
 * - `project_out`: `h -= strength * (h . u) u`
 */
export type SiteKind = 'affine' | 'turn' | 'project_out';

export function siteKind(edit: Intervention): SiteKind {
  if (edit.op === 'project_out') return 'project_out';
  return edit.op === 'add' && edit.keepNorm ? 'turn' : 'affine';
}

/** An intervention that acts at a position, which of its listed positions that is, and the share of its strength. */
interface Acting {
  member: Intervention;
  index: number;
  share: number;
}

/**
 * One edit compiled into a graph. What it does at a position is fed: tables of the different cases
 * there are in a run, mostly one or two, and which position is which case.
 */
export class Site {
  readonly name: string;
  readonly hook: string;
  readonly kind: SiteKind;
  readonly #geometry: Geometry;
  readonly #members: Intervention[] = [];
  /** Of each member its number. */
  readonly #numbers = new Map<Intervention, number>();
  #byPrompt: ReturnType<typeof editsByPrompt> | undefined;

  constructor(name: string, hook: string, kind: SiteKind, geometry: Geometry) {
    this.name = name;
    this.hook = hook;
    this.kind = kind;
    this.#geometry = geometry;
  }

  /** Whether an edit can become part of this one: affine edits compose, projections do not. */
  takes(edit: Intervention): boolean {
    return this.kind === siteKind(edit) && (this.kind === 'affine' || !this.meets(edit));
  }

  /** Whether some prompt is edited by both. */
  meets({ rows }: Intervention): boolean {
    return this.#members.some(
      (member) => !rows || !member.rows || member.rows.some((row) => rows.includes(row)),
    );
  }

  join(edit: Intervention): void {
    this.#numbers.set(edit, this.#members.push(edit) - 1);
    this.#byPrompt = undefined;
  }

  /** The edits of one prompt of the batch. */
  on(prompt: number): readonly Intervention[] {
    this.#byPrompt ??= editsByPrompt(this.#members);
    return this.#byPrompt(prompt);
  }

  /** The nodes of this edit. x: [b, s, d_model], [b, s, n_heads, head_dim], or [n, width] */
  apply(graph: Graph, x: Value): Value {
    const { kind, groups, width } = this.#geometry;
    const each = kind === 'heads' ? [groups] : [];
    const input = (part: string, dims: Dims) =>
      graph.input(`${this.name}.${part}`, 'f32', [`${this.name}.cases`, ...dims]);
    const places = kind === 'stream' || kind === 'heads' ? ['b|1', 's|1'] : ['rows|1'];
    const cases = graph.input(`${this.name}.case`, 'i64', places);
    if (this.kind !== 'project_out') {
      const factor = gather(input('factor', [...each, 1]), cases);
      const delta = gather(input('delta', [...each, width]), cases);
      const sum = add(mul(x, factor), delta);
      return this.kind === 'affine'
        ? sum
        : mul(sum, div(length(x), add(length(sum), graph.scalar(TINY))));
    }
    const strength = gather(input('strength', [...each, 1]), cases);
    const direction = gather(input('direction', [...each, width]), cases);
    const along = reduceSum(mul(x, direction), [-1], true); // [..., 1]
    return sub(x, mul(mul(along, strength), direction));
  }

  feeds(run: RunShape): Record<string, Feed> {
    const { places, cases } = this.#cases(run);
    const { kind, groups, width } = this.#geometry;
    const each = kind === 'heads' ? [groups] : [];
    const scalars = new Float32Array(cases.length * groups);
    const vectors = new Float32Array(cases.length * groups * width);
    for (const [i, acting] of cases.entries()) {
      const scalar = scalars.subarray(i * groups, (i + 1) * groups);
      const vector = vectors.subarray(i * groups * width, (i + 1) * groups * width);
      if (this.kind === 'project_out') this.#project(acting, scalar, vector);
      else this.#compose(acting, scalar, vector);
    }
    const [scalarName, vectorName] =
      this.kind === 'project_out' ? ['strength', 'direction'] : ['factor', 'delta'];
    const table = (data: Float32Array, last: number): Feed => ({
      dtype: 'f32',
      dims: [cases.length, ...each, last],
      data,
    });
    return {
      [`${this.name}.case`]: places,
      [`${this.name}.${scalarName}`]: table(scalars, 1),
      [`${this.name}.${vectorName}`]: table(vectors, width),
    };
  }

  /** All edits at a position, in their order, as one: `h := factor * h + delta`. */
  #compose(acting: readonly Acting[], factor: Float32Array, delta: Float32Array): void {
    const { width } = this.#geometry;
    factor.fill(1);
    for (const { member, index, share } of acting) {
      for (const [k, group] of groupsOf(member, this.#geometry).entries()) {
        const there = delta.subarray(group * width, (group + 1) * width);
        switch (member.op) {
          case 'add': {
            const { vector, scale = 1 } = member;
            const from = vector.length > width ? k * width : 0;
            for (let i = 0; i < width; i++) there[i]! += share * scale * vector[from + i]!;
            break;
          }
          case 'scale':
            factor[group]! *= member.factor;
            for (let i = 0; i < width; i++) there[i]! *= member.factor;
            break;
          case 'replace': {
            const { data } = member.value;
            const size = data.length / valueRows(member.value);
            const from = index * size + (size > width ? k * width : 0);
            factor[group] = 0;
            for (let i = 0; i < width; i++) there[i] = data[from + i]!;
            break;
          }
        }
      }
    }
  }

  #project(acting: readonly Acting[], strength: Float32Array, direction: Float32Array): void {
    const { width } = this.#geometry;
    for (const { member, share } of acting) {
      if (member.op !== 'project_out') continue;
      const { vector, scale = 1 } = member;
      for (const [k, group] of groupsOf(member, this.#geometry).entries()) {
        const from = vector.length > width ? k * width : 0;
        const slice = vector.slice(from, from + width);
        const norm = Math.hypot(...slice);
        strength[group] = share * scale;
        for (const [i, x] of slice.entries()) direction[group * width + i] = x / norm;
      }
    }
  }

  /** Which case each position is, [b|1, s|1] or [n|1], and what acts in each case. */
  #cases(run: RunShape): { places: Feed; cases: (readonly Acting[])[] } {
    const known = new Map<string, number>();
    const cases: (readonly Acting[])[] = [];
    const finders = run.prompts.map((prompt, row) =>
      this.on(prompt).map((member) => ({
        member,
        find: positionFinder(member.positions, run.promptLengths[row]!),
        many: member.op === 'replace' && valueRows(member.value) > 1,
        end: run.ended?.[row]?.get(member) ?? Number.POSITIVE_INFINITY,
        halfLife: 'halfLife' in member ? member.halfLife : undefined,
      })),
    );
    const caseOf = (row: number, j: number): number => {
      const position = run.starts[row]! + j;
      const behind = Math.max(0, position - (run.promptLengths[row]! - 1));
      const acting = finders[row]!.flatMap(({ member, find, many, end, halfLife }) => {
        const index = position < end ? find(position) : -1;
        const share = halfLife === undefined ? 1 : 0.5 ** (behind / halfLife);
        return index < 0 ? [] : [{ member, index: many ? index : 0, share }];
      });
      const key = acting.map(
        ({ member, index, share }) => `${this.#numbers.get(member)}:${index}:${share}`,
      );
      const number = known.get(key.join()) ?? cases.push(acting) - 1;
      known.set(key.join(), number);
      return number;
    };
    const { kind } = this.#geometry;
    if (kind === 'stream' || kind === 'heads') {
      const all = run.prompts.map((_, row) =>
        Array.from({ length: run.length }, (_, j) => caseOf(row, j)),
      );
      return { places: placesFeed(all), cases };
    }
    const flat = run.logitRows.map((at) => caseOf(Math.floor(at / run.length), at % run.length));
    if (flat.length === 0) cases.push([]); // tables are never empty
    const dims = alike(flat) ? [1] : [flat.length];
    return { places: indices(dims, alike(flat) ? [flat[0] ?? 0] : flat), cases };
  }
}

/** Keeps nothing divided by nothing at zero, and changes no other quotient in float32. */
const TINY = 1e-30;

/** Euclidean lengths of the last axis: [..., 1] */
const length = (x: Value): Value => sqrt(reduceSum(mul(x, x), [-1], true));

/** Cases of [b][s] positions, each axis as one where they do not differ along it. */
function placesFeed(all: readonly (readonly number[])[]): Feed {
  const columns = all.every(alike) ? all.map((row) => row.slice(0, 1)) : all;
  const rows = alike(columns.map(String)) ? columns.slice(0, 1) : columns;
  return indices([rows.length, rows[0]!.length], rows.flat());
}

const alike = (values: readonly unknown[]): boolean => values.every((x) => x === values[0]);

const indices = (dims: readonly number[], values: readonly number[]): Feed => ({
  dtype: 'i64',
  dims,
  data: BigInt64Array.from(values, (value) => BigInt(value)),
});
