import { loadModel, type Model, type Provider, type WeightDType } from '../engine/index.js';
import { StagedProgress } from './progress.js';

/** What is smaller than this (MB) is done before a progress line could be read. */
export const WORTH_TELLING = 100;

/** Loads a model, and shows on standard error what takes long about it: a conversion, once. */
export async function load(
  id: string,
  options: {
    dtype?: WeightDType | undefined;
    device?: Provider | undefined;
    threads?: number | undefined;
    signal: AbortSignal;
  },
): Promise<Model> {
  const { dtype, device, threads, signal } = options;
  const progress = new StagedProgress();
  try {
    return await loadModel(id, {
      ...(dtype && { dtype }),
      ...(device && { device }),
      ...(threads === undefined ? {} : { threads }),
      signal,
      onProgress: (stage, done, total) => {
        if (total >= WORTH_TELLING) progress.update(stage, done, total);
      },
    });
  } finally {
    progress.done();
  }
}
