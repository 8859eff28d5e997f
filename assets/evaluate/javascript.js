// Runs the tests of a JavaScript program, and says on standard output what became of each. It shares
// its process with the program, which must not be able to answer in its place: every line of an answer
// begins with a token that came on standard input and is gone before the program is loaded.
import assert from 'node:assert';
import { readFileSync, writeSync } from 'node:fs';

const token = readFileSync(0, 'utf8');
const write = writeSync;
const exit = process.reallyExit.bind(process);
const { entries, freeze } = Object;
const { AssertionError } = assert;
freeze(assert);
freeze(assert.strict);

const answer = (outcome, name, thrown) => {
  let message = '';
  try {
    message = `${thrown}`;
  } catch {}
  write(1, `\n${token} ${outcome} ${name}\t${message.split('\n', 1)[0]}\n`);
};

let tests;
try {
  await import('./candidate.js');
  tests = await import('./tests.js');
} catch (thrown) {
  answer('load', 'load', thrown);
  exit(0);
}
for (const [name, test] of entries(tests)) {
  if (!name.startsWith('test')) continue;
  try {
    await test();
    answer('passed', name, '');
  } catch (thrown) {
    answer(thrown instanceof AssertionError ? 'failed' : 'error', name, thrown);
  }
}
answer('end', 'end', '');
exit(0);
