import { Progress } from '../core/index.js';

/** One progress line for each stage of long work. */
export class StagedProgress {
  #stage = '';
  #done = 0;
  #progress: Progress | undefined;

  update(stage: string, done: number, total: number): void {
    if (stage !== this.#stage || done < this.#done) {
      this.done();
      this.#stage = stage;
      this.#progress = new Progress(stage, total);
    }
    this.#done = done;
    this.#progress?.update(done);
  }

  done(): void {
    this.#progress?.done();
    this.#progress = undefined;
  }
}
