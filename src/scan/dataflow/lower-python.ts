/** Reads a Python syntax tree as a program. */
import type { SyntaxNode } from '../parse.js';
import { programOf, unescapeText } from './lowering.js';
import type {
  Argument,
  Expression,
  FunctionNode,
  Parameter,
  Program,
  Statement,
} from './program.js';

export function lowerPython(root: SyntaxNode): Program {
  return programOf(block(root));
}

const block = (node: SyntaxNode | undefined): Statement[] =>
  (node?.named ?? []).flatMap((child) => statement(child));

function statement(at: SyntaxNode): Statement[] {
  switch (at.type) {
    case 'expression_statement':
    case 'print_statement':
    case 'exec_statement':
      return at.named.map((child) => ({ kind: 'expression', at, value: expression(child) }));
    case 'block':
    case 'module':
    case 'ERROR':
      return [{ kind: 'block', at, body: block(at) }];
    case 'import_statement':
    case 'import_from_statement':
      return [imports(at)];
    case 'function_definition':
      return [{ kind: 'define', at, function: functionOf(at, []) }];
    case 'decorated_definition': {
      const decorators = at.named
        .filter((child) => child.type === 'decorator')
        .flatMap((child) => child.named.slice(0, 1).map(expression));
      const definition = at.get('definition');
      if (definition?.type !== 'function_definition')
        return definition ? statement(definition) : [];
      return [{ kind: 'define', at, function: functionOf(definition, decorators) }];
    }
    case 'class_definition': {
      const name = at.get('name')?.text ?? '';
      const body = block(at.get('body'));
      for (const member of body) if (member.kind === 'define') member.function.owner = name;
      return [{ kind: 'class', at, name, body }];
    }
    case 'return_statement':
      return [{ kind: 'return', at, ...(at.named[0] && { value: expression(at.named[0]) }) }];
    case 'raise_statement':
      return [{ kind: 'throw', at, ...(at.named[0] && { value: expression(at.named[0]) }) }];
    case 'break_statement':
      return [{ kind: 'break', at }];
    case 'continue_statement':
      return [{ kind: 'continue', at }];
    case 'if_statement':
      return [ifStatement(at, at.all('alternative'))];
    case 'for_statement': {
      const [target, over] = [at.get('left'), at.get('right')];
      if (!target || !over) return block(at.get('body'));
      const loop: Statement = {
        kind: 'for',
        at,
        target: expression(target),
        over: expression(over),
        body: block(at.get('body')),
      };
      return [loop, ...block(at.get('alternative')?.get('body'))];
    }
    case 'while_statement': {
      const test = at.get('condition');
      return [
        { kind: 'while', at, ...(test && { test: expression(test) }), body: block(at.get('body')) },
      ];
    }
    case 'try_statement': {
      const handlers = at.children
        .filter((child) => child.type.startsWith('except'))
        .map((clause) => {
          const alias = clause
            .walk((node) => node.type === 'block')
            .find((node) => node.type === 'as_pattern_target');
          return { ...(alias && { name: alias.text }), body: block(clause.ofType('block')) };
        });
      return [
        {
          kind: 'try',
          at,
          body: block(at.get('body')),
          handlers,
          otherwise: block(at.ofType('else_clause')?.get('body')),
          last: block(at.ofType('finally_clause')?.ofType('block')),
        },
      ];
    }
    case 'with_statement': {
      const items = (at.ofType('with_clause')?.named ?? []).flatMap((item) => {
        const value = item.get('value');
        return value ? [{ kind: 'expression' as const, at: value, value: expression(value) }] : [];
      });
      return [...items, ...block(at.get('body'))];
    }
    case 'match_statement': {
      const subject = at.get('subject');
      if (!subject) return block(at.get('body'));
      const cases = (at.get('body')?.named ?? []).map((clause) => {
        const patterns = clause.named.filter((child) => child.type === 'case_pattern');
        const wild = patterns.some((pattern) => pattern.text === '_');
        return {
          tests: wild ? [] : patterns.map((pattern) => expression(pattern.named[0] ?? pattern)),
          body: [...block(clause.get('consequence')), { kind: 'break' as const, at: clause }],
        };
      });
      return [{ kind: 'switch', at, subject: expression(subject), cases }];
    }
    case 'assert_statement': {
      const test = at.named[0];
      if (!test) return [];
      return [
        {
          kind: 'if',
          at,
          test: expression(test),
          consequence: [],
          otherwise: [{ kind: 'throw', at }],
        },
      ];
    }
    case 'pass_statement':
    case 'global_statement':
    case 'nonlocal_statement':
    case 'delete_statement':
      return [];
    default:
      // What the parser could not finish may still hold an expression.
      return [{ kind: 'expression', at, value: expression(at) }];
  }
}

