import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Intervention, loadModel } from '../../engine/index.js';
import { outcomes } from './run.js';
import { capture } from './twins.js';

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));
const NAMES = readdirSync(fixtures).filter((name) =>
  existsSync(`${fixtures}/${name}/model/config.json`),
);

describe('patched runs', () => {
  it.each(NAMES)(
    'of %s: a whole stream restores the twin; all heads are their block',
    async (name) => {
      const model = await loadModel(`${fixtures}/${name}/model`, { threads: 2 });
      try {
        const ids = [41, 7, 200, 7, 93];
        const twin = [12, 255, 31, 9, 60];
        const choice = { secure: 3, insecure: 90 };
        const hook = (end: string) => `blocks.1.${end}`;
        const ends = ['hook_resid_post', 'hook_attn_out', 'attn.hook_z'];
        const [states] = await capture(model, [twin], ends.map(hook), 'all');
        const whole = (end: string): Intervention => ({
          hook: hook(end),
          op: 'replace',
          value: states!.get(hook(end))!,
          positions: ids.map((_, at) => at),
        });
        const z = states!.get(hook('attn.hook_z'))!;
        const { nHeads, headDim } = model.config;
        const width = nHeads * headDim;
        const eachHead = Array.from({ length: nHeads }, (_, head): Intervention => {
          const data = ids.flatMap((_, at) => {
            const from = at * width + head * headDim;
            return [...z.data.subarray(from, from + headDim)];
          });
          return {
            hook: hook('attn.hook_z'),
            op: 'replace',
            heads: [head],
            value: { dims: [ids.length, headDim], data: Float32Array.from(data) },
            positions: ids.map((_, at) => at),
          };
        });
        const [own, restored, block, heads, oneHead, clean] = await outcomes(model, [
          { ids, choice },
          { ids, choice, edits: [whole('hook_resid_post')] },
          { ids, choice, edits: [whole('hook_attn_out')] },
          { ids, choice, edits: eachHead },
          { ids, choice, edits: eachHead.slice(0, 1) },
          { ids: twin, choice },
        ]);
        expect(Math.abs(own!.difference - clean!.difference)).toBeGreaterThan(1e-3);
        expect(restored!.difference).toBeCloseTo(clean!.difference, 4);
        expect(restored!.secure).toBeCloseTo(clean!.secure, 6);
        expect(heads!.difference).toBeCloseTo(block!.difference, 4);
        expect(Math.abs(oneHead!.difference - block!.difference)).toBeGreaterThan(1e-6);
      } finally {
        await model.close();
      }
    },
  );
});
