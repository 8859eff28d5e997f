// What is installed beside Suture: `npm run check` holds the lock file to these rules, `npm run licences` lists
// what each package may be used under.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REGISTRY = 'https://registry.npmjs.org/';

/** Packages whose install scripts may run: onnxruntime-node's only fetches CUDA, which .npmrc turns off. */
const SCRIPTS = ['onnxruntime-node'];

/** Licences, of which one that a package offers must be among these. */
const LICENCES = [
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'MPL-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
];

/**
 * @typedef {{ version?: string, resolved?: string, integrity?: string, license?: string, hasInstallScript?: boolean, link?: boolean, dev?: boolean }} Locked
 * @typedef {{ packages: Record<string, Locked> }} Lock
 */

/** The packages of a lock file, without Suture itself. @param {Lock} lock */
export const packagesOf = (lock) =>
  Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, locked]) => ({ name: path.split('node_modules/').at(-1) ?? path, ...locked }));

/**
 * @param {Lock} lock
 * @returns {string[]} one line for each package that breaks a rule
 */
export function faults(lock) {
  return packagesOf(lock).flatMap(
    ({ name, resolved, integrity, license, hasInstallScript, link }) => {
      const found = [];
      if (link || (resolved !== undefined && !resolved.startsWith(REGISTRY)))
        found.push(`${name} does not come from the registry: ${resolved}`);
      if (!integrity?.startsWith('sha512-')) found.push(`${name} has no SHA-512 checksum`);
      if (hasInstallScript && !SCRIPTS.includes(name))
        found.push(`${name} runs a script when it is installed`);
      const offered = (license ?? '').replace(/[()]/g, '').split(' OR ');
      if (!offered.some((one) => LICENCES.includes(one)))
        found.push(`${name} has the licence "${license ?? 'none'}", which is not among ours`);
      return found;
    },
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  /** @type {Lock} */
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  if (process.argv.includes('--licences')) {
    for (const { name, version, license, dev } of packagesOf(lock))
      console.log([name, version, license, dev ? 'development only' : ''].join('\t').trimEnd());
  } else {
    const found = faults(lock);
    for (const line of found) console.error(line);
    process.exitCode = found.length > 0 ? 1 : 0;
  }
}
