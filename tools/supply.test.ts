import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { faults, packagesOf } from './supply.js';

const good = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' };
const lockOf = (locked: object) => ({
  packages: { '': {}, 'node_modules/a/node_modules/b': locked },
});

it.each<[string, object, RegExp]>([
  ['from elsewhere', { ...good, resolved: 'git+ssh://git@example.com/b.git' }, /registry/],
  ['from another host', { ...good, resolved: 'https://registry.example.com/b.tgz' }, /registry/],
  ['that is a folder', { link: true, ...good }, /registry/],
  ['without a checksum', { ...good, integrity: undefined }, /SHA-512/],
  ['with a weak checksum', { ...good, integrity: 'sha1-x' }, /SHA-512/],
  ['with an install script', { ...good, hasInstallScript: true }, /script/],
  ['with another licence', { ...good, license: 'GPL-3.0-only' }, /GPL-3.0-only/],
  ['without a licence', { ...good, license: undefined }, /none/],
])('refuses a package %s', (_, locked, words) => {
  const [fault, ...others] = faults(lockOf(locked));
  expect(fault).toMatch(words);
  expect(fault).toMatch(/^b /);
  expect(others).toEqual([]);
});

it('accepts what the registry serves, and one licence of several', () => {
  expect(
    faults(lockOf({ ...good, resolved: 'https://registry.npmjs.org/b/-/b-1.0.0.tgz' })),
  ).toEqual([]);
  expect(faults(lockOf({ ...good, license: '(GPL-2.0 OR MIT)' }))).toEqual([]);
});

it('finds no fault with what Suture installs', () => {
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
  expect(packagesOf(lock).length).toBeGreaterThan(20);
  expect(faults(lock)).toEqual([]);
});
