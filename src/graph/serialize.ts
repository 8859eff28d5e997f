import { SutureError } from '../core/index.js';
import type { DType } from '../tensor/index.js';
import type { Attribute, Graph, Initializer, Node, Value } from './graph.js';

/** Field numbers below are those of onnx.proto (IR version 10, operator set 21). */
const IR_VERSION = 10;
const OPSET = 21;

const ONNX_TYPE: Record<DType, number> = {
  f32: 1,
  u8: 2,
  i8: 3,
  i16: 5,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  bf16: 16,
};

/**
 * The graph as ONNX bytes, with what its outputs depend on and nothing else. External data is named by its file's base path, relative to the folder
 * given to ONNX Runtime (`/` for files named absolutely, so that shards may lie in several folders).
 */
export function serialize(graph: Graph): Uint8Array {
  const body = new Message();
  const nodes = needed(graph);
  const aliases = [...graph.outputs].filter(([name, value]) => value.name !== name);
  for (const node of nodes) body.message(1, nodeProto(node));
  for (const [name, value] of aliases) {
    body.message(1, new Message().string(1, value.name).string(2, name).string(4, 'Identity'));
  }
  body.string(2, 'suture');
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs.values()]);
  for (const initializer of graph.initializers) {
    if (used.has(initializer.value)) body.message(5, initializerProto(initializer));
  }
  for (const input of graph.inputs) {
    if (used.has(input)) body.message(11, valueInfo(input.name, input));
  }
  for (const [name, value] of graph.outputs) body.message(12, valueInfo(name, value));

  const opset = (domain: string, version: number) =>
    new Message().string(1, domain).integer(2, version);
  return new Message()
    .integer(1, IR_VERSION)
    .string(2, 'suture')
    .message(7, body)
    .message(8, opset('', OPSET))
    .message(8, opset('com.microsoft', 1))
    .finish();
}

/** Only the nodes that an output depends on, in their order. */
function needed(graph: Graph): Node[] {
  const wanted = new Set<Value>(graph.outputs.values());
  const kept: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) if (input) wanted.add(input);
  }
  return kept.reverse();
}

function nodeProto(node: Node): Message {
  const message = new Message();
  for (const input of node.inputs) message.string(1, input?.name ?? '');
  for (const output of node.outputs) message.string(2, output.name);
  message.string(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    message.message(5, attributeProto(name, value));
  }
  return node.domain === '' ? message : message.string(7, node.domain);
}

function attributeProto(name: string, value: Attribute): Message {
  const message = new Message().string(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return message.string(4, value).integer(20, 3);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

function initializerProto({ value, data }: Initializer): Message {
  const message = new Message();
  for (const dim of value.dims) message.integer(1, Number(dim));
  message.integer(2, ONNX_TYPE[value.dtype]).string(8, value.name);
  if (data instanceof Uint8Array) return message.bytes(9, data);
  const entry = (key: string, text: string) => new Message().string(1, key).string(2, text);
  return message
    .message(13, entry('location', data.file.replace(/^\//, '')))
    .message(13, entry('offset', String(data.offset)))
    .message(13, entry('length', String(data.length)))
    .integer(14, 1);
}

function valueInfo(name: string, value: Value): Message {
  const shape = new Message();
  for (const dim of value.dims) {
    // "b|1" is one or the other at run time: ONNX leaves such a dimension unnamed.
    if (typeof dim === 'number') shape.message(1, new Message().integer(1, dim));
    else if (dim.endsWith('|1')) shape.message(1, new Message());
    else shape.message(1, new Message().string(2, dim));
  }
  const tensor = new Message().integer(1, ONNX_TYPE[value.dtype]).message(2, shape);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}

/** A protocol-buffers message, written field by field. */
class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  integer(field: number, value: number): this {
    return this.#tag(field, 0).#varint(BigInt.asUintN(64, BigInt(value)));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#tag(field, 5).#push(bytes);
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, 2).#varint(BigInt(value.length)).#push(value);
  }

  message(field: number, value: Message): this {
    this.#tag(field, 2).#varint(BigInt(value.#length));
    for (const part of value.#parts) this.#push(part);
    return this;
  }

  finish(): Uint8Array {
    if (this.#length >= 2 ** 31) {
      throw new SutureError('BAD_GRAPH', 'The graph is over 2 GiB; keep its weights in files.');
    }
    const out = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      out.set(part, offset);
      offset += part.length;
    }
    return out;
  }

  #tag(field: number, wireType: number): this {
    return this.#varint(BigInt((field << 3) | wireType));
  }

  #varint(value: bigint): this {
    const bytes: number[] = [];
    let rest = value;
    do {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      bytes.push(rest === 0n ? low : low | 0x80);
    } while (rest !== 0n);
    return this.#push(Uint8Array.from(bytes));
  }

  #push(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}
