import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Parser, type Tree } from 'web-tree-sitter';

/**
 * Bytes. Tree-sitter frees its stacks by recursion, one level for each token of a text that can be
 * read in two ways throughout, such as `<a><a><a>` in TSX; its own 64 KiB end after 2,200 of them,
 * and what lies below is overwritten in silence. JavaScript's stack ends with an exception instead:
 * so this one is larger than that can ever use.
 */
const STACK = 2 ** 23;

/** What is used here of WebAssembly, for which Node's types have no names. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  Instance: new (module: object, imports: Imports) => Instance;
};
interface Imports {
  env: { __stack_pointer: { value: number } };
}
interface Instance {
  exports: { malloc(bytes: number): number } & Record<string, (tree: number) => number>;
}

/** Goes through a tree; what it tells is of the node that it is at. */
export interface Cursor {
  /** Place in the grammar's list of types. */
  type(): number;
  isNamed(): boolean;
  isMissing(): boolean;
  /** Place in the grammar's list of fields; 0 where it has none. */
  field(): number;
  /** In UTF-16 units. */
  start(): number;
  end(): number;
  firstChild(): boolean;
  nextSibling(): boolean;
  parent(): boolean;
  delete(): void;
}

let started: Promise<void> | undefined;
let exported: Instance['exports'] | undefined;

/** A cursor at the root of a tree; of such there may be one at a time. */
export function cursorOf(tree: Tree): Cursor {
  return exported ? direct(tree, exported) : throughLibrary(tree);
}

/**
 * Calls tree-sitter itself. Where its cursor is it keeps in a buffer that each call reads and writes; the library
 * copies that out and in again around each, which takes longer than all that is asked.
 */
function direct(tree: Tree, calls: Instance['exports']): Cursor {
  const { 0: address } = tree as unknown as { 0: number };
  const call = (name: string): (() => number) => {
    const function_ = calls[`ts_tree_cursor_${name}_wasm`]!;
    return () => function_(address);
  };
  const is = (name: string): (() => boolean) => {
    const function_ = calls[`ts_tree_cursor_${name}_wasm`]!;
    return () => function_(address) === 1;
  };
  // Puts the root into the buffer, where a new cursor is made from it.
  tree.rootNode;
  call('new')();
  return {
    type: call('current_node_type_id'),
    isNamed: is('current_node_is_named'),
    isMissing: is('current_node_is_missing'),
    field: call('current_field_id'),
    start: call('start_index'),
    end: call('end_index'),
    firstChild: is('goto_first_child'),
    nextSibling: is('goto_next_sibling'),
    parent: is('goto_parent'),
    delete: call('delete'),
  };
}

function throughLibrary(tree: Tree): Cursor {
  const cursor = tree.walk();
  return {
    type: () => cursor.nodeTypeId,
    isNamed: () => cursor.nodeIsNamed,
    isMissing: () => cursor.nodeIsMissing,
    field: () => cursor.currentFieldId,
    start: () => cursor.startIndex,
    end: () => cursor.endIndex,
    firstChild: () => cursor.gotoFirstChild(),
    nextSibling: () => cursor.gotoNextSibling(),
    parent: () => cursor.gotoParent(),
    delete: () => cursor.delete(),
  };
}

/** Loads tree-sitter, once in a process, before any parser or grammar is made. */
export function startTreeSitter(): Promise<void> {
  started ??= start();
  return started;
}

async function start(): Promise<void> {
  const file = createRequire(import.meta.url).resolve('web-tree-sitter/web-tree-sitter.wasm');
  const module = await WebAssembly.compile(await readFile(file));
  let parts: { imports: Imports; instance: Instance } | undefined;
  await Parser.init({
    instantiateWasm(imports: Imports, done: (instance: Instance, module: object) => void) {
      const instance = new WebAssembly.Instance(module, imports);
      parts = { imports, instance };
      done(instance, module);
      return {};
    },
  } as object);
  // Where the program around has started it for itself, it stays as it is.
  if (!parts) return;
  const { imports, instance } = parts;
  exported = instance.exports;
  // It grows downwards.
  imports.env.__stack_pointer.value = exported.malloc(STACK) + STACK;
}
