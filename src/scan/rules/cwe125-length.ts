import type { Judgement } from '../dataflow/index.js';
import type { FileContext } from '../file.js';
import type { SyntaxNode } from '../parse.js';
import { pairSizes } from '../sizes.js';
import { C, type Checked, examples, type Rule } from './rule.js';

/** Elements of one byte: what stands behind them is data from outside, not a table of the program. */
const BYTES =
  /^(?:const )?(?:unsigned char|uint8_t|uint8|u8|__u8|ut8|u_char|uchar|UCHAR|BYTE|UINT8|guint8|byte)$/;
/** The number of bytes of a buffer, whatever words it is called by. */
const LENGTH = /^(?:\w*(?:len|length|size|bytes|count|avail|remaining)|n|sz)$/i;

interface Buffer {
  name: string;
  length: string;
}

/** Parameters that are bytes with their length beside them: `(const uint8_t *data, size_t len)`. */
function buffersOf(declarator: SyntaxNode): Buffer[] {
  const parameters = (declarator.get('parameters')?.named ?? []).flatMap((node) => {
    const inner = node.get('declarator');
    const name = inner?.walk().find(({ type }) => type === 'identifier')?.text;
    if (name === undefined) return [];
    const stars = inner?.walk().filter(({ type }) => /^(?:pointer|array)_declarator$/.test(type));
    const readOnly = node.children.some(({ text }) => text === 'const');
    const bytes = stars?.length === 1 && BYTES.test(node.get('type')?.text ?? '');
    return [{ name, pointer: (stars?.length ?? 0) > 0, readOnly, bytes }];
  });
  return [...pairSizes(parameters)].flatMap(([name, length]) =>
    parameters.some((one) => one.name === name && one.bytes) && LENGTH.test(length)
      ? [{ name, length }]
      : [],
  );
}

/** A number of the program, so that the length has to be more than it. */
const fixed = (index: SyntaxNode | undefined): boolean => index?.type === 'number_literal';

function judge({ name, length }: Buffer, nodes: readonly SyntaxNode[]): Judgement | undefined {
  const reads = nodes.filter(
    (node) =>
      node.type === 'subscript_expression' &&
      node.get('argument')?.text === name &&
      fixed(node.get('index')),
  );
  const [first] = reads;
  if (!first) return undefined;
  // Any use of the length before may be its check; so may a new value of the pointer.
  const before = nodes.filter(({ start }) => start < first.start);
  const asked = before.some(({ type, text }) => type === 'identifier' && text === length);
  const moved = before.some(
    (node) =>
      (node.type === 'assignment_expression' && node.get('left')?.text === name) ||
      (node.type === 'update_expression' && node.get('argument')?.text === name),
  );
  if (moved) return undefined;
  if (asked)
    return { status: 'safe', message: `${length} is looked at before ${first.text}`, at: first };
  return {
    status: 'unsafe',
    message: `${first.text} is read whatever ${length} is`,
    at: first,
  };
}

function check(file: FileContext): Checked {
  const findings = file.nodes
    .filter((node) => node.type === 'function_definition')
    .flatMap((definition) => {
      const declarator = definition.walk().find(({ type }) => type === 'function_declarator');
      const body = definition.get('body');
      if (!declarator || !body) return [];
      const nodes = body.walk();
      return buffersOf(declarator).flatMap((buffer) => judge(buffer, nodes) ?? []);
    });
  return { findings, complete: true };
}

export const readWhateverTheLength: Rule = {
  id: 'read-whatever-the-length',
  cwe: 'CWE-125',
  title: 'Bytes that are read whatever the length says',
  languages: C,
  severity: 'medium',
  catches:
    'Fixed places of a buffer of bytes (`data[3]`) that are read before anything looks at the length that was given with it.',
  misses:
    'Lengths that are looked at, but not well enough, callers that have checked them already, and reads through pointers that have moved.',
  remedy: 'Leave the function first where the length is less than what is read.',
  bad: examples(
    'c',
    '#include <stdint.h>\n#include <stddef.h>\nint version(const uint8_t *data, size_t len) {\n  return data[1] << 8 | data[0];\n}\n',
    '#include <stdint.h>\nint kind(const uint8_t *packet, int packet_len) {\n  int kind = packet[3];\n  if (packet_len < 4) return -1;\n  return kind;\n}\n',
  ),
  good: examples(
    'c',
    '#include <stdint.h>\n#include <stddef.h>\nint version(const uint8_t *data, size_t len) {\n  if (len < 2) return -1;\n  return data[1] << 8 | data[0];\n}\n',
    '#include <stdint.h>\n#include <assert.h>\nint kind(const uint8_t *packet, int packet_len) {\n  assert(packet_len >= 4);\n  return packet[3];\n}\n',
  ),
  check,
};
