// Writes dist/settings.schema.json, by which editors complete and check settings files (docs/cli.md).
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { suture } from '../dist/cli/index.js';
import { settingsSchema } from '../dist/cli/settings.js';

const schema = z.toJSONSchema(settingsSchema(suture()));
const file = new URL('../dist/settings.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
