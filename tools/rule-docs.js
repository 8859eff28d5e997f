// Writes docs/rules/ from the rules; `npm run build` first.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { ruleDocumentation } from '../dist/scan/index.js';

const folder = new URL('../docs/rules/', import.meta.url);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, text] of ruleDocumentation()) writeFileSync(new URL(name, folder), text);
