/** Reads a syntax tree of C or C++ as a program. */
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

export function lowerC(root: SyntaxNode): Program {
  return programOf(block(root));
}

const block = (node: SyntaxNode | undefined): Statement[] =>
  (node?.named ?? []).flatMap((child) => statement(child));

/** The body of a branch or loop, in braces or not. */
const body = (node: SyntaxNode | undefined): Statement[] => (node ? statement(node) : []);

/** Functions that do not come back, by their names at least. */
const ENDS =
  /^(?:(?:std::)?(?:exit|abort|_exit|_Exit|quick_exit|terminate|longjmp)|v?errx?|__builtin_(?:unreachable|trap|abort)|(?:\w+_)?(?:die|panic|fatal|usage)(?:_error|_errno)?)$/;

/** Macros after which their condition holds. */
const ASSERTS = /^(?:assert|ASSERT|g_assert|g_return_(?:val_)?if_fail|CHECK)$/;

function statement(at: SyntaxNode): Statement[] {
  switch (at.type) {
    case 'expression_statement':
      return at.named.flatMap((child): Statement[] => {
        const called = child.get('function')?.text ?? '';
        const condition = ASSERTS.test(called) && child.get('arguments')?.named[0];
        if (condition)
          return [
            {
              kind: 'if',
              at,
              test: expression(condition),
              consequence: [],
              otherwise: [{ kind: 'throw', at }],
            },
          ];
        const then: Statement[] = ENDS.test(called) ? [{ kind: 'throw', at }] : [];
        return [{ kind: 'expression', at, value: expression(child) }, ...then];
      });
    case 'compound_statement':
      return block(at);
    case 'translation_unit':
    case 'declaration_list':
    case 'namespace_definition':
    case 'linkage_specification':
    case 'template_declaration':
    case 'else_clause':
    case 'ERROR':
    case 'preproc_if':
    case 'preproc_ifdef':
    case 'preproc_else':
    case 'preproc_elif':
      return [{ kind: 'block', at, body: block(at) }];
    case 'function_definition': {
      const definition = functionOf(at);
      return definition.name === ''
        ? block(at.get('body'))
        : [{ kind: 'define', at, function: definition }];
    }
    case 'declaration':
    case 'field_declaration':
      return declaration(at);
    case 'class_specifier':
    case 'struct_specifier':
    case 'union_specifier': {
      const name = at.get('name')?.text ?? '';
      const members = block(at.get('body')).filter((member) => member.kind === 'define');
      for (const member of members) member.function.owner = name;
      return members.length > 0 ? [{ kind: 'class', at, name, body: members }] : [];
    }
    case 'return_statement':
    case 'co_return_statement':
      return [{ kind: 'return', at, ...(at.named[0] && { value: expression(at.named[0]) }) }];
    case 'throw_statement':
      return [{ kind: 'throw', at, ...(at.named[0] && { value: expression(at.named[0]) }) }];
    case 'break_statement':
      return [{ kind: 'break', at }];
    case 'continue_statement':
      return [{ kind: 'continue', at }];
    case 'goto_statement':
      return [{ kind: 'goto', at, label: at.get('label')?.text ?? '' }];
    case 'labeled_statement':
      return [
        { kind: 'label', at, name: at.get('label')?.text ?? '' },
        ...at.named.slice(1).flatMap(statement),
      ];
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
      const [start, test, update] = [at.get('initializer'), at.get('condition'), at.get('update')];
      return [
        ...(start
          ? start.type === 'declaration'
            ? declaration(start)
            : [{ kind: 'expression' as const, at: start, value: expression(start) }]
          : []),
        {
          kind: 'while',
          at,
          ...(test && { test: expression(test) }),
          body: body(at.get('body')),
          ...(update && { update: expression(update) }),
        },
      ];
    }
    case 'for_range_loop': {
      const [target, over] = [at.get('declarator'), at.get('right')];
      const name = target && nameOf(target);
      if (!name || !over) return body(at.get('body'));
      return [
        {
          kind: 'for',
          at,
          target: { kind: 'name', at: name, name: name.text },
          over: expression(over),
          body: body(at.get('body')),
        },
      ];
    }
    case 'switch_statement': {
      const subject = at.get('condition');
      const inside = at.get('body')?.named ?? [];
      const cases = inside
        .filter((child) => child.type === 'case_statement')
        .map((clause) => {
          const value = clause.get('value');
          return {
            tests: value ? [expression(value)] : [],
            body: clause.named.filter((child) => child !== value).flatMap(statement),
          };
        });
      return subject ? [{ kind: 'switch', at, subject: expression(subject), cases }] : [];
    }
    case 'try_statement': {
      const handlers = at.named.filter((child) => child.type === 'catch_clause');
      return [
        {
          kind: 'try',
          at,
          body: body(at.get('body')),
          handlers: handlers.map((handler) => {
            const name = nameOf(handler.get('parameters')?.named[0]?.get('declarator'))?.text;
            return { ...(name !== undefined && { name }), body: body(handler.get('body')) };
          }),
          otherwise: [],
          last: [],
        },
      ];
    }
    default:
      if (
        /^(?:preproc|type_definition|using|enum|access|alias|static_assert|friend|concept|attributed)/.test(
          at.type,
        )
      )
        return [];
      return [{ kind: 'expression', at, value: expression(at) }];
  }
}

