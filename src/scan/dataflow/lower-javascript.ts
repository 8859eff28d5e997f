/** Reads a syntax tree of JavaScript or TypeScript, with or without JSX, as a program. */
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

export function lowerJavaScript(root: SyntaxNode): Program {
  return programOf(block(root));
}

const block = (node: SyntaxNode | undefined): Statement[] =>
  (node?.named ?? []).flatMap((child) => statement(child));

/** The body of a branch or loop, in braces or not. */
const body = (node: SyntaxNode | undefined): Statement[] => {
  if (!node) return [];
  return node.type === 'statement_block' ? block(node) : statement(node);
};

const FUNCTIONS = new Set([
  'function_declaration',
  'generator_function_declaration',
  'function_expression',
  'generator_function',
  'arrow_function',
  'method_definition',
]);
/** Only types, which are gone when it runs. */
const TYPES = /^(?:interface|type_alias|ambient|enum|function_signature|type_)/;

function statement(at: SyntaxNode): Statement[] {
  switch (at.type) {
    case 'expression_statement':
      return at.named.map((child) => ({ kind: 'expression', at, value: expression(child) }));
    case 'statement_block':
    case 'program':
    case 'ERROR':
    case 'else_clause':
      return [{ kind: 'block', at, body: block(at) }];
    case 'function_declaration':
    case 'generator_function_declaration':
      return [{ kind: 'define', at, function: functionOf(at) }];
    case 'export_statement': {
      const value = at.get('value');
      const declaration = at.get('declaration');
      if (declaration) return statement(declaration);
      return value ? [{ kind: 'expression', at, value: expression(value) }] : [];
    }
    case 'lexical_declaration':
    case 'variable_declaration':
      return at.named.filter((child) => child.type === 'variable_declarator').flatMap(declarator);
    case 'import_statement':
      return [imports(at)];
    case 'class_declaration':
    case 'abstract_class_declaration':
      return [classOf(at)];
    case 'return_statement':
      return [{ kind: 'return', at, ...(at.named[0] && { value: expression(at.named[0]) }) }];
    case 'throw_statement':
      return [{ kind: 'throw', at, ...(at.named[0] && { value: expression(at.named[0]) }) }];
    case 'break_statement':
      return [{ kind: 'break', at }];
    case 'continue_statement':
      return [{ kind: 'continue', at }];
    case 'labeled_statement':
      return body(at.get('body'));
    case 'if_statement': {
      const test = at.get('condition');
      const then = body(at.get('consequence'));
      const otherwise = body(at.get('alternative'));
      return test
        ? [{ kind: 'if', at, test: expression(test), consequence: then, otherwise }]
        : [...then, ...otherwise];
    }
    case 'while_statement':
    case 'do_statement': {
      const test = at.get('condition');
      return [
        {
          kind: 'while',
          at,
          ...(test && { test: expression(test) }),
          body: body(at.get('body')),
          ...(at.type === 'do_statement' && { first: true as const }),
        },
      ];
    }
    case 'for_statement': {
      const [start, test, update] = [
        at.get('initializer'),
        at.get('condition'),
        at.get('increment'),
      ];
      const first = start
        ? start.type.endsWith('declaration') || start.type.endsWith('statement')
          ? statement(start)
          : [{ kind: 'expression' as const, at: start, value: expression(start) }]
        : [];
      return [
        ...first,
        {
          kind: 'while',
          at,
          ...(test &&
            test.type !== ';' &&
            test.type !== 'empty_statement' && {
              test: expression(
                test.type === 'expression_statement' ? (test.named[0] ?? test) : test,
              ),
            }),
          body: body(at.get('body')),
          ...(update && { update: expression(update) }),
        },
      ];
    }
    case 'for_in_statement': {
      const [target, over] = [at.get('left'), at.get('right')];
      if (!target || !over) return body(at.get('body'));
      // Keys of an object are its own; elements are as it is.
      const keys = at.get('operator')?.text === 'in';
      const source: Expression = keys ? { kind: 'other', at: over, parts: [] } : expression(over);
      return [
        { kind: 'for', at, target: expression(target), over: source, body: body(at.get('body')) },
      ];
    }
    case 'try_statement': {
      const handler = at.get('handler');
      const name = handler?.get('parameter')?.text;
      return [
        {
          kind: 'try',
          at,
          body: block(at.get('body')),
          handlers: handler
            ? [{ ...(name !== undefined && { name }), body: block(handler.get('body')) }]
            : [],
          otherwise: [],
          last: block(at.get('finalizer')?.get('body')),
        },
      ];
    }
    case 'switch_statement': {
      const subject = at.get('value');
      const cases = (at.get('body')?.named ?? []).map((clause) => {
        const value = clause.get('value');
        return {
          tests: value ? [expression(value)] : [],
          body: clause.all('body').flatMap(statement),
        };
      });
      return subject ? [{ kind: 'switch', at, subject: expression(subject), cases }] : [];
    }
    case 'empty_statement':
    case 'debugger_statement':
    case 'hash_bang_line':
      return [];
    default:
      if (TYPES.test(at.type)) return [];
      return [{ kind: 'expression', at, value: expression(at) }];
  }
}

