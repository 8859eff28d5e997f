import type { Judgement } from '../dataflow/index.js';
import type { FileContext } from '../file.js';
import type { SyntaxNode } from '../parse.js';
import { C, examples, type Rule } from './rule.js';

/** Which argument is a size in bytes, by function. */
const ALLOCATES = new Map([
  ['malloc', 0],
  ['xmalloc', 0],
  ['alloca', 0],
  ['valloc', 0],
  ['emalloc', 0],
  ['g_malloc', 0],
  ['g_malloc0', 0],
  ['av_malloc', 0],
  ['kmalloc', 0],
  ['kzalloc', 0],
  ['kvmalloc', 0],
  ['kvzalloc', 0],
  ['vmalloc', 0],
  ['vzalloc', 0],
  ['realloc', 1],
  ['krealloc', 1],
  ['g_realloc', 1],
  ['aligned_alloc', 1],
]);
/** Functions that look for the overflow themselves. */
const CHECKED =
  /^(?:calloc|reallocarray|kcalloc|kmalloc_array|kvmalloc_array|g_malloc_n|g_new0?|av_malloc_array|av_mallocz_array|av_realloc_array|__builtin_(?:add|mul|sub)_overflow|ckd_(?:add|mul|sub)|check_(?:add|mul)_overflow)$/;
/** Numbers of so few bits that what they are multiplied or added with stays small. */
const SMALL_TYPE =
  /^(?:const |static |register )*(?:unsigned |signed )?(?:char|short|u?int(?:8|16)_t|uint8|uint16|u8|u16|bool|_Bool)\b/;

/** A function of the file, as far as this rule reads it: by its text, not by its paths. */
interface Scope {
  nodes: readonly SyntaxNode[];
  /** What each variable is set to, and how often. */
  values: ReadonlyMap<string, SyntaxNode[]>;
  types: ReadonlyMap<string, string>;
  parameters: ReadonlySet<string>;
}

