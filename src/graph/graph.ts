import { ensure, SutureError } from '../core/index.js';
import type { DType, Tensor, TypedArray } from '../tensor/index.js';
import { type Dim, type Dims, showDims } from './dims.js';

export type Attribute = number | string | readonly number[] | { float: number };

/** Where an external initializer lies: a byte range of a file, used in place. */
export interface ExternalData {
  file: string;
  offset: number;
  length: number;
}

/**
 * What backpropagation does at a node: from the gradients of its outputs (`undefined` where the
 * loss does not depend on one) to those of its inputs, and then of its implicit ones (`undefined` where
 * one has none).
 *
 * @param wanted of which of these a gradient is asked for: the others may be left out
 */
export type Backward = (
  dOutputs: readonly (Value | undefined)[],
  wanted: readonly boolean[],
) => readonly (Value | undefined)[];

export interface Node {
  op: string;
  domain: '' | 'com.microsoft';
  inputs: readonly (Value | undefined)[];
  /** What its outputs depend on beside its inputs: gradients flow there, and nothing else. */
  implicit: readonly Value[];
  outputs: readonly Value[];
  attributes: Record<string, Attribute>;
  backward: Backward | undefined;
}

/** A tensor in the graph: its dtype and shape are known when it is made. */
export class Value {
  readonly graph: Graph;
  readonly dtype: DType;
  readonly dims: Dims;
  name: string;
  /** The node that computes it; inputs, initializers and constants have none. */
  node: Node | undefined;

  constructor(graph: Graph, name: string, dtype: DType, dims: Dims) {
    this.graph = graph;
    this.name = name;
    this.dtype = dtype;
    this.dims = dims;
  }

  /** The size of a dimension that must be known now. */
  size(axis: number): number {
    const dim = this.dims.at(axis);
    ensure(
      typeof dim === 'number',
      'BAD_GRAPH',
      `${this.name}: dimension ${axis} of ${showDims(this.dims)} is not a known number.`,
    );
    return dim;
  }
}

export interface Initializer {
  value: Value;
  data: Uint8Array | ExternalData;
}

/**
 * An ONNX graph under construction.
 *
 * @example
 * const g = new Graph();
 * const x = g.input('x', 'f32', ['b', 4]);
 * g.output('y', mul(x, x));
 * const bytes = serialize(g); // ready for ONNX Runtime
 */
export class Graph {
  readonly inputs: Value[] = [];
  readonly initializers: Initializer[] = [];
  readonly nodes: Node[] = [];
  readonly outputs = new Map<string, Value>();
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, Value>();
  readonly #once = new Map<string, Value>();
  /** Products by ONNX's own operators alone: ONNX Runtime's fused ones have no kernel on GPUs. */
  readonly standardProducts: boolean;
  #fresh = 0;

  constructor({ standardProducts = false } = {}) {
    this.standardProducts = standardProducts;
  }

  /** A value fed at run time. */
  input(name: string, dtype: DType, dims: Dims): Value {
    const value = this.#declare(name, dtype, dims);
    this.inputs.push(value);
    return value;
  }

  /** A weight whose bytes stay in a file. */
  external(name: string, dtype: DType, dims: readonly number[], data: ExternalData): Value {
    const value = this.#declare(name, dtype, dims);
    this.initializers.push({ value, data });
    return value;
  }

  /** A tensor stored in the graph itself; equal constants are stored once. */
  constant(dtype: DType, { dims, data }: Tensor<TypedArray>): Value {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const small = bytes.byteLength <= 256;
    const key = small ? `${dtype}:${dims}:${Buffer.from(bytes).toString('hex')}` : '';
    const known = small ? this.#constants.get(key) : undefined;
    if (known) return known;
    const value = this.#declare(this.freshName('c'), dtype, dims);
    this.initializers.push({ value, data: bytes });
    if (small) this.#constants.set(key, value);
    return value;
  }

  /** A scalar of a floating type. */
  scalar(value: number, dtype: 'f32' | 'f64' = 'f32'): Value {
    const data = dtype === 'f32' ? Float32Array.of(value) : Float64Array.of(value);
    return this.constant(dtype, { dims: [], data });
  }

  /** A list of 64-bit integers, as ONNX wants shapes, axes and indices. */
  integers(values: readonly number[]): Value {
    return this.constant('i64', {
      dims: [values.length],
      data: BigInt64Array.from(values, (value) => BigInt(value)),
    });
  }

  /** Adds a node; `outputs` give dtype and shape of each output. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly { dtype: DType; dims: Dims }[],
    options: {
      attributes?: Record<string, Attribute>;
      domain?: Node['domain'];
      implicit?: readonly Value[];
      backward?: Backward;
    } = {},
  ): Value[] {
    for (const input of inputs) {
      ensure(
        input === undefined || input.graph === this,
        'BAD_GRAPH',
        `${op}: input ${input?.name} belongs to another graph.`,
      );
    }
    const values = outputs.map(({ dtype, dims }) =>
      this.#declare(this.freshName('v'), dtype, dims),
    );
    const node: Node = {
      op,
      domain: options.domain ?? '',
      inputs,
      implicit: options.implicit ?? [],
      outputs: values,
      attributes: options.attributes ?? {},
      backward: options.backward,
    };
    for (const value of values) value.node = node;
    this.nodes.push(node);
    return values;
  }

  /** Makes `value` an output called `name`. One value may be several outputs. */
  output(name: string, value: Value): void {
    ensure(!this.outputs.has(name), 'BAD_GRAPH', `There are two outputs called ${name}.`);
    const taken = this.#names.has(name) && value.name !== name;
    ensure(!taken, 'BAD_GRAPH', `There are two values called ${name}.`);
    this.#names.add(name);
    const first = value.node !== undefined && ![...this.outputs.values()].includes(value);
    if (first) value.name = name;
    this.outputs.set(name, value);
  }

  /** The run-time size of a symbolic dimension, read off the input that has it: i64 [1]. */
  sizeOf(dim: Dim): Value {
    if (typeof dim === 'number') return this.integers([dim]);
    for (const value of this.inputs) {
      const axis = value.dims.indexOf(dim);
      if (axis < 0) continue;
      const attributes = { start: axis, end: axis + 1 };
      return this.node('Shape', [value], [{ dtype: 'i64', dims: [1] }], { attributes })[0]!;
    }
    throw new SutureError('BAD_GRAPH', `No input has the dimension ${dim}.`);
  }

  /** What `make` gave when it was first called for this key. */
  once(key: string, make: () => Value): Value {
    const value = this.#once.get(key) ?? make();
    this.#once.set(key, value);
    return value;
  }

  freshName(prefix: string): string {
    // Nobody else begins a name with this sign.
    return `%${prefix}${this.#fresh++}`;
  }

  #declare(name: string, dtype: DType, dims: Dims): Value {
    ensure(!this.#names.has(name), 'BAD_GRAPH', `There are two values called ${name}.`);
    this.#names.add(name);
    return new Value(this, name, dtype, dims);
  }
}
