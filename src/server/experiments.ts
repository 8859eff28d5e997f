import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { runFolders } from '../evaluate/index.js';
import { CWES, type Cwe } from '../scan/index.js';
import { ApiError, bodyError } from './errors.js';

/** Starts a command of Suture, on the model that is served. Its standard error is read. */
export type Launch = (args: readonly string[]) => ChildProcess;

/** Commands that may be started, and what becomes of one weakness under them. */
export const COMMANDS = ['repair', 'diagnose'] as const;

/** A run that was started from the page. */
export interface Experiment {
  id: string;
  command: (typeof COMMANDS)[number];
  cwe: Cwe;
  seed: number;
  /** Folder of the run within that of all runs. */
  name: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  /** The last line that it said: its progress, or what went wrong. */
  said: string;
}

const bodySchema = z.strictObject({
  command: z.enum(COMMANDS),
  cwe: z.enum(CWES),
  seed: z.int().min(0),
});

/**
 * Runs that were started from the page, one at a time, each a process of its own. The same one started again goes
 * on where it was, as on the command line.
 */
export class Experiments {
  readonly #root: string;
  readonly #launch: Launch;
  readonly #onDone: (dir: string) => void;
  readonly #all: Experiment[] = [];
  #running: { experiment: Experiment; child: ChildProcess; ended: Promise<void> } | undefined;

  /** @param root folder of runs  @param onDone told the folder of a run that is done */
  constructor(root: string, launch: Launch, onDone: (dir: string) => void) {
    this.#root = root;
    this.#launch = launch;
    this.#onDone = onDone;
  }

  /** The latest first. */
  list(): readonly Experiment[] {
    return this.#all.toReversed();
  }

  /** @throws {ApiError} 400 for a body that is none; 409 while another runs, or where there is no place for runs */
  start(body: unknown): Experiment {
    const parsed = bodySchema.safeParse(body);
    if (!parsed.success) throw bodyError(parsed.error);
    if (this.#running) {
      throw new ApiError(409, 'busy', 'Another run is under way: wait for it, or cancel it.');
    }
    if (runFolders(this.#root, 0).length > 0) {
      const message = 'This folder is a run itself: start the studio on one that holds runs.';
      throw new ApiError(409, 'no_place', message);
    }
    const { command, cwe, seed } = parsed.data;
    const name = `${command}-${cwe.toLowerCase()}-seed${seed}`;
    const experiment: Experiment = {
      id: randomUUID(),
      ...parsed.data,
      name,
      state: 'running',
      said: '',
    };
    const dir = join(this.#root, name);
    const child = this.#launch([command, '--cwe', cwe, '--seed', String(seed), '-o', dir]);
    this.#all.push(experiment);
    this.#running = { experiment, child, ended: this.#follow(experiment, child, dir) };
    return experiment;
  }

  /** @throws {ApiError} 404 where none such is under way */
  cancel(id: string): Experiment {
    if (this.#running?.experiment.id !== id) {
      throw new ApiError(404, 'experiment_not_found', 'No such run is under way.');
    }
    const { experiment, child } = this.#running;
    experiment.state = 'cancelled';
    child.kill('SIGINT'); // it ends in order, and can be gone on with
    return experiment;
  }

  /**
   * Cancels what is under way, and waits for its end.
   * @param grace milliseconds after which it is killed; it can be gone on with all the same
   */
  async close(grace: number): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.cancel(running.experiment.id);
    const late = setTimeout(() => running.child.kill('SIGKILL'), grace);
    await running.ended;
    clearTimeout(late);
  }

  async #follow(experiment: Experiment, child: ChildProcess, dir: string): Promise<void> {
    child.stdout?.resume();
    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (line.trim() !== '') experiment.said = line.trim();
    });
    const code = await once(child, 'close').then(
      ([code]) => code,
      (thrown: Error) => {
        experiment.said = thrown.message;
      },
    );
    this.#running = undefined;
    if (code === 0) {
      experiment.state = 'done';
      this.#onDone(dir);
    } else if (experiment.state === 'running') {
      experiment.state = 'failed';
    }
  }
}
