/** What rules about pointers of C share: what a condition says of them, and what calls do to them. */
import type { Call, Test, Value } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { change } from '../trail.js';

/** A pointer that a condition speaks of, and whether it is null where that condition holds (or not). */
export function nullityOf(
  test: Test,
  holds: boolean,
): { value: Value; isNull: boolean } | undefined {
  if (test.kind === 'value') return { value: test.value, isNull: !holds };
  if (test.kind === 'call') {
    const { name, args } = test.call;
    return /^_*(?:un)?likely$/.test(name) && args[0]
      ? { value: args[0], isNull: !holds }
      : undefined;
  }
  const { op, left, right } = test;
  const isZero = (value: Value): boolean => value.isNull === true || value.number === 0;
  const value = isZero(right) ? left : isZero(left) ? right : undefined;
  if (!value || (op !== '==' && op !== '!=')) return undefined;
  return { value, isNull: (op === '==') === holds };
}

/** Keeps it for this path, so that conditions that contradict it are not taken. */
export function learn(value: Value, isNull: boolean): void {
  change(value, 'truth', !isNull);
  if (isNull) change(value, 'isNull', true);
}

/** Whether `&p->field` only names a place, so that nothing is read there. */
export function isAddressOnly(at: SyntaxNode): boolean {
  let node: SyntaxNode | undefined = at;
  while (node && /^(?:field|subscript|parenthesized)_expression$/.test(node.type))
    node = node.parent;
  return (
    (node?.type === 'pointer_expression' && node.get('operator')?.text === '&') ||
    node?.type === 'sizeof_expression'
  );
}

const texts = new WeakMap<SyntaxNode, readonly string[]>();

/** The arguments of a call as they stand in the source: read once, not on each path. */
export function argumentTexts({ at }: Call): readonly string[] {
  let found = texts.get(at);
  if (!found) {
    const last = at.type === 'delete_expression' ? at.named.slice(-1) : undefined;
    found = (last ?? at.get('arguments')?.named ?? []).map(({ text }) => text);
    texts.set(at, found);
  }
  return found;
}

/** The function around a place, or the place itself. */
export function functionOf(at: SyntaxNode): SyntaxNode {
  let node: SyntaxNode | undefined = at;
  while (node && node.type !== 'function_definition') node = node.parent;
  return node ?? at;
}
