// llama.cpp as an engine of the comparison, through node-llama-cpp.
import { serve } from './serve.js';

// Installed on demand: its types are not there to be checked.
const { getLlama } = await import(String('node-llama-cpp'));
const quiet = { gpu: false, build: 'never', logLevel: 'error' };

/** @type {any} */
let model;
/** @type {any} */
let sequence;

await serve({
  async version() {
    const { llamaCppRelease } = await getLlama(quiet);
    return llamaCppRelease.release;
  },

  /** @param {{ file: string, threads: number }} params */
  async load({ file, threads }) {
    const start = performance.now();
    const llama = await getLlama({ ...quiet, maxThreads: threads });
    model = await llama.loadModel({ modelPath: file });
    const context = await model.createContext({
      contextSize: 2048,
      threads: { ideal: threads, min: threads },
    });
    sequence = context.getSequence();
    return { ms: performance.now() - start };
  },

  /** @param {{ tokens: number[] }} params */
  async prefill({ tokens }) {
    await sequence.clearHistory();
    const start = performance.now();
    const last = [tokens.at(-1), { generateNext: { token: true, options: { temperature: 0 } } }];
    const results = await sequence.controlledEvaluate([...tokens.slice(0, -1), last]);
    return { ms: performance.now() - start, next: results.at(-1).next.token };
  },

  /** @param {{ tokens: number[], steps: number }} params */
  async decode({ tokens, steps }) {
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, -1));
    const options = { temperature: 0, yieldEogToken: true };
    const ms = [];
    let last = performance.now();
    for await (const _ of sequence.evaluate(tokens.slice(-1), options)) {
      const now = performance.now();
      ms.push(now - last);
      last = now;
      if (ms.length > steps) break;
    }
    return { ms: ms.slice(1) }; // the first is slower
  },
});