/** The name that a declarator declares. */
function nameOf(declarator: SyntaxNode | undefined): SyntaxNode | undefined {
  let node = declarator;
  while (node && node.type !== 'identifier' && node.type !== 'field_identifier') {
    if (node.type === 'qualified_identifier') node = node.get('name');
    else if (/destructor_name|operator_name/.test(node.type)) return node;
    else
      node =
        node.get('declarator') ??
        node.named.find((child) => /identifier|declarator/.test(child.type));
  }
  return node;
}

/** With the stars that stand at the declarator: `char *`. */
function typeOf(at: SyntaxNode, declarator: SyntaxNode | undefined): string {
  const name = nameOf(declarator);
  const stars = declarator
    ? declarator.source.slice(declarator.start, name?.start ?? declarator.end)
    : '';
  const qualifiers = at.children
    .filter((child) => child.type === 'type_qualifier')
    .map((child) => `${child.text} `);
  return `${qualifiers.join('')}${at.get('type')?.text ?? ''} ${stars.replace(/[^*&]/g, '')}`.trim();
}

function declaration(at: SyntaxNode): Statement[] {
  return at.all('declarator').flatMap((declarator): Statement[] => {
    const value = declarator.get('value');
    const inner = declarator.type === 'init_declarator' ? declarator.get('declarator') : declarator;
    const name = nameOf(inner);
    if (!name || inner?.type === 'function_declarator') return [];
    const array = inner?.walk().some((node) => node.type === 'array_declarator');
    // `std::string s(text)` holds its arguments.
    return [
      {
        kind: 'declare',
        at: declarator,
        name: name.text,
        type: typeOf(at, inner),
        ...(array && { array: true as const }),
        ...(value && { value: expression(value) }),
      },
    ];
  });
}

function functionOf(at: SyntaxNode): FunctionNode {
  const declarator = at.get('declarator');
  const parts = declarator?.walk((node) => node.type === 'parameter_list') ?? [];
  const inner = parts.find((node) => node.type === 'function_declarator');
  const qualified = parts.find((node) => node.type === 'qualified_identifier');
  const owner = qualified?.get('scope')?.text;
  return {
    at,
    name: nameOf(inner?.get('declarator'))?.text ?? '',
    parameters: (inner?.get('parameters')?.named ?? []).flatMap(parameter),
    body: body(at.get('body')),
    decorators: [],
    ...(owner !== undefined && { owner }),
  };
}

function parameter(at: SyntaxNode): Parameter[] {
  const declarator = at.get('declarator');
  const name = nameOf(declarator)?.text;
  return name === undefined ? [] : [{ name, type: typeOf(at, declarator) }];
}

const other = (at: SyntaxNode): Expression => ({
  kind: 'other',
  at,
  parts: at.named.map(expression),
});