function declarator(at: SyntaxNode): Statement[] {
  const [name, value] = [at.get('name'), at.get('value')];
  if (!name) return [];
  if (name.type !== 'identifier') {
    if (!value) return [];
    return [
      {
        kind: 'expression',
        at,
        value: { kind: 'assign', at, target: expression(name), value: expression(value) },
      },
    ];
  }
  if (value && FUNCTIONS.has(value.type))
    return [{ kind: 'define', at, function: { ...functionOf(value), name: name.text } }];
  const type = at.get('type')?.text;
  const target: Expression = { kind: 'name', at: name, name: name.text };
  if (value)
    return [
      { kind: 'expression', at, value: { kind: 'assign', at, target, value: expression(value) } },
    ];
  return [{ kind: 'declare', at, name: name.text, ...(type !== undefined && { type }) }];
}

function imports(at: SyntaxNode): Statement {
  const source = (at.get('source')?.text ?? '').slice(1, -1).replace(/^node:/, '');
  const bindings: { name: string; path: string }[] = [];
  for (const child of at.ofType('import_clause')?.named ?? []) {
    // The default export of a CommonJS module is the module.
    if (child.type === 'identifier') bindings.push({ name: child.text, path: source });
    if (child.type === 'namespace_import' && child.named[0])
      bindings.push({ name: child.named[0].text, path: source });
    if (child.type !== 'named_imports') continue;
    for (const item of child.named) {
      const name = item.get('name')?.text ?? item.text;
      bindings.push({ name: item.get('alias')?.text ?? name, path: `${source}.${name}` });
    }
  }
  return { kind: 'import', at, bindings };
}

function classOf(at: SyntaxNode): Statement {
  const name = at.get('name')?.text ?? 'class';
  const members: Statement[] = [];
  let decorators: Expression[] = [];
  for (const member of at.get('body')?.named ?? []) {
    if (member.type === 'decorator') decorators.push(...member.named.map(expression));
    if (member.type === 'method_definition') {
      members.push({
        kind: 'define',
        at: member,
        function: { ...functionOf(member), owner: name, decorators },
      });
      decorators = [];
    }
    const value = member.type.endsWith('field_definition') ? member.get('value') : undefined;
    if (value && FUNCTIONS.has(value.type))
      members.push({
        kind: 'define',
        at: member,
        function: {
          ...functionOf(value),
          name: member.get('property')?.text ?? member.get('name')?.text ?? '',
          owner: name,
        },
      });
    else if (value) members.push({ kind: 'expression', at: member, value: expression(value) });
  }
  return { kind: 'class', at, name, body: members };
}

function functionOf(at: SyntaxNode): FunctionNode {
  const inside = at.get('body');
  const single = at.get('parameter');
  const given = single ? [single] : (at.get('parameters')?.named ?? []);
  const value = inside && inside.type !== 'statement_block';
  return {
    at,
    name: at.get('name')?.text ?? 'anonymous',
    parameters: given.filter((node) => node.type !== 'decorator').map(parameter),
    body: value ? [{ kind: 'return', at: inside, value: expression(inside) }] : block(inside),
    decorators: [],
  };
}