function ifStatement(at: SyntaxNode, alternatives: readonly SyntaxNode[]): Statement {
  const test = at.get('condition');
  const [next, ...rest] = alternatives;
  let otherwise: Statement[] = [];
  if (next)
    otherwise = next.type === 'else_clause' ? block(next.get('body')) : [ifStatement(next, rest)];
  const then = block(at.get('consequence'));
  if (!test) return { kind: 'block', at, body: [...then, ...otherwise] };
  return { kind: 'if', at, test: expression(test), consequence: then, otherwise };
}

function imports(at: SyntaxNode): Statement {
  const module = at.get('module_name')?.text;
  const bindings = at.all('name').map((name) => {
    const full = name.get('name')?.text ?? name.text;
    const alias = name.get('alias')?.text;
    if (module !== undefined) return { name: alias ?? full, path: `${module}.${full}` };
    // `import os.path` binds `os`.
    const first = full.split('.')[0]!;
    return alias === undefined ? { name: first, path: first } : { name: alias, path: full };
  });
  return { kind: 'import', at, bindings };
}

function functionOf(at: SyntaxNode, decorators: Expression[]): FunctionNode {
  const body = at.get('body');
  return {
    at,
    name: at.get('name')?.text ?? 'lambda',
    parameters: (at.get('parameters')?.named ?? []).flatMap(parameter),
    body:
      at.type === 'lambda' && body
        ? [{ kind: 'return', at: body, value: expression(body) }]
        : block(body),
    decorators,
  };
}

function parameter(at: SyntaxNode): Parameter[] {
  const name = (
    at.get('name') ??
    (at.type === 'identifier' ? at : at.walk().find((node) => node.type === 'identifier'))
  )?.text;
  if (name === undefined) return [];
  const [type, preset] = [at.get('type')?.text, at.get('value')];
  return [
    { name, ...(type !== undefined && { type }), ...(preset && { default: expression(preset) }) },
  ];
}

const other = (at: SyntaxNode): Expression => ({
  kind: 'other',
  at,
  parts: at.named.map(expression),
});

function expression(at: SyntaxNode): Expression {
  const [left, right] = [at.get('left'), at.get('right')];
  switch (at.type) {
    case 'identifier':
      return { kind: 'name', at, name: at.text };
    case 'string':
      return stringOf(at);
    case 'concatenated_string':
      return { kind: 'template', at, parts: at.named.map(expression) };
    case 'integer':
    case 'float': {
      const value = Number(
        at.text
          .replaceAll('_', '')
          .replace(/^0o?(?=\d)/, (prefix) =>
            prefix === '0' && /^0\d*[.eE]/.test(at.text) ? '' : '0o',
          ),
      );
      return { kind: 'constant', at, value: Number.isNaN(value) ? 1 : value };
    }
    case 'true':
    case 'false':
      return { kind: 'constant', at, value: at.type === 'true' };
    case 'none':
      return { kind: 'constant', at, value: null };
    case 'parenthesized_expression':
    case 'await':
    case 'as_pattern_target':
    case 'list_splat_pattern':
    case 'interpolation':
    case 'type':
      return at.named[0] ? expression(at.named[0]) : other(at);
    case 'list':
    case 'tuple':
    case 'set':
    case 'expression_list':
    case 'pattern_list':
    case 'tuple_pattern':
    case 'list_pattern':
      return { kind: 'list', at, items: at.named.map(expression) };
    case 'dictionary':
      return {
        kind: 'record',
        at,
        entries: at.named.map((pair) => {
          const [key, value] = [pair.get('key'), pair.get('value') ?? pair.named[0] ?? pair];
          return { ...(key && { key: expression(key) }), value: expression(value) };
        }),
      };
    case 'attribute': {
      const object = at.get('object');
      if (!object) return other(at);
      return {
        kind: 'member',
        at,
        object: expression(object),
        name: at.get('attribute')?.text ?? '',
      };
    }
    case 'subscript': {
      const [object, key] = [at.get('value'), at.get('subscript')];
      if (!object || !key) return other(at);
      // A slice is like what it was cut from.
      if (key.type === 'slice') return { kind: 'other', at, parts: [expression(object)] };
      return { kind: 'index', at, object: expression(object), key: expression(key) };
    }
    case 'call':
      return callOf(at);
    case 'binary_operator':
      if (!left || !right) return other(at);
      return {
        kind: 'binary',
        at,
        op: at.get('operator')?.text ?? '',
        left: expression(left),
        right: expression(right),
      };
    case 'boolean_operator':
      if (!left || !right) return other(at);
      return {
        kind: 'logic',
        at,
        op: at.get('operator')?.text === 'or' ? 'or' : 'and',
        left: expression(left),
        right: expression(right),
      };
    case 'not_operator': {
      const argument = at.get('argument');
      return argument ? { kind: 'not', at, value: expression(argument) } : other(at);
    }
    case 'comparison_operator': {
      if (at.named.length !== 2) return other(at);
      const op = at.children
        .filter((child) => child.field === 'operators')
        .map((child) => child.text)
        .join(' ')
        .replace(/\s+/g, ' ');
      const same = new Map([
        ['is', '=='],
        ['is not', '!='],
        ['<>', '!='],
      ]);
      return {
        kind: 'compare',
        at,
        op: same.get(op) ?? op,
        left: expression(at.named[0]!),
        right: expression(at.named[1]!),
      };
    }
    case 'conditional_expression': {
      const [then, test, otherwise] = at.named;
      if (!then || !test || !otherwise) return other(at);
      return {
        kind: 'choice',
        at,
        test: expression(test),
        consequence: expression(then),
        otherwise: expression(otherwise),
      };
    }
    case 'assignment':
    case 'augmented_assignment': {
      const value = right ?? undefined;
      if (!left) return other(at);
      if (!value) return { kind: 'other', at, parts: [] };
      const op = at.get('operator')?.text.replace(/=$/, '');
      return {
        kind: 'assign',
        at,
        target: expression(left),
        value: expression(value),
        ...(op && { op }),
      };
    }
    case 'named_expression': {
      const [name, value] = [at.get('name'), at.get('value')];
      if (!name || !value) return other(at);
      return { kind: 'assign', at, target: expression(name), value: expression(value) };
    }
    case 'as_pattern': {
      const [value, alias] = at.named;
      if (!value || !alias) return other(at);
      return { kind: 'assign', at, target: expression(alias), value: expression(value) };
    }
    case 'lambda':
      return { kind: 'function', at, function: functionOf(at, []) };
    case 'list_comprehension':
    case 'set_comprehension':
    case 'generator_expression':
    case 'dictionary_comprehension':
      return comprehension(at);
    default:
      return other(at);
  }
}

