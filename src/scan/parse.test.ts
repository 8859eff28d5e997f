import { describe, expect, it } from 'vitest';
import { Parsers, type SyntaxNode } from './parse.js';

const parsers = await Parsers.load();

describe('Parsers', () => {
  it('copies roles, lines and text', () => {
    const { root, clean } = parsers.parse('int a;\n\nint f(int b) {\n  return b;\n}\n', 'c');
    expect(clean).toBe(true);
    const found = root.walk().find((node) => node.type === 'return_statement');
    expect(found).toMatchObject({ line: 4, text: 'return b;' });
    expect(found?.parent?.field).toBe('body');
  });

  it('lists what is under a node, but for what is skipped', () => {
    const { root } = parsers.parse('int f(int a) { if (a) { g(a + 1); } return a; }\n// b\n', 'c');
    const under = (node: SyntaxNode): SyntaxNode[] => [node, ...node.children.flatMap(under)];
    for (const node of under(root)) expect(node.walk()).toEqual(under(node));
    const types = root
      .walk(({ type }) => type === 'if_statement' || type === 'parameter_list')
      .filter(({ type }) => type === 'identifier' || type.endsWith('_statement'))
      .map(({ type, text }) => (type === 'identifier' ? text : type));
    expect(types).toEqual(['f', 'compound_statement', 'return_statement', 'a']);
  });

  it('leaves comments out', () => {
    const c = parsers.parse('/* gets(a); */ int a; // gets(a)\n', 'c');
    const python = parsers.parse('a = 1  # os.system(a)\n', 'python');
    for (const { root } of [c, python])
      expect(root.walk().some((node) => node.type === 'comment')).toBe(false);
  });

  it('counts lines and columns in text that is not ASCII', () => {
    const { root } = parsers.parse('a = "é😀"\nb = a\n', 'python');
    const names = root.walk().filter((node) => node.type === 'identifier');
    expect(names.map((node) => [node.text, node.line])).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', 2],
    ]);
  });

  it('says where the first error is', () => {
    expect(parsers.parse('int f() {\n  return (1;\n}\n', 'c')).toMatchObject({
      clean: false,
      errorLine: 2,
    });
  });

  it('stops at a depth that no function has', () => {
    const { unread, clean } = parsers.parse(
      `int a = ${'('.repeat(5000)}1${')'.repeat(5000)};`,
      'c',
    );
    expect(unread).toBe('it is nested too deeply');
    expect(clean).toBe(false);
  });

  it('goes on after a text with two readings throughout', async () => {
    const tsx = await Parsers.load(['tsx']);
    // Enough to overrun the stack that tree-sitter comes with.
    for (const tags of [3000, 10_000]) {
      const { clean } = tsx.parse(`void f() { ${'<a>'.repeat(tags)}`, 'tsx');
      expect(clean).toBe(false);
    }
    expect(tsx.parse('const a = 1;', 'tsx').clean).toBe(true);
  });
});
