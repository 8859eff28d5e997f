/** What can be told of a C loop from its text alone. */
import type { SyntaxNode } from './parse.js';

/** One place in a loop that changes a variable. */
export interface Change {
  /** What one execution adds; absent where not a constant. */
  by: number | undefined;
  /** Not in every iteration. */
  conditional: boolean;
  /** In a loop inside the loop, so any number of times. */
  nested: boolean;
  /** Only ever adds. */
  grows: boolean;
  /** Replaced by something else. */
  assigned: boolean;
}

type Changes = ReadonlyMap<string, Change[]>;

/** A comparison of plain arithmetic with a variable that grows in the loop. */
export interface Guard {
  node: SyntaxNode;
  /** The side that grows. */
  grows: SyntaxNode;
  limit: SyntaxNode;
  /** Every variable in it. */
  names: string[];
}

export interface LoopShape {
  changes: Changes;
  /** Variables whose memory it writes: first arguments of calls, and bases of assigned elements. */
  written: ReadonlySet<string>;
  guards: readonly Guard[];
}

export const COMPARISONS = new Set(['<', '<=', '>', '>=', '==', '!=']);
const LOOPS = new Set(['for_statement', 'while_statement', 'do_statement']);
const BRANCHES = new Set(['if_statement', 'switch_statement', 'conditional_expression']);
const ARITHMETIC = new Set([
  'binary_expression',
  'parenthesized_expression',
  'field_expression',
  'sizeof_expression',
  'cast_expression',
]);
const READERS = new Set(
  'strlen strcmp strncmp strchr strrchr strstr printf puts fputs putchar isalnum isalpha isdigit isspace toupper tolower'.split(
    ' ',
  ),
);

// A loop is met once on each path, its shape never changes.
const shapes = new WeakMap<SyntaxNode, LoopShape>();

export function shapeOf(loop: SyntaxNode): LoopShape {
  let shape = shapes.get(loop);
  if (shape === undefined) {
    const nodes = loop.walk();
    const changes = changesIn(loop, nodes);
    shape = { changes, written: writtenIn(nodes), guards: guardsIn(nodes, changes) };
    shapes.set(loop, shape);
  }
  return shape;
}

/** The name that a variable or field is kept under: `req->name` however it is spaced. */
export function keyOf(node: SyntaxNode): string {
  return node.text.replace(/\s+/g, '');
}

function changesIn(loop: SyntaxNode, nodes: readonly SyntaxNode[]): Changes {
  const changes = new Map<string, Change[]>();
  const skips = nodes.some((node) => node.type === 'continue_statement');
  for (const node of nodes) {
    if (node.type !== 'assignment_expression' && node.type !== 'update_expression') {
      if (node.type === 'pointer_expression' && node.get('operator')?.type === '&') {
        const target = node.get('argument');
        if (target && node.parent?.type === 'argument_list') add(target, node, undefined, false);
      }
      continue;
    }
    const left = node.get('left') ?? node.get('argument');
    if (!left || within(node, loop, 'initializer')) continue;
    const operator = node.get('operator')?.type;
    const right = node.get('right');
    if (node.type === 'update_expression')
      add(left, node, operator === '--' ? -1 : 1, operator === '++');
    else if (operator === '+=' || operator === '-=') {
      const literal = right?.type === 'number_literal' ? Number(right.text) : Number.NaN;
      const by = Number.isFinite(literal) ? literal * (operator === '-=' ? -1 : 1) : undefined;
      add(left, node, by, operator === '+=');
    } else if (
      right?.type === 'binary_expression' &&
      right.get('operator')?.type === '+' &&
      right.get('left')?.text === left.text &&
      right.get('right')?.type === 'number_literal'
    )
      add(left, node, Number(right.get('right')!.text), true);
    else add(left, node, undefined, false);
  }
  return changes;

  function add(left: SyntaxNode, node: SyntaxNode, by: number | undefined, grows: boolean): void {
    if (left.type !== 'identifier' && left.type !== 'field_expression') return;
    let conditional = skips && within(node, loop, 'body');
    let nested = false;
    for (let at = node.parent; at && at !== loop; at = at.parent) {
      if (LOOPS.has(at.type)) nested = true;
      if (BRANCHES.has(at.type)) conditional = true;
    }
    const name = keyOf(left);
    const assigned = by === undefined && !grows;
    const list = changes.get(name);
    const change = { by, conditional, nested, grows, assigned };
    if (list) list.push(change);
    else changes.set(name, [change]);
  }
}

function within(node: SyntaxNode, loop: SyntaxNode, field: string): boolean {
  for (let at: SyntaxNode | undefined = node; at && at !== loop; at = at.parent)
    if (at.parent === loop) return at.field === field;
  return false;
}

function writtenIn(nodes: readonly SyntaxNode[]): Set<string> {
  const written = new Set<string>();
  const add = (node: SyntaxNode | undefined): void => {
    const base = node?.walk().find((part) => part.type === 'identifier');
    if (base) written.add(base.text);
  };
  for (const node of nodes) {
    if (node.type === 'call_expression') {
      if (!READERS.has(node.get('function')?.text ?? '')) add(node.get('arguments')?.named[0]);
    } else if (node.type === 'assignment_expression') {
      const left = node.get('left');
      if (left?.type === 'subscript_expression' || left?.type === 'pointer_expression') add(left);
    }
  }
  return written;
}

function guardsIn(nodes: readonly SyntaxNode[], changes: Changes): Guard[] {
  const grows = (node: SyntaxNode) =>
    node.walk().some((part) => changes.get(keyOf(part))?.every((change) => change.grows));
  return nodes.flatMap((node) => {
    const [left, right] = [node.get('left'), node.get('right')];
    if (node.type !== 'binary_expression' || !left || !right) return [];
    if (!COMPARISONS.has(node.get('operator')?.type ?? '')) return [];
    const parts = [...left.walk(), ...right.walk()];
    if (parts.some(({ type }) => type.endsWith('_expression') && !ARITHMETIC.has(type))) return [];
    const names = parts.flatMap((part) => (part.type === 'identifier' ? [part.text] : []));
    if (grows(left)) return [{ node, grows: left, limit: right, names }];
    return grows(right) ? [{ node, grows: right, limit: left, names }] : [];
  });
}
