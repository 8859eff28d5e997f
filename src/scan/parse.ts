import { Language as Grammar, Parser, type Tree } from 'web-tree-sitter';
import { assetPath, ensure, messageOf, SutureError } from '../core/index.js';
import type { SourceLanguage } from './types.js';

/** Deeper nesting than any function has: the walks below recurse, and hostile input must not exhaust the stack. */
const MAX_DEPTH = 150;

/**
 * A node of the syntax tree, copied out of tree-sitter once, so that walking it costs no crossing
 * into WebAssembly. Comments are left out: nothing can mistake them for code.
 */
export class SyntaxNode {
  readonly children: SyntaxNode[] = [];
  readonly named: SyntaxNode[] = [];

  constructor(
    readonly type: string,
    /** The role in the parent, e.g. `left`, where the grammar names one. */
    readonly field: string | undefined,
    readonly parent: SyntaxNode | undefined,
    /** 1-based. */
    readonly line: number,
    readonly start: number,
    readonly end: number,
    readonly source: string,
  ) {}

  get text(): string {
    return this.source.slice(this.start, this.end);
  }

  /** 1-based, in UTF-16 units. */
  get column(): number {
    return this.start - this.source.lastIndexOf('\n', this.start - 1);
  }

  /** Line of the last character, 1-based. */
  get endLine(): number {
    return this.line + this.text.trimEnd().split('\n').length - 1;
  }

  /** The first child with the given role. */
  get(field: string): SyntaxNode | undefined {
    return this.children.find((child) => child.field === field);
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
    const found: SyntaxNode[] = [];
    const visit = (node: SyntaxNode): void => {
      found.push(node);
      for (const child of node.children) if (!skip?.(child)) visit(child);
    };
    visit(this);
    return found;
  }
}

export interface Parsed {
  root: SyntaxNode;
  /** No ERROR or MISSING node. */
  clean: boolean;
  /** Line of the first syntax error, 1-based. */
  errorLine: number | undefined;
  /** Nested beyond what is walked; what lies deeper is not in the tree. */
  tooDeep: boolean;
  /** In source order, with their marks. */
  comments: { line: number; text: string }[];
}

const COMMENTS = new Set(['comment', 'line_comment', 'block_comment']);

/** Grammars that ship in `assets/grammars`, by what they parse. */
export const GRAMMARS = ['c', 'cpp', 'javascript', 'python', 'tsx', 'typescript'] as const;

/** Parses sources with the grammars that ship in `assets/grammars`. */
export class Parsers {
  readonly #parser: Parser;
  readonly #grammars: ReadonlyMap<SourceLanguage, Grammar>;

  private constructor(parser: Parser, grammars: ReadonlyMap<SourceLanguage, Grammar>) {
    this.#parser = parser;
    this.#grammars = grammars;
  }

  /** Throws a `SutureError` where a grammar cannot be loaded. */
  static async load(languages: readonly SourceLanguage[] = ['c', 'python']): Promise<Parsers> {
    try {
      await Parser.init();
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
    this.#parser.setLanguage(grammar);
    const tree = this.#parser.parse(source);
    ensure(tree, 'INTERNAL', 'The parser gave no tree.');
    try {
      return copyTree(tree, source);
    } finally {
      tree.delete();
    }
  }
}

function copyTree(tree: Tree, source: string): Parsed {
  const cursor = tree.walk();
  let errorLine: number | undefined;
  let tooDeep = false;
  const comments: Parsed['comments'] = [];
  let root: SyntaxNode | undefined;
  let parent: SyntaxNode | undefined;
  let depth = 0;
  // Lines are counted here, as asking tree-sitter for each position is slow.
  let line = 1;
  let counted = 0;
  for (;;) {
    const type = cursor.nodeType;
    const start = cursor.startIndex;
    let entered = false;
    for (; counted < start; counted++) if (source.charCodeAt(counted) === 10) line++;
    if (COMMENTS.has(type)) {
      comments.push({ line, text: source.slice(start, cursor.endIndex) });
    } else {
      const node = new SyntaxNode(
        type,
        cursor.currentFieldName ?? undefined,
        parent,
        line,
        start,
        cursor.endIndex,
        source,
      );
      if (type === 'ERROR' || cursor.nodeIsMissing) errorLine ??= line;
      root ??= node;
      parent?.children.push(node);
      if (cursor.nodeIsNamed) parent?.named.push(node);
      if (depth >= MAX_DEPTH) tooDeep = true;
      else if (cursor.gotoFirstChild()) {
        entered = true;
        parent = node;
        depth++;
      }
    }
    if (entered) continue;
    while (!cursor.gotoNextSibling()) {
      if (!cursor.gotoParent()) {
        cursor.delete();
        const clean = errorLine === undefined && !tooDeep;
        return { root: root!, clean, errorLine, tooDeep, comments };
      }
      depth--;
      parent = parent!.parent;
    }
  }
}
