/** What the beginning of an address and the checks of its host say about where it leads. */
import { type Taint, type Test, taintsOf, type Value } from '../dataflow/index.js';

/** The host is the program's own: nothing that follows leads elsewhere. */
export const hostIsFixed = (value: Value | undefined): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the mark of an unknown part
  /^(?:https?|wss?):\/\/[^/?#\u0001]+[/?#]/i.test(value?.text ?? '');

/** An address on the same host: `/page?` and not `//`, which would name another. */
export const isOwnPath = (value: Value | undefined): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the mark of an unknown part
  /^(?:\/(?![/\\\u0001])|\?|#)/.test(value?.text ?? '');

const HOST = /\.(?:hostname|netloc|host|origin|is_private|is_loopback|is_global)$/;

/** A condition that compares the host of an address: makes fit the address that it was taken from. */
export function hostChecked(test: Test, holds: boolean): Value | undefined {
  if (test.kind === 'value') {
    const { name = '' } = test.value;
    // `if ip.is_private: raise`, `if not urlparse(target).netloc:`.
    const good = /\.is_global$/.test(name) ? holds : !holds;
    return good && /\.(?:netloc|is_private|is_loopback|is_global)$/.test(name)
      ? origins(test.value)
      : undefined;
  }
  if (test.kind === 'call') {
    const { name, args, receiver } = test.call;
    const [host] = args;
    if (holds && /\.(?:includes|has)$/.test(name) && HOST.test(host?.name ?? ''))
      return origins(host);
    // `host.endswith('.example.com')`: with the dot no other domain ends so.
    if (holds && /\.(?:endswith|endsWith)$/.test(name) && HOST.test(receiver?.name ?? ''))
      return host?.text?.startsWith('.') ? origins(receiver) : undefined;
    return undefined;
  }
  const { op, left, right } = test;
  const same = (op === '==' && holds) || (op === '!=' && !holds);
  if (same) {
    const host = [left, right].find(({ name }) => HOST.test(name ?? ''));
    const other = host === left ? right : left;
    return host && taintsOf(other).every((taint) => !taint.reach('*')) ? origins(host) : undefined;
  }
  const inside = (op === 'in' && holds) || (op === 'not in' && !holds);
  if (inside && HOST.test(left.name ?? '') && right.text === undefined) return origins(left);
  return undefined;
}

/** A value and all that it was made of. */
export function origins(value: Value | undefined): Value | undefined {
  const found = new Set<Taint>(taintsOf(value));
  for (const taint of found) for (const parent of taint.parents) found.add(parent);
  return { items: [...found].map((taint) => ({ taint })) };
}