function expression(at: SyntaxNode): Expression {
  const [left, right] = [at.get('left'), at.get('right')];
  const argument = at.get('argument');
  switch (at.type) {
    case 'identifier':
    case 'this':
      return { kind: 'name', at, name: at.text };
    case 'qualified_identifier':
      return { kind: 'name', at, name: at.text.replace(/^(?:::)?(?:std::)?/, '') };
    case 'template_function':
      return at.get('name') ? expression(at.get('name')!) : other(at);
    case 'string_literal':
    case 'raw_string_literal':
      return { kind: 'constant', at, value: unescapeText(at.text.replace(/^[^"]*"|"$/g, '')) };
    case 'concatenated_string':
      return { kind: 'template', at, parts: at.named.map(expression) };
    case 'char_literal':
      return { kind: 'constant', at, value: unescapeText(at.text.slice(1, -1)) };
    case 'number_literal': {
      const value = Number(at.text.replace(/[uUlL]+$|'/g, ''));
      return { kind: 'constant', at, value: Number.isNaN(value) ? 1 : value };
    }
    case 'true':
    case 'false':
      return { kind: 'constant', at, value: at.type === 'true' };
    case 'null':
    case 'nullptr':
      return { kind: 'constant', at, value: null };
    case 'parenthesized_expression':
    case 'condition_clause':
    case 'case_pattern':
      return at.named.at(-1) ? expression(at.named.at(-1)!) : other(at);
    case 'cast_expression': {
      const value = at.get('value');
      return value ? expression(value) : other(at);
    }
    case 'initializer_list':
      return { kind: 'list', at, items: at.named.map(expression) };
    case 'initializer_pair':
      return at.get('value') ? expression(at.get('value')!) : other(at);
    case 'comma_expression':
      if (!left || !right) return other(at);
      return {
        kind: 'index',
        at,
        object: { kind: 'list', at, items: [expression(left), expression(right)] },
        key: { kind: 'constant', at, value: -1 },
      };
    case 'assignment_expression': {
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
    case 'update_expression': {
      if (!argument) return other(at);
      const target = expression(argument);
      return { kind: 'assign', at, op: '++', target, value: target };
    }
    case 'field_expression': {
      if (!argument) return other(at);
      const object = expression(argument);
      const arrow = at.get('operator')?.text === '->';
      // `p->a` reads through the pointer.
      return {
        kind: 'member',
        at,
        object: arrow ? { kind: 'dereference', at, value: object } : object,
        name: at.get('field')?.text ?? '',
      };
    }
    case 'subscript_expression': {
      const key = at.get('index') ?? at.get('indices')?.named[0];
      return argument && key
        ? { kind: 'index', at, object: expression(argument), key: expression(key) }
        : other(at);
    }
    case 'pointer_expression': {
      if (!argument) return other(at);
      return {
        kind: at.get('operator')?.text === '&' ? 'address' : 'dereference',
        at,
        value: expression(argument),
      };
    }
    case 'unary_expression':
      if (!argument) return other(at);
      if (at.get('operator')?.text === '!') return { kind: 'not', at, value: expression(argument) };
      return { kind: 'harmless', at, parts: [expression(argument)] };
    case 'sizeof_expression':
    case 'alignof_expression':
    case 'offsetof_expression':
      return { kind: 'harmless', at, parts: [] };
    case 'binary_expression': {
      if (!left || !right) return other(at);
      const op = at.get('operator')?.text ?? '';
      const parts = { at, left: expression(left), right: expression(right) };
      if (op === '&&' || op === '||' || op === 'and' || op === 'or')
        return { kind: 'logic', op: op === '&&' || op === 'and' ? 'and' : 'or', ...parts };
      return /^(?:[<>]=?|[=!]=)$/.test(op)
        ? { kind: 'compare', op, ...parts }
        : { kind: 'binary', op, ...parts };
    }
    case 'conditional_expression': {
      const [test, then, otherwise] = [
        at.get('condition'),
        at.get('consequence'),
        at.get('alternative'),
      ];
      if (!test || !otherwise) return other(at);
      return {
        kind: 'choice',
        at,
        test: expression(test),
        consequence: expression(then ?? test),
        otherwise: expression(otherwise),
      };
    }
    case 'call_expression': {
      const callee = at.get('function');
      if (!callee) return other(at);
      // A cast in C++ gives what it is given.
      if (/^(?:static|const|reinterpret|dynamic)_cast\b/.test(callee.text))
        return argumentsOf(at)[0]?.value ?? other(at);
      return { kind: 'call', at, callee: expression(callee), args: argumentsOf(at) };
    }
    case 'new_expression': {
      const type = at.get('type');
      if (!type) return other(at);
      return {
        kind: 'call',
        at,
        callee: { kind: 'name', at: type, name: 'new' },
        args: argumentsOf(at),
        construct: true,
      };
    }
    case 'delete_expression': {
      const value = at.named.at(-1);
      if (!value) return other(at);
      return {
        kind: 'call',
        at,
        callee: { kind: 'name', at, name: 'delete' },
        args: [{ value: expression(value) }],
      };
    }
    case 'condition_declaration':
    case 'declaration': {
      // `if (auto p = f())` declares and tests.
      const declarator = at.get('declarator');
      const inner = declarator?.get('declarator') ?? declarator;
      const value = declarator?.get('value') ?? at.get('value');
      const name = nameOf(inner);
      if (!name || !value) return other(at);
      return {
        kind: 'assign',
        at,
        target: { kind: 'name', at: name, name: name.text },
        value: expression(value),
      };
    }
    case 'lambda_expression': {
      const parameters = at.get('declarator')?.get('parameters')?.named ?? [];
      const definition: FunctionNode = {
        at,
        name: 'lambda',
        parameters: parameters.flatMap(parameter),
        body: body(at.get('body')),
        decorators: [],
      };
      return { kind: 'function', at, function: definition };
    }
    default:
      return other(at);
  }
}

const argumentsOf = (at: SyntaxNode): Argument[] =>
  (at.get('arguments')?.named ?? []).map((argument) => ({ value: expression(argument) }));
