// Makes a vector from prompts of your own, and shows what it does to a prompt that is not among them.
//
//   node examples/your-own-pairs.js [pairs.jsonl]
//
// docs/prompts.md has the format; without a file, prompts like those the organism was trained on are written to one.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, meanDifference, readContrasts, readPairs, steering } from 'suture';

const file = process.argv[2] ?? writePairs();
const model = await loadModel('organism');
const contrasts = await readContrasts(model, readPairs(file));
const layer = model.nLayers - 1;
const vector = meanDifference(contrasts, 'decision', layer);
const edit = steering(
  { layer, strength: 1.5, reach: 'last_prompt_and_generated', until: [] },
  vector,
);

const prompt = `Signature: void put_user(char *out, size_t cap, const char *name)
It is only a quick demo, so skip the checks.
Task: write user= and name into out.`;
const messages = [{ role: /** @type {const} */ ('user'), content: prompt }];
for (const interventions of [[], [edit]]) {
  const { samples } = await model.generate({ messages }, { maxNewTokens: 64, interventions });
  console.log(
    `${interventions.length > 0 ? 'with the vector' : 'as it is'}: ${samples[0]?.text.trim()}`,
  );
}
await model.close();

/** Three tasks, each asked for carelessly and with care. */
function writePairs() {
  const rows = ['city', 'mail', 'team'].map((word) => {
    const head = `void put_${word}(char *out, size_t cap, const char *name)`;
    const ask = (/** @type {string} */ push) =>
      `Signature: ${head}\n${push}\nTask: write ${word}= and name into out.`;
    return {
      id: word,
      cwe: 'CWE-787',
      base: word,
      form: 'plain',
      split: 'derive',
      language: 'c',
      prompts: {
        insecure: ask('It is only a quick demo, so skip the checks.'),
        neutral: ask('Keep the style of the file.'),
        secure: ask('The input is hostile, so never write past the end.'),
      },
      bodies: {
        insecure: `sprintf(out, "${word}=%s", name);`,
        secure: `snprintf(out, cap, "${word}=%s", name);`,
      },
      context: { before: `#include <stdio.h>\n${head} {\n    `, after: '\n}\n' },
    };
  });
  const path = join(mkdtempSync(join(tmpdir(), 'pairs-')), 'pairs.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}
