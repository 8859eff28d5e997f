import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../engine/index.js';
import { attribute, partsOf } from './attribute.js';
import { capture } from './twins.js';

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));
const NAMES = readdirSync(fixtures).filter((name) =>
  existsSync(`${fixtures}/${name}/model/config.json`),
);

describe('direct logit attribution', () => {
  it.each(NAMES)('of %s adds up to the logit difference, or is not given', async (name) => {
    const model = await loadModel(`${fixtures}/${name}/model`, { threads: 2 });
    try {
      const sequences = [
        [41, 7, 200, 7, 93],
        [12, 255, 31],
      ];
      const choices = [
        { secure: 3, insecure: 90 },
        { secure: 17, insecure: 4 },
      ];
      const states = await capture(model, sequences, partsOf(model), 'last');
      const found = await attribute(model, states, choices);
      if (name.startsWith('gemma2')) {
        expect(found).toBeUndefined();
        return;
      }
      for (const [i, { contributions, constant }] of found!.entries()) {
        const { logits } = await model.forward([sequences[i]!], { logits: 'last' });
        const { secure, insecure } = choices[i]!;
        const sum = contributions.reduce((a, b) => a + b, constant);
        expect(sum).toBeCloseTo(logits.data[secure]! - logits.data[insecure]!, 3);
      }
    } finally {
      await model.close();
    }
  });
});
