// `npm run bench -- pairs <folder>`: what reading, cleaning and cutting does to a published set of pairs of
// functions (docs/guard.md).
import { loadModel } from '../dist/engine/index.js';
import { readFunctionPairs } from '../dist/evaluate/index.js';
import { changedLines, changedWords } from '../dist/guard/data/changes.js';
import { distinctPairs, LENGTH_POLICIES, tokenPairs } from '../dist/guard/index.js';

/** @param {string} folder */
export async function benchPairs(folder) {
  const all = readFunctionPairs(folder);
  const { pairs, leftOut } = distinctPairs(all);
  const groups = (/** @type {{ group: string }[]} */ some) =>
    new Set(some.map((p) => p.group)).size;
  console.log(
    `${all.length} pairs of ${groups(all)} groups; ${leftOut.identical.length} identical, ${leftOut.repeated.length} repeated; ${pairs.length} left, of ${groups(pairs)} groups`,
  );
  for (const [by, changes] of /** @type {const} */ ([
    ['line', changedLines],
    ['char', changedWords],
  ])) {
    const count = { both: 0, theirs: 0, ours: 0 };
    for (const pair of pairs) {
      const found = changes(pair);
      for (const side of /** @type {const} */ (['vulnerable', 'secure'])) {
        const theirs = covered(pair.changes?.[side][by] ?? [], pair[side].length);
        const ours = covered(found[side], pair[side].length);
        for (const [i, own] of ours.entries()) {
          if (own && theirs[i]) count.both++;
          if (own) count.ours++;
          if (theirs[i]) count.theirs++;
        }
      }
    }
    const share = (/** @type {number} */ of) => `${((100 * count.both) / of).toFixed(1)} %`;
    console.log(
      `${by}: of the characters that the file marks ${share(count.theirs)} are found, and ${share(count.ours)} of what is found is marked`,
    );
  }
  const model = await loadModel('organism');
  for (const policy of LENGTH_POLICIES) {
    const { cuts } = tokenPairs(/** @type {any} */ (model.tokenizer), pairs, { policy });
    const counts = Object.entries(cuts).map(([name, ids]) => `${name} ${ids.length}`);
    console.log(`${policy}, 1024 tokens of the organism: ${counts.join(', ')}`);
  }
  await model.close();
}

/** @param {readonly { start: number, end: number }[]} spans @param {number} length */
function covered(spans, length) {
  const marks = new Uint8Array(length);
  for (const { start, end } of spans) marks.fill(1, start, end);
  return marks;
}
