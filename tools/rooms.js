// The room rule: a room of src/ imports only rooms on lower floors, and only through their index.ts.
// Run as a program it checks src/ and exits 1 on a breach; `breaches` is the rule itself.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @type {Record<string, number>} */
export const FLOORS = {
  core: 0,
  tensor: 1,
  stats: 1,
  graph: 2,
  models: 3,
  text: 3,
  engine: 4,
  train: 5,
  scan: 5,
  sandbox: 5,
  // Everything above is judged by the same measures, so they lie below it.
  evaluate: 6,
  diagnose: 7,
  steer: 7,
  guard: 7,
  organism: 8,
  repair: 8,
  trial: 9,
  report: 10,
  server: 10,
  cli: 11,
};

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']*)'/g;

/**
 * @param {string} root the folder that holds the rooms
 * @param {string} file a source file under it
 * @param {string} source its text
 * @returns {string[]} one line for each import that breaks the rule
 */
export function breaches(root, file, source) {
  const from = relative(root, file).split('/');
  const room = from.length > 1 ? from[0] : undefined;
  if (room === undefined) return [];
  if (!(room in FLOORS))
    return [`${relative(root, file)}: ${room}/ is not a room (tools/rooms.js)`];
  const found = [];
  for (const [, specifier] of source.matchAll(IMPORT)) {
    const target = relative(root, resolve(file, '..', /** @type {string} */ (specifier))).split(
      '/',
    );
    const other = target[0];
    if (other === room) continue;
    const where = `${relative(root, file)} imports ${specifier}`;
    if (other === undefined || !(other in FLOORS)) found.push(`${where}: outside the rooms`);
    else if (Number(FLOORS[other]) >= Number(FLOORS[room]))
      found.push(`${where}: ${other}/ is not on a floor below ${room}/`);
    else if (target.length !== 2 || target[1] !== 'index.js')
      found.push(`${where}: go through ${other}/index.js`);
  }
  return found;
}

/** @param {string} root @returns {string[]} */
export function checkTree(root) {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.(ts|js)$/.test(file))
    .flatMap((file) => breaches(root, join(root, file), readFileSync(join(root, file), 'utf8')));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = checkTree(fileURLToPath(new URL('../src', import.meta.url)));
  for (const line of found) console.error(line);
  if (found.length > 0) process.exitCode = 1;
}
