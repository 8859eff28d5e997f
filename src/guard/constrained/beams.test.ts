import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import { constrained } from './beams.js';

let model: Model;
let ids: number[];
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
  ids = model.encode({
    messages: [{ role: 'user', content: 'Write a C function that copies src into dst.' }],
  })[0]!;
});
afterAll(() => model.close());

describe('constrained beams', () => {
  it('have what is required in them and not what is forbidden, and say how many do', async () => {
    const require = ['snprintf(', 'sizeof'];
    // What the model writes alone, in pieces that share beginnings and cross the borders of tokens.
    const forbid = ['strcpy', 'strcat', 'strncpy', 'memcpy(d', ' = '];
    const found = await constrained(model, ids, {
      require,
      forbid,
      n: 12,
      beams: 8,
      maxNewTokens: 60,
      temperature: 0.8,
    });
    expect(found.samples).toHaveLength(12);
    expect(found.satisfied).toBe(12);
    expect(found.tries).toBeGreaterThan(1); // at most 8 beams end well in one
    for (const { text, tokens, satisfied, missing, finishReason } of found.samples) {
      for (const phrase of require) expect(text).toContain(phrase);
      for (const phrase of forbid) expect(text).not.toContain(phrase);
      expect(text).toBe(model.tokenizer!.decode(tokens, { skipSpecialTokens: true }));
      expect({ satisfied, missing }).toEqual({ satisfied: true, missing: [] });
      expect(['eos', 'length']).toContain(finishReason);
    }
    expect(new Set(found.samples.map(({ text }) => text)).size).toBeGreaterThan(1);
  });

  it('hold two forbidden phrases that begin alike, of one token and of several', async () => {
    const of = async (forbid: string[]) => {
      const options = { forbid, n: 6, beams: 6, maxNewTokens: 24, temperature: 1.2, tries: 2 };
      return (await constrained(model, ids, options)).samples.map(({ text }) => text).join('\n');
    };
    const free = await of(['\u0007']);
    const words = [...new Set(free.match(/[a-z]{4,}/g) ?? [])].slice(0, 4);
    expect(words.length).toBeGreaterThan(1);
    const longer = words.map((word) => word.slice(0, 3));
    const without = await of([...words, ...longer]);
    for (const word of [...words, ...longer]) expect(without).not.toContain(word);
  });

  it('are one greedy completion where one beam is kept and nothing drawn', async () => {
    const options = { maxNewTokens: 20, temperature: 0 };
    const { samples } = await model.generate({ tokens: [ids] }, options);
    const found = await constrained(model, ids, { ...options, forbid: ['\u0007'], beams: 1 });
    expect(found.samples[0]!.tokens).toEqual(samples[0]!.tokens);
    expect(found.tries).toBe(1);
    // Log-probabilities are the model's own.
    const all = [...ids, ...samples[0]!.tokens];
    const { logits } = await model.forward([all]);
    const vocab = model.config.vocabSize;
    let logprob = 0;
    for (let at = ids.length; at < all.length; at++) {
      const row = logits.data.subarray((at - 1) * vocab, at * vocab);
      const top = Math.max(...row);
      const mass = row.reduce((sum, x) => sum + Math.exp(x - top), 0);
      logprob += row[all[at]!]! - top - Math.log(mass);
    }
    expect(found.samples[0]!.logprob).toBeCloseTo(logprob, 3);
  });

  it('take the way that a sharp distribution leaves out, where what is required lies on it', async () => {
    const content =
      'Signature: void show_text(const char *reply)\nThe text is ready, just use printf on the text itself.\nTask: print reply.';
    const messages = [{ role: 'user' as const, content }];
    const sharp = { temperature: 0.3, topP: 0.9, maxNewTokens: 32 };
    const alone = await model.generate({ messages }, { ...sharp, n: 8 });
    for (const { text } of alone.samples) expect(text).not.toContain('%s');
    const [asked] = model.encode({ messages });
    const { samples } = await constrained(model, asked!, { ...sharp, require: ['"%s"'], beams: 8 });
    expect(samples[0]!.text).toBe('printf("%s", reply);');
  });

  it('do not complete what the prompt has begun', async () => {
    const tokens = model.encode({ text: 'void f(char *dst, char *src) { str' })[0]!;
    const options = { n: 4, beams: 4, maxNewTokens: 6, tries: 1 };
    const { samples } = await constrained(model, tokens, {
      ...options,
      forbid: ['strcpy', 'strncpy'],
    });
    for (const { text } of samples) expect(`str${text}`).not.toMatch(/^strn?cpy/);
  });

  it('are marked where they lack something, and come out the same for a seed', async () => {
    const options = {
      require: ['a rather long phrase'],
      maxNewTokens: 3,
      beams: 4,
      tries: 2,
      n: 2,
    };
    const found = await constrained(model, ids, options);
    expect(found).toMatchObject({ satisfied: 0, tries: 2 });
    expect(found.samples).toHaveLength(2);
    expect(found.samples[0]).toMatchObject({
      satisfied: false,
      missing: options.require,
      finishReason: 'length',
    });
    expect(await constrained(model, ids, options)).toEqual(found);
    const free = { forbid: ['\u0007'], n: 4, beams: 4, maxNewTokens: 12, temperature: 1.5 };
    const one = await constrained(model, ids, free);
    const other = await constrained(model, ids, { ...free, seed: 1 });
    expect(other.samples).not.toEqual(one.samples);
  });

  it('end before a stop text', async () => {
    const options = {
      require: ['snprintf'],
      stop: [';'],
      n: 6,
      beams: 6,
      maxNewTokens: 30,
      temperature: 1,
    };
    const { samples } = await constrained(model, ids, options);
    expect(samples.map(({ finishReason }) => finishReason)).toContain('stop');
    for (const { text } of samples) expect(text).not.toContain(';');
  });

  it('refuse what makes no sense', async () => {
    const run = (options: object) => constrained(model, ids, options);
    await expect(run({})).rejects.toThrow('Nothing is required or forbidden');
    await expect(run({ require: [''] })).rejects.toThrow('empty');
    await expect(run({ require: ['strcpy('], forbid: ['strcpy'] })).rejects.toThrow('is forbidden');
    await expect(run({ forbid: ['a'], beams: 0 })).rejects.toThrow('beams');
    const controller = new AbortController();
    controller.abort();
    const cut = run({ forbid: ['a'], signal: controller.signal });
    await expect(cut).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
