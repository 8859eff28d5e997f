import { Language as Grammar, Parser, type Tree } from 'web-tree-sitter';
import { assetPath, ensure, messageOf, SutureError } from '../core/index.js';
import { cursorOf, startTreeSitter } from './tree-sitter.js';
import type { SourceLanguage } from './types.js';

/** Deeper nesting than any function has: the walks below recurse, and hostile input must not exhaust the stack. */
const MAX_DEPTH = 150;
/** Milliseconds after which a source is given up: garbage can take a hundred times as long as code does. */
const PATIENCE = 4000;

const NONE: SyntaxNode[] = [];

/**
 * A node of the syntax tree, copied out of tree-sitter once, so that walking it costs no crossing
 * into WebAssembly. Comments are left out: nothing can mistake them for code.
 */
export class SyntaxNode {
  // Most nodes are leaves.
  #children: SyntaxNode[] = NONE;
  #named: SyntaxNode[] = NONE;
  #text: string | undefined;
  readonly #place: number;
  /** Where in `order` the next node is that is not under this one. */
  #next: number;

  constructor(
    readonly type: string,
    /** The role in the parent, e.g. `left`, where the grammar names one. */
    readonly field: string | undefined,
    readonly parent: SyntaxNode | undefined,
    /** 1-based. */
    readonly line: number,
    /** 1-based, in UTF-16 units. */
    readonly column: number,
    readonly start: number,
    readonly end: number,
    readonly source: string,
    /** All nodes of the tree in source order: what is under a node follows it. */
    readonly order: SyntaxNode[],
  ) {
    this.#place = order.length;
    this.#next = order.push(this);
  }

  get children(): readonly SyntaxNode[] {
    return this.#children;
  }

  /** The children that are more than words and signs. */
  get named(): readonly SyntaxNode[] {
    return this.#named;
  }

  /** For the copy of a tree only: nothing more is under this node. */
  close(): void {
    this.#next = this.order.length;
  }

