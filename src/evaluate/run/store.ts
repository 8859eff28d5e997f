import { join } from 'node:path';
import { writeFileAtomic } from '../../core/index.js';
import type { EvalSample, EvalVerdict } from '../suite/sample.js';
import { type RunConfig, RunFolder } from './folder.js';

/** An evaluation's folder: beside `run.json`, `samples.jsonl`, `judged.jsonl` and `metrics.json`. */
export class RunStore {
  readonly samples: EvalSample[];
  readonly verdicts: EvalVerdict[];
  readonly #folder: RunFolder;

  private constructor(folder: RunFolder) {
    this.#folder = folder;
    this.samples = folder.readLines('samples.jsonl');
    this.verdicts = folder.readLines('judged.jsonl');
  }

  /** As `RunFolder.start`. */
  static start(dir: string, config: RunConfig): RunStore {
    return new RunStore(RunFolder.start(dir, config));
  }

  /** As `RunFolder.open`. */
  static open(dir: string): RunStore {
    return new RunStore(RunFolder.open(dir));
  }

  get dir(): string {
    return this.#folder.dir;
  }
  get config(): RunConfig {
    return this.#folder.config;
  }

  addSample(sample: EvalSample): void {
    this.#folder.append('samples.jsonl', sample);
    this.samples.push(sample);
  }

  addVerdict(verdict: EvalVerdict): void {
    this.#folder.append('judged.jsonl', verdict);
    this.verdicts.push(verdict);
  }

  /** Forgets all verdicts, so that saved samples can be judged anew. */
  forgetVerdicts(): void {
    writeFileAtomic(join(this.dir, 'judged.jsonl'), '');
    this.verdicts.length = 0;
  }

  writeMetrics(metrics: unknown): void {
    this.#folder.write('metrics.json', metrics);
  }

  close(): void {
    this.#folder.close();
  }
}