function stringOf(at: SyntaxNode): Expression {
  const prefix = at.ofType('string_start')?.text ?? '';
  const raw = /r/i.test(prefix);
  const parts: Expression[] = at.named.flatMap((part): Expression[] => {
    if (part.type === 'string_content')
      return [{ kind: 'constant', at: part, value: raw ? part.text : unescapeText(part.text) }];
    if (part.type !== 'interpolation') return [];
    const inner = part.get('expression') ?? part.named[0];
    return inner ? [expression(inner)] : [];
  });
  if (parts.every((part) => part.kind === 'constant'))
    return { kind: 'constant', at, value: parts.map((part) => String(part.value)).join('') };
  return { kind: 'template', at, parts };
}

function callOf(at: SyntaxNode): Expression {
  const [callee, given] = [at.get('function'), at.get('arguments')];
  if (!callee) return other(at);
  const generator = given?.type === 'generator_expression';
  const args = (generator ? [given] : (given?.named ?? [])).map((argument): Argument => {
    if (argument.type === 'keyword_argument') {
      const value = argument.get('value');
      return {
        name: argument.get('name')?.text ?? '',
        value: value ? expression(value) : other(argument),
      };
    }
    if (argument.type === 'list_splat' || argument.type === 'dictionary_splat') {
      const value = argument.named[0];
      return { spread: true, value: value ? expression(value) : other(argument) };
    }
    return { value: expression(argument) };
  });
  return { kind: 'call', at, callee: expression(callee), args };
}

function comprehension(at: SyntaxNode): Expression {
  const clause = at.ofType('for_in_clause');
  const [body, target, over] = [at.get('body'), clause?.get('left'), clause?.get('right')];
  if (!body || !target || !over) return other(at);
  const tests = at.named
    .filter((child) => child.type === 'if_clause')
    .flatMap((child) => child.named.map(expression));
  const inner = at.named.filter((child) => child.type === 'for_in_clause').slice(1);
  const value = body.type === 'pair' ? other(body) : expression(body);
  // Further clauses stand around the value, the last of them closest to it.
  const nested = inner.reduceRight<Expression>((built, next) => {
    const [left, right] = [next.get('left'), next.get('right')];
    return left && right
      ? {
          kind: 'each',
          at: next,
          target: expression(left),
          over: expression(right),
          tests: [],
          value: built,
        }
      : built;
  }, value);
  return {
    kind: 'each',
    at,
    target: expression(target),
    over: expression(over),
    tests,
    value: nested,
  };
}
