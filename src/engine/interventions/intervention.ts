import { ensure } from '../../core/index.js';
import type { HookKind, ModelConfig } from '../../models/index.js';
import type { Tensor } from '../../tensor/index.js';
import { checkPositions, type Positions } from './positions.js';

interface Target {
  /**
   * Hook point or pattern, e.g. `blocks.1.hook_resid_post`, `blocks.-1.hook_resid_post`; other
   * libraries' names are understood, and a number is the output of that block.
   */
  hook: string | number;
  positions: Positions;
  /** Which prompts of the batch. Defaults to all. */
  rows?: readonly number[];
  /** At `attn.hook_z`: which heads. Defaults to all; elsewhere there are none to choose. */
  heads?: readonly number[];
  /**
   * In `generate`: it ends once the generated text holds one of these; the token that completes it is
   * the first that is left alone. Defaults to none: it goes on.
   */
  until?: readonly string[];
}

/** Edits that have a strength. */
interface Strength {
  /** Defaults to 1. */
  scale?: number;
  /** So many tokens behind the prompt's last one the strength has halved. Defaults to never. */
  halfLife?: number;
}

/**
 * An edit of what is at a hook point, as plain data.
 *
 * Vectors are as wide as the hook's value: [d_model]; [vocab] at `logits`; at `attn.hook_z`
 * [head_dim], the same for each chosen head, or [heads * head_dim], one for each in their order.
 */
export type Intervention = Target &
  (
    | (Strength & {
        /** `h += scale * vector` */
        op: 'add';
        vector: Float32Array | readonly number[];
        /** The sum gets the norm that `h` had: the vector turns it and does not lengthen it. Defaults to false. */
        keepNorm?: boolean;
      })
    | {
        /** `h := value` */
        op: 'replace';
        /** [n, width], one row per listed position; or [1, width] or [width] for all. Heads may have an axis. */
        value: Pick<Tensor, 'dims' | 'data'>;
      }
    | (Strength & {
        /** `h -= scale * (h . u) u` with u the unit vector along `vector`; each head has its own. Scale 1 removes the direction whole. */
        op: 'project_out';
        vector: Float32Array | readonly number[];
      })
    | {
        /** `h *= factor`; 0 is ablation by zeros */
        op: 'scale';
        factor: number;
      }
  );

/** Which of some edits act on a prompt of the batch, in their order: thousands of prompts may each have their own. */
export function editsByPrompt(
  edits: readonly Intervention[],
): (prompt: number) => readonly Intervention[] {
  const everywhere = edits.flatMap(({ rows }, i) => (rows ? [] : [i]));
  const named = new Map<number, number[]>();
  for (const [i, { rows = [] }] of edits.entries()) {
    for (const row of new Set(rows)) {
      const own = named.get(row) ?? [];
      named.set(row, own);
      own.push(i);
    }
  }
  const found = new Map<number, readonly Intervention[]>();
  return (prompt) => {
    const known = found.get(prompt);
    if (known) return known;
    const own = [...everywhere, ...(named.get(prompt) ?? [])].sort((a, b) => a - b);
    const acting = own.map((i) => edits[i]!);
    found.set(prompt, acting);
    return acting;
  };
}

/** What an edit finds at one position of a hook: `groups` vectors of `width`, which are heads or one alone. */
export interface Geometry {
  kind: Exclude<HookKind, 'pattern'>;
  groups: number;
  width: number;
}

export function geometry(kind: Geometry['kind'], config: ModelConfig): Geometry {
  if (kind === 'heads') return { kind, groups: config.nHeads, width: config.headDim };
  return { kind, groups: 1, width: kind === 'logits' ? config.vocabSize : config.dModel };
}

/** The heads that an intervention acts on; without heads there is one group. */
export const groupsOf = ({ heads }: Intervention, { groups }: Geometry): readonly number[] =>
  heads ?? Array.from({ length: groups }, (_, group) => group);

/** How many rows a value to be put in has. */
export const valueRows = ({ dims }: Pick<Tensor, 'dims'>): number =>
  dims.length === 1 ? 1 : dims[0]!;

const OPS = ['add', 'replace', 'project_out', 'scale'];

/**
 * @param prompts how many prompts the batch has
 * @throws {SutureError} BAD_ARGUMENT, BAD_VECTOR
 */
