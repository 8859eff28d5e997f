import { type Family, familyOf, lower, type Program } from './dataflow/index.js';
import { type CFinding, type Macros, macrosOf, runC } from './flow-c.js';
import type { Parsed, Parsers, SyntaxNode } from './parse.js';
import { type Allowances, allowancesOf } from './suppress.js';
import type { SourceLanguage } from './types.js';

/** For each function of C: what following its sizes may take. */
const SIZES_BUDGET = { steps: 12_000, paths: 24 };

/** One source as rules see it; what is costly is made when it is first asked for. */
export class FileContext {
  readonly language: SourceLanguage;
  readonly family: Family;
  readonly source: string;
  readonly parsed: Parsed;
  readonly #parsers: Parsers;
  #program: Program | undefined;
  #lines: Map<number, SyntaxNode> | undefined;
  #allowances: Allowances | undefined;
  #macros: Macros | undefined;
  #sizes: { findings: CFinding[]; complete: boolean } | undefined;

  constructor(source: string, language: SourceLanguage, parsers: Parsers) {
    this.source = source;
    this.language = language;
    this.family = familyOf(language);
    this.#parsers = parsers;
    this.parsed = parsers.parse(source, language);
  }

  get root(): SyntaxNode {
    return this.parsed.root;
  }

  /** The file as the data flow reads it. */
  get program(): Program {
    this.#program ??= lower(this.root, this.language);
    return this.#program;
  }

  /** Every node, in source order. */
  get nodes(): readonly SyntaxNode[] {
    return this.root.order;
  }

  /** What the object-like macros of a C file stand for. */
  get macros(): Macros {
    this.#macros ??= macrosOf(this.root, (text) => this.#parsers.parse(text, 'c').root);
    return this.#macros;
  }

  /** What the analysis of sizes and buffers found in a C file. */
  get sizes(): { findings: CFinding[]; complete: boolean } {
    this.#sizes ??= runC(this.root, this.macros, SIZES_BUDGET);
    return this.#sizes;
  }

  /** The first node of a line, for findings that know no more than their line. */
  atLine(line: number): SyntaxNode {
    if (!this.#lines) {
      this.#lines = new Map();
      for (const node of this.nodes)
        if (node !== this.root && !this.#lines.has(node.line)) this.#lines.set(node.line, node);
    }
    return this.#lines.get(line) ?? this.root;
  }

  /** What comments in the source allow. */
  get allowances(): Allowances {
    this.#allowances ??= allowancesOf(this.parsed);
    return this.#allowances;
  }
}
