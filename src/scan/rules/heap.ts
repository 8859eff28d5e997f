/** Who owns a heap pointer on one path: it is freed once, and not used afterwards. */
import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { mark, step, unmark } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { drop, put } from '../trail.js';
import { argumentTexts, functionOf, isAddressOnly, learn, nullityOf } from './pointers.js';

const words = (text: string): Set<string> => new Set(text.split(' '));

/** Functions after which what their first argument points to is gone. */
const FREES = words(
  'free cfree delete kfree kvfree vfree kfree_sensitive kzfree g_free av_free xfree sqlite3_free OPENSSL_free CRYPTO_free PyMem_Free PyObject_Free efree fclose pclose closedir freeaddrinfo',
);
/** Functions that by their name end the life of the one thing that they are given. */
const RELEASES =
  /(?:^|[a-z]_)(?:free|destroy|release|dispose)$|[a-z](?:Free|Destroy|Release|Dispose)$/;
/** What is released with these can be used again. */
const REUSABLE = /lock|mutex|sem|cond|spin|region|resource|area|range|page|pool|cache|ref/i;
/** Functions that print or compare the pointer itself. */
const HARMLESS =
  /^(?:assert|memset_s|IS_ERR|IS_ERR_OR_NULL|PTR_ERR|likely|unlikely|WARN_ON|BUG_ON)$/;

/** A pointer by its plain name is given to something called like a destructor. */
function releases({ name, args, at }: Call, texts: readonly string[]): boolean {
  const text = texts[0] ?? '';
  if (!RELEASES.test(name) || REUSABLE.test(name)) return false;
  if (args.length !== 1 || !/^[a-z_]\w*$/i.test(text)) return false;
  // Where another function frees it, this one frees a part of it only.
  const others = givenTo(functionOf(at)).get(text) ?? [];
  return others.every((other) => other === name || !/free|destroy|release/i.test(other));
}

const given = new WeakMap<SyntaxNode, ReadonlyMap<string, string[]>>();

/** What is called with a name alone, by that name: read once, not on each path. */
function givenTo(node: SyntaxNode): ReadonlyMap<string, readonly string[]> {
  const known = given.get(node);
  if (known) return known;
  const found = new Map<string, string[]>();
  for (const [, callee, argument] of node.text.matchAll(/(\w+)\s*\(\s*(\w+)\s*\)/g)) {
    const callees = found.get(argument!);
    if (callees) callees.push(callee!);
    else found.set(argument!, [callee!]);
  }
  given.set(node, found);
  return found;
}

interface Freed {
  at: SyntaxNode;
  text: string;
}

/**
 * Follows frees on one path.
 *
 * @param kind which of the two flaws is told
 */
export function heapListener(kind: 'double free' | 'use after free'): Listener {
  /** Fields, by their text: each read of one gives a value of its own. */
  const fields = new Map<string, Freed>();
  const replaces = new Map<Value, { old: Value; freed: Freed }>();

  const freedOf = (value: Value, text: string): Freed | undefined =>
    (value.marks?.get(kind) as Freed | undefined) ?? fields.get(text);

  const unsafe = (freed: Freed, message: string, at: SyntaxNode): Judgement => ({
    status: 'unsafe',
    message,
    at,
    trace: [step(freed.at, freed.at.text.slice(0, 80)), step(at, at.text.slice(0, 80))],
  });

  const used = (value: Value, text: string, at: SyntaxNode): Judgement | undefined => {
    if (kind !== 'use after free') return undefined;
    const freed = freedOf(value, text);
    return freed && unsafe(freed, `${text} is used after it was freed (line ${freed.at.line})`, at);
  };

  return {
    call(call) {
      const texts = argumentTexts(call);
      if (!FREES.has(call.name)) {
        if (HARMLESS.test(call.name)) return undefined;
        for (const [index, value] of call.args.entries()) {
          const text = texts[index] ?? '';
          // `%p` and addresses of the variable leave the memory alone.
          if (text.startsWith('&') || texts.some((format) => format.includes('%p'))) continue;
          const judged = used(value, text, call.at);
          if (judged) return judged;
        }
        return kind === 'use after free' && releases(call, texts)
          ? { status: 'safe', message: `${texts[0]} is not used after ${call.name}`, at: call.at }
          : undefined;
      }
      const [value] = call.args;
      const text = texts[0] ?? '';
      if (!value || value.isNull) return undefined;
      const freed = freedOf(value, text);
      if (!freed) return { status: 'safe', message: `${text} is freed once`, at: call.at };
      return kind === 'double free'
        ? unsafe(freed, `${text} is freed again after line ${freed.at.line}`, call.at)
        : undefined;
    },
    called(call, result) {
      const texts = argumentTexts(call);
      const [value] = call.args;
      const freed = { at: call.at, text: texts[0] ?? '' };
      if (/^(?:[kg]_?|x)?realloc(?:array)?$/.test(call.name) && value && !value.isNull)
        put(replaces, result, { old: value, freed });
      // Whether it counts references is not known, so that a second release may be right.
      const ends = kind === 'use after free' && releases(call, texts);
      if ((FREES.has(call.name) || ends) && value && !value.isNull) {
        mark(value, kind, freed);
        if (isStableField(freed.text, call.at)) put(fields, freed.text, freed);
        return;
      }
      // What gets the address of a variable may give it something new.
      for (const [index, argument] of call.args.entries()) {
        const [, name] = /^&\s*(.+)$/.exec(texts[index] ?? '') ?? [];
        if (name === undefined) continue;
        unmark(argument, kind);
        forget(fields, name);
      }
      for (const text of texts) forget(fields, text, true);
    },
    assign: ({ text }) => {
      forget(fields, text);
      return undefined;
    },
    access: (value, how, at) => {
      if (how === 'member' || isAddressOnly(at)) return undefined;
      return used(value, pointerText(at), at);
    },
    result: (value, _, at) => {
      const text = at.named[0]?.text ?? '';
      // A freed pointer as a truth, or one of several values, says nothing.
      return /^[\w>.-]+$/.test(text) ? used(value, text, at) : undefined;
    },
    test(test, holds) {
      const known = nullityOf(test, holds);
      if (!known) return;
      learn(known.value, known.isNull);
      const replaced = replaces.get(known.value);
      if (replaced && !known.isNull) mark(replaced.old, kind, replaced.freed);
    },
  };
}

const ROOT = /^\w+(?=(?:->|\.))/;

/** A field of one and the same structure throughout: not that of an element that a loop moves on from. */
function isStableField(text: string, at: SyntaxNode): boolean {
  const root = ROOT.exec(text)?.[0];
  if (root === undefined || /[[(*+]/.test(text)) return false;
  const moves = new RegExp(`\\b${root}\\s*(?:\\+\\+|--|[-+]=)|(?:\\+\\+|--)\\s*${root}\\b`);
  return !moves.test(functionOf(at).text);
}

/** @param inside what lies behind the pointer may have changed, not the pointer */
function forget(fields: Map<string, Freed>, text: string, inside = false): void {
  for (const field of fields.keys())
    if (
      (!inside && field === text) ||
      field.startsWith(`${text}->`) ||
      field.startsWith(`${text}.`)
    )
      drop(fields, field);
}

/** The pointer in `p->field`, `p[i]` and `*p`. */
function pointerText(at: SyntaxNode): string {
  return (at.get('argument') ?? at).text;
}
