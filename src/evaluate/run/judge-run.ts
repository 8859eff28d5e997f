import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensure } from '../../core/index.js';
import type { Bench } from '../suite/judge.js';
import { judgeSamples } from '../suite/judge-all.js';
import type { EvalSample, EvalVerdict } from '../suite/sample.js';
import type { Suite } from '../suite/scenario.js';
import type { RunFolder } from './folder.js';
import { JsonLines } from './lines.js';

/**
 * Judges what a run has completed and not judged yet. Each verdict is appended to the run as it is reached; of the
 * samples no more is held than those that are being judged.
 *
 * @throws {SutureError} BAD_DATA where nothing has been completed, or for a sample of no scenario there is;
 *   INTERRUPTED when the signal fires, with all verdicts so far kept
 */
export async function judgeRun(
  folder: RunFolder,
  { scenarios }: Suite,
  bench: Bench,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const path = join(folder.dir, 'samples.jsonl');
  ensure(existsSync(path), 'BAD_DATA', `${folder.dir} has no completions yet.`);
  const lines = new JsonLines<EvalSample>(path);
  try {
    await judgeSamples(scenarios, samplesOf(folder, lines), bench, {
      done: verdictsOf(folder),
      onVerdict: (verdict) => folder.append('judged.jsonl', verdict),
      ...(onProgress && { onProgress }),
    });
  } finally {
    lines.close();
  }
}

function* samplesOf(folder: RunFolder, lines: JsonLines<EvalSample>): Generator<() => EvalSample> {
  for (const { place } of folder.eachLine('samples.jsonl')) yield () => lines.read(place);
}

/** The verdicts of a run, one by one. */
export function* verdictsOf(folder: RunFolder): Generator<EvalVerdict> {
  for (const { value } of folder.eachLine<EvalVerdict>('judged.jsonl')) yield value;
}
