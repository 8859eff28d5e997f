// One process with one Pyodide, which does one job. `pyodide.ts` starts it without rights to files,
// processes and threads (Node's permission model) and without `eval`. What else JavaScript could
// reach from Python is taken away here, before any code under test is there.
import { constants, readFileSync, readSync, writeSync } from 'node:fs';

const [, , entry, harness, memory] = /** @type {string[]} */ (process.argv);

// Pyodide asks for these constants through a door that leads to all of Node's inside.
Object.assign(process, { binding: () => ({ fs: constants }) });
const closed = { value: undefined, writable: false, configurable: false };
for (const name of ['fetch', 'WebSocket', 'EventSource']) {
  Object.defineProperty(globalThis, name, closed);
}

// Python's whole heap is one memory, which grows only through here.
const most = Number(memory);
const { Memory } = /** @type {any} */ (globalThis).WebAssembly;
const { grow } = Memory.prototype;
/** @param {number} pages */
Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > most) throw new RangeError('over the memory limit');
  return grow.call(this, pages);
};

const { loadPyodide } = await import(/** @type {string} */ (entry));
const pyodide = await loadPyodide({
  jsglobals: {},
  env: { HOME: '/tmp/work', PYTHONHASHSEED: '0' },
});
pyodide.registerJsModule('suture_host', {
  /** @param {number} descriptor @param {number} count */
  read(descriptor, count) {
    const bytes = Buffer.alloc(count);
    let filled = 0;
    while (filled < count) {
      const got = readSync(descriptor, bytes, filled, count - filled, null);
      if (got === 0) break;
      filled += got;
    }
    return bytes.toString('hex', 0, filled);
  },
  /** @param {number} descriptor @param {string} hex */
  write(descriptor, hex) {
    const bytes = Buffer.from(hex, 'hex');
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(descriptor, bytes, written);
    }
  },
});
// Up; a message is its length in four bytes, and JSON.
writeSync(3, '\0\0\0\x0e{"ready":true}');
pyodide.FS.mkdirTree('/suture');
for (const name of ['wire.py', 'candidate.py', 'tests.py', 'pyodide.py']) {
  pyodide.FS.writeFile(`/suture/${name}`, readFileSync(`${harness}/${name}`));
}
for (const name of ['kill', '_kill', 'dlopen', 'getBuiltinModule', '_linkedBinding', 'chdir']) {
  if (name in process) Object.defineProperty(process, name, closed);
}
try {
  pyodide.runPython(
    'import sys; sys.path.insert(0, "/suture"); import importlib.util as u; ' +
      's = u.spec_from_file_location("suture_pyodide", "/suture/pyodide.py"); ' +
      'm = u.module_from_spec(s); s.loader.exec_module(m); m.main()',
  );
} catch (thrown) {
  writeSync(2, `${thrown}\n`);
  process.exit(1);
}
process.exit(0);
