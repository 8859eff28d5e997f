import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Parser } from 'web-tree-sitter';

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
  exports: { malloc(bytes: number): number };
}

let started: Promise<void> | undefined;

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
  // It grows downwards.
  imports.env.__stack_pointer.value = instance.exports.malloc(STACK) + STACK;
}