function parameter(at: SyntaxNode, index: number): Parameter {
  const inner = at.get('pattern') ?? at;
  const preset = inner.type === 'assignment_pattern' ? inner.get('right') : at.get('value');
  const bare =
    inner.type === 'assignment_pattern'
      ? (inner.get('left') ?? inner)
      : inner.type === 'rest_pattern'
        ? (inner.named[0] ?? inner)
        : inner;
  const type = at.get('type')?.text;
  const plain = bare.type === 'identifier' || bare.type === 'this';
  return {
    name: plain ? bare.text : `argument ${index + 1}`,
    ...(type !== undefined && { type }),
    ...(preset && { default: expression(preset) }),
    ...(!plain && { pattern: expression(bare) }),
  };
}

const other = (at: SyntaxNode): Expression => ({
  kind: 'other',
  at,
  parts: at.named.map(expression),
});
const OPERATORS = new Map([
  ['===', '=='],
  ['!==', '!='],
]);

function expression(at: SyntaxNode): Expression {
  const [left, right] = [at.get('left'), at.get('right')];
  switch (at.type) {
    case 'identifier':
    case 'this':
    case 'super':
    case 'undefined':
    case 'shorthand_property_identifier':
    case 'shorthand_property_identifier_pattern':
      if (at.type === 'undefined') return { kind: 'constant', at, value: null };
      return { kind: 'name', at, name: at.text };
    case 'string':
      return { kind: 'constant', at, value: unescapeText(at.text.slice(1, -1)) };
    case 'number': {
      const value = Number(at.text.replaceAll('_', '').replace(/n$/, ''));
      return { kind: 'constant', at, value: Number.isNaN(value) ? 1 : value };
    }
    case 'true':
    case 'false':
      return { kind: 'constant', at, value: at.type === 'true' };
    case 'null':
      return { kind: 'constant', at, value: null };
    case 'regex':
      return { kind: 'pattern', at, source: at.text };
    case 'template_string':
      return templateOf(at);
    case 'parenthesized_expression':
    case 'await_expression':
    case 'yield_expression':
    case 'as_expression':
    case 'satisfies_expression':
    case 'non_null_expression':
    case 'expression_statement':
    case 'template_substitution':
    case 'spread_element':
    case 'rest_pattern':
    case 'jsx_expression':
    case 'optional_parameter':
    case 'required_parameter':
    case 'computed_property_name':
      return at.named[0] ? expression(at.named[0]) : other(at);
    case 'type_assertion':
      return at.named.at(-1) ? expression(at.named.at(-1)!) : other(at);
    case 'array':
    case 'array_pattern':
      return { kind: 'list', at, items: at.named.map(expression) };
    case 'object':
    case 'object_pattern':
      return { kind: 'record', at, entries: at.named.map(entry) };
    case 'member_expression': {
      const object = at.get('object');
      if (!object) return other(at);
      return {
        kind: 'member',
        at,
        object: expression(object),
        name: at.get('property')?.text ?? '',
      };
    }
    case 'subscript_expression': {
      const [object, key] = [at.get('object'), at.get('index')];
      return object && key
        ? { kind: 'index', at, object: expression(object), key: expression(key) }
        : other(at);
    }
    case 'call_expression':
    case 'new_expression':
      return callOf(at);
    case 'assignment_expression':
    case 'augmented_assignment_expression': {
      if (!left || !right) return other(at);
      const op = at.get('operator')?.text.replace(/=$/, '');
      return {
        kind: 'assign',
        at,
        target: expression(left),
        value: expression(right),
        ...(op && { op }),
      };
    }
    case 'assignment_pattern':
    case 'object_assignment_pattern':
      if (!left || !right) return other(at);
      return { kind: 'assign', at, target: expression(left), value: expression(right) };
    case 'binary_expression': {
      if (!left || !right) return other(at);
      const written = at.get('operator')?.text ?? '';
      const op = OPERATORS.get(written) ?? written;
      const parts = { at, left: expression(left), right: expression(right) };
      if (op === '&&' || op === '||' || op === '??')
        return { kind: 'logic', op: op === '&&' ? 'and' : 'or', ...parts };
      const compares = /^(?:[<>]=?|[=!]=|in|instanceof)$/.test(op);
      return compares ? { kind: 'compare', op, ...parts } : { kind: 'binary', op, ...parts };
    }
    case 'unary_expression': {
      const argument = at.get('argument');
      if (!argument) return other(at);
      if (at.get('operator')?.text === '!') return { kind: 'not', at, value: expression(argument) };
      return { kind: 'harmless', at, parts: [expression(argument)] };
    }
    case 'update_expression':
      return { kind: 'harmless', at, parts: at.named.map(expression) };
    case 'ternary_expression': {
      const [test, then, otherwise] = [
        at.get('condition'),
        at.get('consequence'),
        at.get('alternative'),
      ];
      if (!test || !then || !otherwise) return other(at);
      return {
        kind: 'choice',
        at,
        test: expression(test),
        consequence: expression(then),
        otherwise: expression(otherwise),
      };
    }
    case 'jsx_element':
    case 'jsx_self_closing_element':
    case 'jsx_fragment':
      return { kind: 'template', at, parts: at.named.map(expression), markup: true };
    case 'jsx_attribute': {
      const [name, value] = at.named;
      if (!name || !value) return { kind: 'other', at, parts: [] };
      // `<p title={x}>` is an assignment to the element's property.
      return {
        kind: 'assign',
        at,
        target: {
          kind: 'member',
          at,
          object: { kind: 'constant', at: name, value: null },
          name: name.text,
        },
        value: expression(value),
      };
    }
    case 'jsx_text':
      return { kind: 'constant', at, value: at.text };
    case 'sequence_expression':
      return {
        kind: 'index',
        at,
        object: { kind: 'list', at, items: at.named.map(expression) },
        key: { kind: 'constant', at, value: -1 },
      };
    default:
      return FUNCTIONS.has(at.type)
        ? { kind: 'function', at, function: functionOf(at) }
        : other(at);
  }
}

