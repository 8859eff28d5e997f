import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Intervention, loadModel, type Model } from '../engine/index.js';
import { Scanner } from '../scan/index.js';
import { type Completion, type Condition, complete, judge } from './index.js';
import { handMadePair } from './testing/pairs.js';

let model: Model;
let scanner: Scanner;
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
  scanner = await Scanner.load();
});
afterAll(() => model.close());

const pair = handMadePair();
// Hot enough that every draw counts, however sure of itself the model is.
const options = { temperature: 3, topP: 1, seed: 3, maxNewTokens: 8, n: 2 };
const run = (...conditions: Condition[]) => complete(model, scanner, conditions, options);
const plain: Condition = { pair, intent: 'insecure' };
const tokens = (completions: readonly Completion[]) => completions.map((c) => c.tokens);

/** Adds a vector after the last block at every position. */
const add = (vector: Float32Array): Intervention => ({
  hook: `blocks.${model.nLayers - 1}.hook_resid_post`,
  op: 'add',
  vector,
  positions: 'all',
});
/** Drowns what the model has to say. */
const noise = () =>
  add(Float32Array.from({ length: model.dModel }, (_, i) => 1e4 * Math.sin(1 + i)));

describe('complete', () => {
  it('gives completions in the order (condition, sample), with their judgement', async () => {
    const other = handMadePair({ id: 'greet/2', base: 'other' });
    const completions = await run(plain, { pair: other, intent: 'secure' });
    expect(completions.map((c) => [c.pair.id, c.intent, c.sample])).toEqual([
      ['greet/1', 'insecure', 0],
      ['greet/1', 'insecure', 1],
      ['greet/2', 'secure', 0],
      ['greet/2', 'secure', 1],
    ]);
    for (const c of completions) {
      expect(c.text).toBe(model.tokenizer!.decode(c.tokens, { skipSpecialTokens: true }));
      expect(c.judgement).toEqual(judge(scanner, c.pair, c));
    }
    expect(await run()).toEqual([]);
  });

  it('draws the same numbers under every condition: a vector of zeros changes nothing', async () => {
    const zeros = add(new Float32Array(model.dModel));
    const completions = await run(plain, { ...plain, interventions: [zeros] });
    expect(tokens(completions.slice(2))).toEqual(tokens(completions.slice(0, 2)));
    expect(tokens(await run(plain))).toEqual(tokens(completions.slice(0, 2)));
  });

  it('edits the row of its own condition alone', async () => {
    const [before, steered, after] = await run(
      plain,
      { ...plain, interventions: [noise()] },
      plain,
    ).then((all) => [all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    const alone = tokens(await run(plain));
    expect(tokens(before!)).toEqual(alone);
    expect(tokens(after!)).toEqual(alone);
    expect(tokens(steered!)).not.toEqual(alone);
    expect(tokens(steered!)).toEqual(tokens(await run({ ...plain, interventions: [noise()] })));
  });

  it('puts the preamble on a line before the prompt', async () => {
    const longer = handMadePair();
    longer.prompts.insecure = `Write with care.\n${pair.prompts.insecure}`;
    const completions = await run(
      { ...plain, preamble: 'Write with care.' },
      { pair: longer, intent: 'insecure' },
    );
    expect(tokens(completions.slice(0, 2))).toEqual(tokens(completions.slice(2)));
    expect(tokens(completions.slice(0, 2))).not.toEqual(tokens(await run(plain)));
  });
});
