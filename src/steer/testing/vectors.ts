import { expect } from 'vitest';
import type { ErrorCode } from '../../core/index.js';
import type { VectorFile } from '../index.js';

export const direction = Float32Array.of(0.5, -2, 1e-3, 3);
/** A vector of block 2. */
export const file: VectorFile = {
  directions: new Map([[2, direction]]),
  metadata: {
    cwe: 'CWE-787',
    method: 'mean-difference',
    site: 'decision',
    strength: 0.75,
    positions: 'last_prompt_and_generated',
    model: 'organism',
    family: 'llama',
    model_hash: 'weights',
    tokenizer_hash: 'tokenizer',
    template_hash: 'template',
    data_hash: 'data',
    evaluation: '{"held_out": {"secure": "ü"}}',
  },
};
/** The same with other metadata. */
export const changed = (metadata: object): VectorFile => ({
  ...file,
  metadata: { ...file.metadata, ...metadata },
});
/** What a SutureError looks like. */
export const bad = (words: string | RegExp, code: ErrorCode = 'BAD_VECTOR') =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });
