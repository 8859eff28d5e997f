// Evaluates a model behind an API of OpenAI's kind: is what it writes secure, and is it correct?
//
//   OPENAI_API_KEY=... node examples/evaluate-an-api-model.js https://api.example.com/v1 name-of-the-model
//
// Without arguments Suture serves its own small model and asks that, which writes nothing of use here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel, startServer } from 'suture';

const [given, name = 'base'] = process.argv.slice(2);
const model = given === undefined ? await loadModel('organism') : undefined;
const server = model && (await startServer(model, { port: 0 }));
const endpoint = given ?? server?.url ?? '';

const suture = fileURLToPath(new URL('../bin/suture.js', import.meta.url)); // npx suture, elsewhere
const out = join(mkdtempSync(join(tmpdir(), 'evaluate-')), 'run');
const child = spawn(
  process.execPath,
  [
    ...[suture, 'eval', 'run', '--out', out, '--quiet'],
    ...['--endpoint', endpoint, '--endpoint-model', name],
    ...['--form', 'instruction', '--cwe', 'CWE-089', '--limit', '3', '--samples', '1'],
  ],
  { stdio: 'inherit', env: { OPENAI_API_KEY: 'none', ...process.env } },
);
const [code] = await once(child, 'close');
await server?.close();
await model?.close();
process.exitCode = code;
