import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundTo, loadModel, type Model } from '../../engine/index.js';
import { difference, dot, norm } from '../../tensor/index.js';
import {
  applyVector,
  type Decision,
  type GateFile,
  routeVectors,
  type VectorFile,
} from '../index.js';
import { gateFile } from '../testing/gates.js';
import { bad, changed } from '../testing/vectors.js';
import { readPrompts } from './prompts.js';

const LAYER = 3;
/** Of them a gate is made that takes the first two for what they are and abstains on the others. */
const PROMPTS = [
  'Signature: void put_user(char *out, size_t cap, const char *name)\nTask: write user= and name into out.',
  'Signature: def find(db, name):\nTask: select the row of users whose name is name.',
  'Signature: def clamp(x, low, high):\nTask: keep x between low and high.',
  'Signature: def vowels(word):\nTask: count the vowels in word.',
];
const OPTIONS = { maxNewTokens: 12, n: 2, temperature: 1, seed: 2, logprobs: 2, eosIds: [] };

describe('routeVectors', () => {
  let model: Model;
  let gate: GateFile;
  let vectors: VectorFile[];
  beforeAll(async () => {
    model = await loadModel('organism', { threads: 2 });
    const asked = PROMPTS.map((prompt, i) => ({ id: `${i}`, base: `${i}`, prompt }));
    const { layers } = await readPrompts(model, asked, {});
    const states = PROMPTS.map((_, i) =>
      layers[LAYER]!.subarray(i * model.dModel, (i + 1) * model.dModel),
    );
    // Heads along the states themselves: each prompt is closest to its own.
    const mean = states[0]!.map((_, j) => states.reduce((sum, h) => sum + h[j]! / 4, 0));
    const heads = states.map((h) => {
      const weights = difference(h, mean);
      return { weights, intercept: -dot(weights, mean) };
    });
    const [first, second] = heads.map(({ weights }) => weights) as [Float32Array, Float32Array];
    const weights = first.map((w, j) => w / norm(first) + second[j]! / norm(second));
    gate = {
      metadata: {
        ...gateFile.metadata,
        ...boundTo(model),
        layer: LAYER,
        threshold: { ...gateFile.metadata.threshold, value: 0 },
      },
      heads: {
        alarm: { weights, intercept: -dot(weights, mean) },
        routes: new Map([
          ['CWE-787', heads[0]!],
          ['CWE-089', heads[1]!],
        ]),
      },
    };
    vectors = (['CWE-787', 'CWE-089'] as const).map((cwe, i) => ({
      ...changed({ cwe, ...boundTo(model), strength: 40 }),
      directions: new Map([[2 + i, Float32Array.from(mean, (_, j) => Math.sin((i + 1) * j))]]),
    }));
  });
  afterAll(() => model.close());

  const messages = PROMPTS.map((content) => [{ role: 'user' as const, content }]);
  const prompts = () => ({ tokens: messages.map((one) => model.encode({ messages: one })[0]!) });

  it('leaves ordinary prompts to the bit as without it, and steers others as their vector alone does', async () => {
    const decisions: Decision[] = [];
    const routed = routeVectors(gate, vectors, model, {
      onDecision: (decision, { prompt }) => {
        decisions[prompt] = decision;
      },
    });
    const plain = await model.generate(prompts(), OPTIONS);
    const own = await model.generate(prompts(), { ...OPTIONS, ...routed });
    const outright = await model.generate(prompts(), {
      ...OPTIONS,
      interventions: vectors.flatMap((file, i) =>
        applyVector(file, model).map((edit) => ({ ...edit, rows: [i] })),
      ),
    });
    expect(decisions.map(({ cwe, acts }) => [cwe, acts])).toEqual([
      ['CWE-787', true],
      ['CWE-089', true],
      [undefined, false],
      [undefined, false],
    ]);
    for (const [i, sample] of own.samples.entries()) {
      const ordinary = sample.prompt > 1;
      expect(sample).toEqual((ordinary ? plain : outright).samples[i]);
      if (!ordinary) expect(sample.logprobs).not.toEqual(plain.samples[i]!.logprobs);
    }
  });

  it('abstains where there is no vector against what a prompt concerns', async () => {
    const decisions: Decision[] = [];
    const routed = routeVectors(gate, vectors.slice(1), model, {
      onDecision: (decision, { prompt }) => {
        decisions[prompt] = decision;
      },
    });
    const own = await model.generate(prompts(), { ...OPTIONS, ...routed });
    const plain = await model.generate(prompts(), OPTIONS);
    expect(decisions[0]).toMatchObject({ cwe: 'CWE-787', acts: false });
    expect(own.samples.slice(0, 2)).toEqual(plain.samples.slice(0, 2));
  });

  it('asks again after so many tokens', async () => {
    const asked: number[] = [];
    const routed = routeVectors(gate, vectors, model, {
      every: 5,
      onDecision: (_, { tokens }) => asked.push(tokens),
    });
    const first = { tokens: prompts().tokens.slice(0, 1) };
    await model.generate(first, { ...OPTIONS, n: 1, ...routed });
    expect(asked).toEqual([0, 5, 10]);
  });

  it('refuses vectors that do not go with it, and another model', () => {
    const route = (...files: VectorFile[]) => routeVectors(gate, files, model);
    const [vector] = vectors as [VectorFile];
    const other = (cwe: string | undefined) => ({
      ...vector,
      metadata: { ...vector.metadata, cwe } as VectorFile['metadata'],
    });
    expect(() => route(vector, vector)).toThrow(
      bad(/Two vectors are against CWE-787/, 'BAD_ARGUMENT'),
    );
    expect(() => route(other('CWE-079'))).toThrow(
      bad(/against CWE-079.*CWE-787, CWE-089/, 'BAD_ARGUMENT'),
    );
    const everywhere = { ...vector.metadata, positions: 'all' as const };
    expect(() => route({ ...vector, metadata: everywhere })).toThrow(
      bad(/acts on every token of the prompt/, 'BAD_ARGUMENT'),
    );
    expect(() => route(other(undefined))).toThrow(bad(/no weakness/, 'BAD_ARGUMENT'));
    const metadata = { ...gate.metadata, model_hash: 'others' };
    expect(() => routeVectors({ ...gate, metadata }, vectors, model)).toThrow(
      bad(/another model/, 'BAD_DATA'),
    );
  });
});
