/** Judgements in few words, and what a call was given. */
import type { Call, Judgement, Value } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';

export const unsafe = (at: SyntaxNode, message: string): Judgement => ({
  status: 'unsafe',
  message,
  at,
});
export const safe = (at: SyntaxNode, message: string): Judgement => ({
  status: 'safe',
  message,
  at,
});
export const unknown = (at: SyntaxNode, message: string): Judgement => ({
  status: 'unknown',
  message,
  at,
});

/** `requests.get` of `requests.get`, `get` of `.get`, and `run` of `flask.Flask().run`. */
export const lastName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** A keyword argument, or an entry of an object that is an argument. */
export function optionOf({ args, keywords }: Call, name: string): Value | undefined {
  return keywords.get(name) ?? args.map(({ entries }) => entries?.get(name)).find((value) => value);
}

/**
 * Whether the program itself says that an option is on or off; `undefined` where it is not given,
 * or where it hangs on something else: `debug=settings.DEBUG`, `debug=mode == "test"`.
 */
export function flagOf(call: Call, name: string): boolean | undefined {
  const value = optionOf(call, name);
  const written = call.at
    .walk()
    .find(
      (node) => (node.get('name') ?? node.get('key'))?.text.replace(/^['"]|['"]$/g, '') === name,
    )
    ?.get('value');
  const plain = /^(?:true|false|none|null|integer|number|identifier)$/;
  return written && !plain.test(written.type) ? undefined : value?.truth;
}
