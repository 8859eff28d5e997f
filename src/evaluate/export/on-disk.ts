import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensure } from '../../core/index.js';
import { type EvalMetrics, metricsOf } from '../metrics/metrics.js';
import type { RunConfig, RunFolder } from '../run/folder.js';
import { JsonLines, type LinePlace } from '../run/lines.js';
import type { EvalSample, EvalVerdict } from '../suite/sample.js';
import type { Suite } from '../suite/scenario.js';
import type { Judged, OfSample } from './exported.js';

/** A judged run whose texts stay on the disk until they are asked for. */
export interface RunOnDisk {
  config: RunConfig;
  suite: Suite;
  metrics(): EvalMetrics;
  /** Where each of them is; the last line counts where a sample has several. */
  samples: readonly (OfSample & LinePlace)[];
  verdicts: readonly (OfSample & LinePlace)[];
  read(one: { sample: LinePlace; verdict: LinePlace }): Judged;
  readVerdict(place: LinePlace): EvalVerdict;
}

/**
 * Has `use` work with a judged run of any size: of each sample only its place is held.
 * @throws {SutureError} BAD_DATA where nothing of it has been judged
 */
export function withRunOnDisk<T>(
  { dir, config }: RunFolder,
  suite: Suite,
  use: (run: RunOnDisk) => T,
): T {
  const judgedPath = join(dir, 'judged.jsonl');
  const isJudged = existsSync(judgedPath) && statSync(judgedPath).size > 0;
  ensure(isJudged, 'BAD_DATA', `${dir} has no verdicts yet. Run "suture eval judge ${dir}" first.`);
  const sampleLines = new JsonLines<EvalSample>(join(dir, 'samples.jsonl'));
  const verdictLines = new JsonLines<EvalVerdict>(judgedPath);
  try {
    const samples = Array.from(sampleLines.values(), ({ value: { scenario, sample }, place }) => ({
      scenario,
      sample,
      ...place,
    }));
    const verdicts = Array.from(
      verdictLines.values(),
      ({ value: { scenario, sample }, place }) => ({ scenario, sample, ...place }),
    );
    return use({
      config,
      suite,
      samples,
      verdicts,
      metrics: () => metricsOf(valuesOf(verdictLines), suite.scenarios),
      read: ({ sample, verdict }) => ({
        sample: sampleLines.read(sample),
        verdict: verdictLines.read(verdict),
      }),
      readVerdict: (place) => verdictLines.read(place),
    });
  } finally {
    sampleLines.close();
    verdictLines.close();
  }
}

function* valuesOf<T>(lines: JsonLines<T>): Generator<T> {
  for (const { value } of lines.values()) yield value;
}