function entry(at: SyntaxNode): { key?: Expression; value: Expression } {
  const key = at.get('key');
  const named = (node: SyntaxNode): Expression =>
    node.type === 'property_identifier'
      ? { kind: 'constant', at: node, value: node.text }
      : expression(node);
  const value = at.get('value');
  if (key && value) return { key: named(key), value: expression(value) };
  if (at.type === 'method_definition')
    return {
      key: { kind: 'constant', at, value: at.get('name')?.text ?? '' },
      value: expression(at),
    };
  if (at.type.startsWith('shorthand'))
    return { key: { kind: 'constant', at, value: at.text }, value: expression(at) };
  const left = at.get('left');
  if (left) return { key: { kind: 'constant', at: left, value: left.text }, value: expression(at) };
  return { value: expression(at) };
}

function templateOf(at: SyntaxNode): Expression {
  const parts = at.named.map(
    (part): Expression =>
      part.type === 'template_substitution'
        ? expression(part)
        : { kind: 'constant', at: part, value: unescapeText(part.text) },
  );
  if (parts.every((part) => part.kind === 'constant'))
    return { kind: 'constant', at, value: parts.map((part) => String(part.value)).join('') };
  return { kind: 'template', at, parts };
}

function callOf(at: SyntaxNode): Expression {
  const callee = at.get('function') ?? at.get('constructor');
  const given = at.get('arguments');
  if (!callee) return other(at);
  // A tagged template gives its holes to a function of that name.
  const args =
    given?.type === 'template_string'
      ? [{ value: templateOf(given) }]
      : (given?.named ?? []).map(
          (argument): Argument => ({
            value: expression(argument),
            ...(argument.type === 'spread_element' && { spread: true as const }),
          }),
        );
  return {
    kind: 'call',
    at,
    callee: expression(callee),
    args,
    ...(at.type === 'new_expression' && { construct: true as const }),
  };
}
