import { expect, it, vi } from 'vitest';
import { GRAMMARS, Parsers, type SyntaxNode } from './parse.js';
import { RULES } from './rules/index.js';

/** A tree with all that the copy of it holds. */
const shown = (node: SyntaxNode): unknown[] => [
  node.type,
  node.field,
  [node.line, node.column, node.start, node.end],
  node.named.length,
  node.children.map(shown),
];

it('reads the same trees where the program around has started tree-sitter for itself', async () => {
  const own = await Parsers.load(GRAMMARS);
  // Modules of Suture that find tree-sitter started already.
  vi.resetModules();
  const again = await (await import('./parse.js')).Parsers.load(GRAMMARS);
  const examples = RULES.flatMap(({ bad }) => bad);
  for (const { code, language } of [
    ...examples,
    { code: 'int f(char *s) { // é\n return "ü"[0] + g(s;\n}\n', language: 'c' as const },
  ]) {
    const [first, second] = [own.parse(code, language), again.parse(code, language)];
    expect(shown(second.root)).toEqual(shown(first.root));
    expect([second.clean, second.comments]).toEqual([first.clean, first.comments]);
  }
});
