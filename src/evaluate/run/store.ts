import type { EvalSample, EvalVerdict } from '../suite/sample.js';
import { type RunConfig, RunFolder } from './folder.js';

/** An evaluation's folder, to complete samples into; all that it has are held. `judgeRun` and `withRunOnDisk` hold none. */
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

  close(): void {
    this.#folder.close();
  }
}