  /** For the copy of a tree only. */
  append(child: SyntaxNode, isNamed: boolean): void {
    if (this.#children === NONE) this.#children = [];
    this.#children.push(child);
    if (!isNamed) return;
    if (this.#named === NONE) this.#named = [];
    this.#named.push(child);
  }

  get text(): string {
    // Kept: as a key of maps, a text that is made anew is hashed anew.
    this.#text ??= this.source.slice(this.start, this.end);
    return this.#text;
  }

  /** Line of the last character, 1-based. */
  get endLine(): number {
    return this.line + this.text.trimEnd().split('\n').length - 1;
  }

  /** The first child with the given role. */
  get(field: string): SyntaxNode | undefined {
    // Asked more often than anything else.
    const children = this.#children;
    for (let at = 0; at < children.length; at++)
      if (children[at]!.field === field) return children[at];
    return undefined;
  }

  /** All children with the given role. */
  all(field: string): SyntaxNode[] {
    return this.children.filter((child) => child.field === field);
  }

  /** The first child of the given type. */
  ofType(type: string): SyntaxNode | undefined {
    return this.children.find((child) => child.type === type);
  }

  /** The node and everything under it, in source order; does not enter nodes that `skip` accepts. */
  walk(skip?: (node: SyntaxNode) => boolean): SyntaxNode[] {
    if (!skip) return this.order.slice(this.#place, this.#next);
    const found: SyntaxNode[] = [this];
    for (let at = this.#place + 1; at < this.#next; ) {
      const node = this.order[at]!;
      if (skip(node)) at = node.#next;
      else {
        found.push(node);
        at++;
      }
    }
    return found;
  }
}

export interface Parsed {
  root: SyntaxNode;
  /** No ERROR or MISSING node. */
  clean: boolean;
  /** Line of the first syntax error, 1-based. */
  errorLine: number | undefined;
  /** Why the tree does not hold all of the source, where it does not. */
  unread: 'it is nested too deeply' | 'it takes too long' | undefined;
  /** In source order, with their marks. */
  comments: { line: number; text: string }[];
}

const COMMENTS = new Set(['comment', 'line_comment', 'block_comment']);

/** Grammars that ship in `assets/grammars`, by what they parse. */
export const GRAMMARS = ['c', 'cpp', 'javascript', 'python', 'tsx', 'typescript'] as const;

/** Parses sources with the grammars that ship in `assets/grammars`. */
export class Parsers {
  #parser: Parser;
  readonly #grammars: ReadonlyMap<SourceLanguage, Grammar>;

  private constructor(parser: Parser, grammars: ReadonlyMap<SourceLanguage, Grammar>) {
    this.#parser = parser;
    this.#grammars = grammars;
  }

  /** Throws a `SutureError` where a grammar cannot be loaded. */
  static async load(languages: readonly SourceLanguage[] = ['c', 'python']): Promise<Parsers> {
    try {
      await startTreeSitter();
      const grammars = new Map<SourceLanguage, Grammar>();
      for (const language of languages) {
        const file = assetPath('grammars', `tree-sitter-${language}.wasm`);
        grammars.set(language, await Grammar.load(file));
      }
      return new Parsers(new Parser(), grammars);
    } catch (thrown) {
      throw new SutureError(
        'INTERNAL',
        `Could not load the grammars of the scanner: ${messageOf(thrown)}. Install the package again.`,
        { cause: thrown },
      );
    }
  }

  parse(source: string, language: SourceLanguage): Parsed {
    const grammar = this.#grammars.get(language);
    ensure(
      grammar,
      'BAD_ARGUMENT',
      `The scanner has loaded ${[...this.#grammars.keys()].join(' and ')}, not ${language}.`,
    );
    let tree: Tree | null;
    try {
      this.#parser.setLanguage(grammar);
      const end = performance.now() + PATIENCE;
      tree = this.#parser.parse(source, null, { progressCallback: () => performance.now() > end });
      if (!tree) {
        this.#parser.reset();
        return unreadable(source, 'it takes too long');
      }
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      // The engine's stack ended within tree-sitter: what state this parser is in nobody knows.
      this.#parser = new Parser();
      return unreadable(source, 'it is nested too deeply');
    }
    try {
      return copyTree(tree, source, grammar);
    } finally {
      tree.delete();
    }
  }
}

const unreadable = (source: string, unread: Parsed['unread']): Parsed => ({
  root: new SyntaxNode('ERROR', undefined, undefined, 1, 1, 0, source.length, source, []),
  clean: false,
  errorLine: 1,
  unread,
  comments: [],
});

/** Of each kind of node: whether it is named; asking tree-sitter again and again is slow. */
const NAMED = new WeakMap<Grammar, boolean[]>();

function copyTree(tree: Tree, source: string, grammar: Grammar): Parsed {
  const isNamed = NAMED.get(grammar) ?? [];
  NAMED.set(grammar, isNamed);
  const cursor = cursorOf(tree);
  const order: SyntaxNode[] = [];
  let errorLine: number | undefined;
  let unread: Parsed['unread'];
  const comments: Parsed['comments'] = [];
  let root: SyntaxNode | undefined;
  let parent: SyntaxNode | undefined;
  let depth = 0;
  // Lines are counted here, as asking tree-sitter for each position is slow.
  let line = 1;
  let lineStart = 0;
  let counted = 0;
  for (;;) {
    const kind = cursor.type();
    const type = grammar.types[kind] ?? 'ERROR';
    const start = cursor.start();
    const end = cursor.end();
    let entered = false;
    for (; counted < start; counted++) {
      if (source.charCodeAt(counted) !== 10) continue;
      line++;
      lineStart = counted + 1;
    }
    if (COMMENTS.has(type)) {
      comments.push({ line, text: source.slice(start, end) });
    } else {
      const node = new SyntaxNode(
        type,
        grammar.fields[cursor.field()] ?? undefined,
        parent,
        line,
        start - lineStart + 1,
        start,
        end,
        source,
        order,
      );
      const missing = start === end && cursor.isMissing();
      if (type === 'ERROR' || missing) errorLine ??= line;
      root ??= node;
      isNamed[kind] ??= cursor.isNamed();
      parent?.append(node, isNamed[kind]);
      if (depth >= MAX_DEPTH) unread = 'it is nested too deeply';
      else if (cursor.firstChild()) {
        entered = true;
        parent = node;
        depth++;
      }
    }
    if (entered) continue;
    while (!cursor.nextSibling()) {
      parent?.close();
      if (!cursor.parent()) {
        cursor.delete();
        const clean = errorLine === undefined && unread === undefined;
        return { root: root!, clean, errorLine, unread, comments };
      }
      depth--;
      parent = parent!.parent;
    }
  }
}