function scopeOf(at: SyntaxNode): Scope {
  const nodes = at.walk();
  const values = new Map<string, SyntaxNode[]>();
  const types = new Map<string, string>();
  const parameters = new Set<string>();
  for (const node of nodes) {
    if (node.type === 'init_declarator' || node.type === 'assignment_expression') {
      const name = (node.get('declarator') ?? node.get('left'))?.text;
      const value = node.get('value') ?? node.get('right');
      if (name === undefined || !value) continue;
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
    if (node.type !== 'declaration' && node.type !== 'parameter_declaration') continue;
    const type = node.get('type')?.text ?? '';
    for (const declarator of node.all('declarator')) {
      const name = declarator.walk().find((part) => part.type === 'identifier')?.text;
      if (name === undefined) continue;
      types.set(name, type);
      if (node.type === 'parameter_declaration') parameters.add(name);
    }
  }
  return { nodes, values, types, parameters };
}

/** The factors and summands of a size, with variables that are set once replaced by what they are. */
function operandsOf(size: SyntaxNode, scope: Scope, depth = 0): { op: string; at: SyntaxNode }[] {
  switch (size.type) {
    case 'parenthesized_expression':
      return size.named[0] ? operandsOf(size.named[0], scope, depth) : [];
    case 'cast_expression': {
      const value = size.get('value');
      return value ? operandsOf(value, scope, depth) : [];
    }
    case 'binary_expression': {
      const op = size.get('operator')?.text ?? '';
      if (!/^(?:[*+]|<<)$/.test(op)) return [];
      return [size.get('left'), size.get('right')].flatMap((side) => {
        if (!side) return [];
        const inner = operandsOf(side, scope, depth);
        return inner.length > 0 ? inner : [{ op, at: side }];
      });
    }
    case 'identifier': {
      const known = scope.values.get(size.text) ?? [];
      return known.length === 1 && depth < 3 ? operandsOf(known[0]!, scope, depth + 1) : [];
    }
    default:
      return [];
  }
}

/** Whether an operand may be anything: a parameter, a field, or what a call read from outside. */
function chosenOutside(at: SyntaxNode, scope: Scope, depth = 0): boolean {
  if (at.type === 'parenthesized_expression')
    return at.named.some((n) => chosenOutside(n, scope, depth));
  if (at.type === 'cast_expression') {
    const value = at.get('value');
    return value !== undefined && chosenOutside(value, scope, depth);
  }
  if (at.type === 'field_expression') return !/(?:->|\.)(?:size|len|length)\(?\)?$/.test(at.text);
  if (at.type === 'call_expression')
    return /^(?:ato(?:i|l|ll)|strto\w+|ntoh[sl]|(?:get|read)_?\w*(?:32|64|int|long|word)\w*)$/i.test(
      at.get('function')?.text ?? '',
    );
  if (at.type !== 'identifier' || /^[A-Z][A-Z0-9_]*$/.test(at.text)) return false;
  if (SMALL_TYPE.test(scope.types.get(at.text) ?? '')) return false;
  const values = scope.values.get(at.text) ?? [];
  if (scope.parameters.has(at.text)) return values.length === 0;
  return depth < 3 && values.length === 1 && chosenOutside(values[0]!, scope, depth + 1);
}

/** Whether a number is compared with something, or limited, before a place. */
function isCompared(at: SyntaxNode, before: SyntaxNode, scope: Scope): boolean {
  const text = at.type === 'cast_expression' ? (at.get('value')?.text ?? at.text) : at.text;
  const mentions = (node: SyntaxNode | undefined): boolean =>
    node?.walk().some((part) => part.text === text) ?? false;
  return scope.nodes.some((node) => {
    if (node.start >= before.start) return false;
    if (node.type === 'call_expression') {
      const name = node.get('function')?.text ?? '';
      return (
        (CHECKED.test(name) || /min|clamp|limit|overflow|check|valid/i.test(name)) && mentions(node)
      );
    }
    if (node.type !== 'binary_expression') return false;
    if (/^(?:%|&)$/.test(node.get('operator')?.text ?? '')) return node.get('left')?.text === text;
    if (!/^(?:[<>]=?|[=!]=)$/.test(node.get('operator')?.text ?? '')) return false;
    const other = [node.get('left'), node.get('right')].find((side) => !mentions(side));
    // That it is not zero or not negative says nothing of how large it is.
    return mentions(node) && (other === undefined || !/^(?:-?[01]|NULL)$/.test(other.text));
  });
}

function judge(call: SyntaxNode, scope: Scope): Judgement | undefined {
  const name = call.get('function')?.text.replace(/^(?:std)?::/, '') ?? '';
  if (CHECKED.test(name))
    return { status: 'safe', message: `${name} looks for the overflow`, at: call };
  const size = call.get('arguments')?.named[ALLOCATES.get(name) ?? -1];
  if (!size) return undefined;
  const operands = operandsOf(size, scope);
  const free = operands.filter(({ at }) => chosenOutside(at, scope));
  // One byte more than a length cannot wrap unless the length is at the very end.
  const dangerous = free.filter(({ op, at }) => {
    if (op !== '+') return true;
    const wide = /^(?:size_t|unsigned long|uint64_t|u64)$/;
    return free.length > 1 || !wide.test(scope.types.get(at.text) ?? '');
  });
  if (dangerous.length === 0) {
    const known = operands.every(({ at }) =>
      /^(?:number_literal|sizeof_expression)$/.test(at.type),
    );
    if (operands.length > 0 && known)
      return { status: 'safe', message: `the size of ${name} is known`, at: call };
    return undefined;
  }
  const loose = dangerous.find(({ at }) => !isCompared(at, call, scope));
  if (!loose) return { status: 'safe', message: `the size of ${name} is checked before`, at: call };
  return {
    status: 'unsafe',
    message: `the size of ${name} wraps around where ${loose.at.text} is large`,
    at: call,
  };
}

function check(file: FileContext): { findings: Judgement[]; complete: boolean } {
  const functions = file.nodes.filter((node) => node.type === 'function_definition');
  const findings = (functions.length > 0 ? functions : [file.root]).flatMap((definition) => {
    const scope = scopeOf(definition);
    return scope.nodes
      .filter((node) => node.type === 'call_expression')
      .flatMap((call) => judge(call, scope) ?? []);
  });
  return { findings, complete: true };
}

export const integerOverflow: Rule = {
  id: 'integer-overflow',
  cwe: 'CWE-190',
  title: 'Integer overflow in the size of an allocation',
  languages: C,
  severity: 'high',
  catches:
    'Sizes of allocations that are products or sums with a number that a caller or a file chooses and nothing limits before.',
  misses:
    'Overflow anywhere else, and limits that are too loose: that a number is compared with something counts.',
  remedy: 'Use `calloc` or `reallocarray`, or compare with `SIZE_MAX / size` first.',
  bad: examples(
    'c',
    '#include <stdlib.h>\nint *make(size_t n) {\n  return malloc(n * sizeof(int));\n}\n',
    '#include <stdlib.h>\nchar *image(int width, int height) {\n  int size = width * height * 4;\n  return malloc(size);\n}\n',
    '#include <stdlib.h>\nchar *text(int length) {\n  char *text = malloc(length + 1);\n  return text;\n}\n',
    '#include <stdlib.h>\nint *grow(int *list, unsigned n) {\n  if (n == 0) return list;\n  return realloc(list, (size_t)(n << 2));\n}\n',
  ).concat(
    examples(
      'cpp',
      '#include <cstdlib>\nint *make(const char *text) {\n  unsigned n = atoi(text);\n  return (int *)std::malloc(n * sizeof(int));\n}\n',
    ),
  ),
  good: examples(
    'c',
    '#include <stdlib.h>\nint *make(size_t n) {\n  return calloc(n, sizeof(int));\n}\n',
    '#include <stdlib.h>\n#include <stdint.h>\nint *make(size_t n) {\n  if (n > SIZE_MAX / sizeof(int)) return NULL;\n  return malloc(n * sizeof(int));\n}\n',
    '#include <stdlib.h>\n#include <limits.h>\nchar *image(int width, int height) {\n  if (width <= 0 || height <= 0 || width > INT_MAX / 4 / height) return NULL;\n  int size = width * height * 4;\n  return malloc(size);\n}\n',
    '#include <stdlib.h>\nint *make(size_t n) {\n  size_t bytes;\n  if (__builtin_mul_overflow(n, sizeof(int), &bytes)) return NULL;\n  return malloc(bytes);\n}\n',
    '#include <stdlib.h>\nint *make(void) {\n  return malloc(16 * sizeof(int));\n}\n',
  ),
  check,
};
