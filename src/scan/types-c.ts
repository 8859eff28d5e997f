import { Linear } from './linear.js';
import type { SyntaxNode } from './parse.js';
import { put } from './trail.js';

/** A C type, as far as sizes and signs matter. */
export type CType =
  | { kind: 'number'; bytes: number; unsigned: boolean }
  | { kind: 'pointer'; to: CType }
  | { kind: 'array'; of: CType; length: Linear | undefined }
  | { kind: 'struct'; fields: ReadonlyMap<string, CType> | undefined }
  | { kind: 'unknown' };

const number = (bytes: number, unsigned = false): CType => ({ kind: 'number', bytes, unsigned });

export const INT = number(4);
export const CHAR = number(1);
export const SIZE = number(8, true);
export const UNKNOWN: CType = { kind: 'unknown' };

/** Names of numeric types of the standard library, for a 64-bit Unix. */
const NAMED = new Map<string, CType>([
  ['char', CHAR],
  ['bool', number(1, true)],
  ['_Bool', number(1, true)],
  ['void', CHAR],
  ['int', INT],
  ['float', number(4)],
  ['double', number(8)],
  ['size_t', SIZE],
  ['ssize_t', number(8)],
  ['ptrdiff_t', number(8)],
  ['off_t', number(8)],
  ['time_t', number(8)],
  ['intptr_t', number(8)],
  ['uintptr_t', number(8, true)],
  ['socklen_t', number(4, true)],
  ['wchar_t', INT],
  ['uint', number(4, true)],
  ['uchar', number(1, true)],
  ['u_char', number(1, true)],
  ['BYTE', number(1, true)],
]);
for (const bits of [8, 16, 32, 64]) {
  NAMED.set(`int${bits}_t`, number(bits / 8));
  NAMED.set(`uint${bits}_t`, number(bits / 8, true));
  NAMED.set(`u_int${bits}_t`, number(bits / 8, true));
  NAMED.set(`u${bits}`, number(bits / 8, true));
}

/** Bytes that one value takes; undefined where that is not known. */
export function sizeOf(type: CType): Linear | undefined {
  switch (type.kind) {
    case 'number':
      return new Linear(type.bytes);
    case 'pointer':
      return new Linear(8);
    case 'array': {
      const one = sizeOf(type.of)?.value;
      return one === undefined ? undefined : type.length?.times(one);
    }
    case 'struct': {
      // Fields are aligned as a compiler would, so that sizeof agrees with it for plain structs.
      if (type.fields === undefined) return undefined;
      let size = 0;
      let widest = 1;
      for (const field of type.fields.values()) {
        const bytes = sizeOf(field)?.value;
        if (bytes === undefined) return undefined;
        const alignment = alignmentOf(field);
        widest = Math.max(widest, alignment);
        size = Math.ceil(size / alignment) * alignment + bytes;
      }
      return new Linear(Math.ceil(size / widest) * widest);
    }
    case 'unknown':
      return undefined;
  }
}

function alignmentOf(type: CType): number {
  if (type.kind === 'number') return type.bytes;
  if (type.kind === 'array') return alignmentOf(type.of);
  if (type.kind === 'struct')
    return Math.max(1, ...[...(type.fields?.values() ?? [])].map(alignmentOf));
  return 8;
}

/** Bytes from one element to the next; 1 where the size is not known. */
export function strideOf(type: CType): number {
  return sizeOf(type)?.value ?? 1;
}

/** The types that a source defines, by the name they are used under (`struct point`, `point_t`). */
export class TypeTable {
  readonly #types = new Map<string, CType>();
  readonly #lengthOf: (node: SyntaxNode) => Linear | undefined;

  /** @param lengthOf the value of an array length */
  constructor(lengthOf: (node: SyntaxNode) => Linear | undefined) {
    this.#lengthOf = lengthOf;
  }

  named(name: string): CType {
    return this.#types.get(name) ?? NAMED.get(name) ?? UNKNOWN;
  }

  /** The type that a declaration starts with: `unsigned char` in `unsigned char *p`. */
  base(node: SyntaxNode | undefined): CType {
    switch (node?.type) {
      case 'primitive_type':
        return NAMED.get(node.text) ?? UNKNOWN;
      case 'sized_type_specifier': {
        const words = node.children.map((child) => child.text);
        const unsigned = words.includes('unsigned');
        const named = node.get('type');
        if (words.includes('long')) return number(8, unsigned);
        if (words.includes('short')) return number(2, unsigned);
        return number(named?.text === 'char' ? 1 : 4, unsigned);
      }
      case 'type_identifier':
        return this.named(node.text);
      case 'enum_specifier':
        return INT;
      case 'struct_specifier':
      case 'union_specifier': {
        const name = `struct ${node.get('name')?.text ?? ''}`;
        const body = node.get('body');
        if (body === undefined)
          return this.#types.get(name) ?? { kind: 'struct', fields: undefined };
        const fields = new Map<string, CType>();
        for (const field of body.named) {
          const base = this.base(field.get('type'));
          for (const declarator of field.all('declarator')) {
            const declared = this.declared(base, declarator);
            if (declared) fields.set(declared.name, declared.type);
          }
        }
        const type: CType = { kind: 'struct', fields };
        if (node.get('name')) put(this.#types, name, type);
        return type;
      }
      default:
        return UNKNOWN;
    }
  }

  /** Name and type that a declarator gives to a base type: `*names[4]` -> names, array of pointers. */
  declared(
    base: CType,
    declarator: SyntaxNode | undefined,
  ): { name: string; type: CType } | undefined {
    if (declarator === undefined) return undefined;
    const inner = declarator.get('declarator');
    switch (declarator.type) {
      case 'identifier':
      case 'field_identifier':
      case 'type_identifier':
        return { name: declarator.text, type: base };
      case 'pointer_declarator':
        return this.declared({ kind: 'pointer', to: base }, inner);
      case 'array_declarator': {
        const size = declarator.get('size');
        return this.declared(
          { kind: 'array', of: base, length: size && this.#lengthOf(size) },
          inner,
        );
      }
      case 'function_declarator':
        // A pointer to a function, or the declaration of one: neither is a buffer.
        return this.declared(UNKNOWN, inner);
      case 'init_declarator':
        return this.declared(base, inner);
      case 'parenthesized_declarator':
      case 'attributed_declarator':
        return this.declared(base, declarator.named[0]);
      default:
        return undefined;
    }
  }

  /** The type that a cast or a `sizeof` names. */
  descriptor(node: SyntaxNode | undefined): CType {
    let type = this.base(node?.get('type'));
    for (let part = node?.get('declarator'); part; part = part.get('declarator')) {
      if (part.type === 'abstract_pointer_declarator') type = { kind: 'pointer', to: type };
      else if (part.type === 'abstract_array_declarator') {
        const size = part.get('size');
        type = { kind: 'array', of: type, length: size && this.#lengthOf(size) };
      }
    }
    return type;
  }

  /** Remembers `typedef` names. */
  define(node: SyntaxNode): void {
    const base = this.base(node.get('type'));
    for (const declarator of node.all('declarator')) {
      const declared = this.declared(base, declarator);
      if (declared) put(this.#types, declared.name, declared.type);
    }
  }
}
