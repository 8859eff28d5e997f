import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ruleDocumentation } from './documentation.js';

it('is what lies in docs/rules (npm run build && node tools/rule-docs.js)', () => {
  const folder = new URL('../../../docs/rules/', import.meta.url);
  const written = readdirSync(folder).map(
    (name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const,
  );
  expect(new Map(written.sort())).toEqual(new Map([...ruleDocumentation()].sort()));
});