export function checkIntervention(
  intervention: Intervention,
  hook: string,
  at: Geometry,
  prompts: number,
): void {
  const { op, positions, rows = [], heads } = intervention;
  ensure(
    OPS.includes(op),
    'BAD_ARGUMENT',
    `There is no op "${op}" for an intervention; there are ${OPS.join(', ')}.`,
  );
  const where = `${op} at ${hook}`;
  checkPositions(positions, where);
  const wrongRow = rows.find((row) => !isIndex(row, prompts));
  ensure(
    wrongRow === undefined,
    'BAD_ARGUMENT',
    `${where}: there is no row ${wrongRow}; the batch has prompts 0 to ${prompts - 1}.`,
  );
  ensure(
    heads === undefined || at.kind === 'heads',
    'BAD_ARGUMENT',
    `${where}: heads can be chosen at attn.hook_z only.`,
  );
  const wrongHead = heads?.find((head) => !isIndex(head, at.groups));
  ensure(
    wrongHead === undefined,
    'BAD_ARGUMENT',
    `${where}: there is no head ${wrongHead}; this model has heads 0 to ${at.groups - 1}.`,
  );
  ensure(
    new Set(heads).size === (heads?.length ?? 0),
    'BAD_ARGUMENT',
    `${where}: a head is named twice.`,
  );
  const { until } = intervention;
  ensure(
    until === undefined || (until.length > 0 && until.every((text) => text !== '')),
    'BAD_ARGUMENT',
    `${where}: "until" needs texts, none of them empty.`,
  );
  const halfLife = 'halfLife' in intervention ? intervention.halfLife : undefined;
  ensure(
    halfLife === undefined || halfLife > 0,
    'BAD_ARGUMENT',
    `${where}: halfLife must be a number of tokens above 0; got ${halfLife}.`,
  );
  const chosen = groupsOf(intervention, at).length;
  if (op === 'scale') {
    ensure(
      Number.isFinite(intervention.factor),
      'BAD_ARGUMENT',
      `${where}: the factor must be a finite number; got ${intervention.factor}.`,
    );
  } else if (op === 'replace') {
    checkValue(intervention, where, at.width, chosen);
  } else {
    checkVector(intervention, where, at, chosen);
  }
}

const isIndex = (x: number, end: number): boolean => Number.isInteger(x) && x >= 0 && x < end;

function checkVector(
  { op, vector, scale = 1 }: Extract<Intervention, { op: 'add' | 'project_out' }>,
  where: string,
  { kind, width }: Geometry,
  chosen: number,
): void {
  const length = vector?.length ?? 0;
  const needed = {
    stream: `has d_model ${width}`,
    final: `has d_model ${width}`,
    logits: `has a vocabulary of ${width}`,
    heads: `has head_dim ${width}, or ${chosen * width} for ${chosen} heads`,
  };
  ensure(
    length === width || length === chosen * width,
    'BAD_VECTOR',
    `${where}: the vector has ${length} values; this model ${needed[kind]}.`,
  );
  ensure(
    vector.every(Number.isFinite) && Number.isFinite(scale),
    'BAD_VECTOR',
    `${where}: the vector or its scale is not finite.`,
  );
  const slices = Array.from({ length: length / width }, (_, i) =>
    vector.slice(i * width, (i + 1) * width),
  );
  ensure(
    op !== 'project_out' || slices.every((slice) => slice.some((x) => x !== 0)),
    'BAD_VECTOR',
    `${where}: a zero vector has no direction.`,
  );
}

function checkValue(
  { value, positions }: Extract<Intervention, { op: 'replace' }>,
  where: string,
  width: number,
  chosen: number,
): void {
  const { dims = [], data = [] } = value ?? {};
  const rows = valueRows({ dims });
  const each = dims.length === 1 ? dims : dims.slice(1);
  const fits =
    each.length === 2
      ? each[0] === chosen && each[1] === width
      : each.length === 1 && (each[0] === width || each[0] === chosen * width);
  const needed = chosen === 1 ? `[n, ${width}]` : `[n, ${width}] or [n, ${chosen}, ${width}]`;
  ensure(
    fits && data.length === dims.reduce((a, b) => a * b, 1),
    'BAD_ARGUMENT',
    `${where}: the value has shape [${dims.join(', ')}] and ${data.length} numbers; this model needs ${needed}.`,
  );
  const many = typeof positions === 'string' ? 1 : positions.length;
  ensure(
    rows === 1 || rows === many,
    'BAD_ARGUMENT',
    `${where}: ${rows} rows of values for ${many} positions.`,
  );
  ensure(data.every(Number.isFinite), 'BAD_VECTOR', `${where}: the value is not finite.`);
}
