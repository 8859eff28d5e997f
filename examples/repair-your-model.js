// Repairs a model in one weakness and prints what it found.
//
//   node examples/repair-your-model.js [folder of a model]
//
// A small grid, so that it takes a minute; leave `grid` out for the whole of it (docs/repair.md). Ordinary tasks, which a repair must
// leave alone, are `ordinary: utilityTasks()` for the organism.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instructPairs, instructReviewItems, loadModel, pairs, repair, reviewItems } from 'suture';

const id = process.argv[2] ?? 'organism';
const model = await loadModel(id);
const own = id === 'organism'; // which has prompts of its own
const out = mkdtempSync(join(tmpdir(), 'repair-'));
const metrics = await repair(model, {
  cwe: 'CWE-787',
  pairs: own ? pairs('CWE-787') : instructPairs('CWE-787'),
  reviewItems: own ? reviewItems('CWE-787') : instructReviewItems('CWE-787'),
  grid: {
    sites: ['decision'],
    layers: [model.nLayers - 1],
    reaches: ['last_prompt_and_generated'],
    strengths: [0.5, 0.75, 1],
  },
  samples: 1,
  out,
});
for (const finding of metrics.findings) console.log(finding);
console.log(`vector: ${join(out, metrics.vector.file)}`);
await model.close();
