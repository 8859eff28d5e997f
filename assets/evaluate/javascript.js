// Runs the tests of a JavaScript program, and says on standard output what became of each. The program
// runs in another thread, which has its own globals, prototypes and modules of Node, and cannot answer
// in the tests' place: every line of an answer begins with a token that came on standard input.
import assert from 'node:assert';
import { readFileSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Peer } from './peer.js';

const [LOAD, EVALUATE] = [1, 2];
const token = readFileSync(0, 'utf8');
const source = readFileSync('./tests.js', 'utf8');

const answer = (outcome, name, thrown) => {
  let message = '';
  try {
    message = `${thrown}`;
  } catch {}
  writeSync(1, `\n${token} ${outcome} ${name}\t${message.split('\n', 1)[0]}\n`);
};
const leave = () => process.reallyExit(0);

// Whoever sends it would open a debugger.
process.on('SIGUSR1', () => {});
const bell = new Int32Array(new SharedArrayBuffer(12));
const { port1, port2 } = new MessageChannel();
const worker = new Worker('./program.js', { workerData: { port: port2, bell }, transferList: [port2], env: { ...process.env } });
worker.on('error', (thrown) => {
  answer('load', 'load', thrown);
  leave();
});
worker.on('exit', leave);
const peer = new Peer(port1, bell, 0, 1);

/** A module, as the address of its text: the program cannot change it on the disk. */
const moduleOf = (text) => `data:text/javascript,${encodeURIComponent(text)}`;

let tests;
try {
  const names = await peer.call(LOAD, []);
  // What tests use to look at the program's globals and prototypes, which are not theirs.
  globalThis.inProgram = (text) => peer.call(EVALUATE, [text]);
  const key = `exports of ${token}`;
  globalThis[key] = names;
  const exported = Object.keys(names).map((name) =>
    name === 'default' ? 'export default it.default;' : `export const ${name} = it.${name};`,
  );
  const candidate = moduleOf(`const it = globalThis[${JSON.stringify(key)}];\n${exported.join('\n')}`);
  await import(candidate);
  delete globalThis[key];
  const here = pathToFileURL(`${process.cwd()}/`).href;
  const text = source
    .replaceAll(/(['"])\.\/candidate\.js\1/g, JSON.stringify(candidate))
    .replaceAll(/(\bfrom\s*['"])\.\//g, (_, start) => start + here);
  tests = await import(moduleOf(text));
} catch (thrown) {
  answer('load', 'load', thrown);
  leave();
}
for (const [name, test] of Object.entries(tests)) {
  if (!name.startsWith('test')) continue;
  try {
    await test();
    answer('passed', name, '');
  } catch (thrown) {
    answer(thrown instanceof assert.AssertionError ? 'failed' : 'error', name, thrown);
  }
}
answer('end', 'end', '');
leave();
