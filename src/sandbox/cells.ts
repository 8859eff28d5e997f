import { availableParallelism } from 'node:os';
import { ensure, messageOf, SutureError } from '../core/index.js';
import type { CellPlan } from './bubblewrap.js';
import { Cell, type CellReport } from './cell.js';
import type { Step } from './compile.js';
import { hex } from './messages.js';
import { DEFAULT_LIMITS, type Limits } from './types.js';

/** What every order to a backend says. */
export interface Order {
  files: Record<string, string>;
  limits: Limits;
  stdin?: string;
  signal?: AbortSignal | undefined;
}

/** The tests' side of a judged Python program, as `tests.py` takes it. */
export interface TestsJob {
  /** The module name of the code under test. */
  name: string;
  tests: string;
  /** Helper modules: name -> source. */
  sources: Record<string, string>;
  entry: string | null;
}

/** What executes: cells of bubblewrap, or Pyodide. */
export interface Backend {
  readonly kind: 'bubblewrap' | 'pyodide';
  python(order: Order, entry: string, args: readonly string[]): Promise<CellReport>;
  judgePython(order: Order, entry: string, tests: TestsJob): Promise<CellReport>;
  close(): Promise<void>;
}

/** What the supervisor is told to do. */
type Job =
  | { kind: 'python'; judged: boolean; entry: string; argv: readonly string[] }
  | { kind: 'steps'; steps: readonly Step[]; token: string };

/** Lets at most `places` jobs run at a time, in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/** Cells that wait, started, for a job each. */
export class Cells implements Backend {
  readonly kind = 'bubblewrap';
  readonly #plan: CellPlan;
  readonly #workers: number;
  readonly #turns: Turns;
  readonly #waiting: Cell[] = [];
  readonly #alive = new Set<Cell>();
  #closed = false;

  private constructor(plan: CellPlan, workers: number) {
    this.#plan = plan;
    this.#workers = workers;
    this.#turns = new Turns(workers);
  }

  /** The cells, or why bubblewrap does not work here. */
  static async open(
    plan: CellPlan,
    workers = availableParallelism(),
  ): Promise<Cells | { missing: string }> {
    const cells = new Cells(plan, workers);
    const first = cells.#start(DEFAULT_LIMITS.fileBytes);
    try {
      await first.ready();
    } catch (thrown) {
      await cells.close();
      return { missing: `bubblewrap does not work here: ${messageOf(thrown)}` };
    }
    cells.#waiting.push(first);
    cells.#refill();
    return cells;
  }

  python(order: Order, entry: string, args: readonly string[]): Promise<CellReport> {
    return this.#run(order, { kind: 'python', judged: false, entry, argv: args });
  }

  judgePython(order: Order, entry: string, tests: TestsJob): Promise<CellReport> {
    return this.#run(order, { kind: 'python', judged: true, entry, argv: [] }, tests);
  }

  /** @param token what a judged step answers with */
  steps(order: Order, steps: readonly Step[], token: string): Promise<CellReport> {
    return this.#run(order, { kind: 'steps', steps, token });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const alive = [...this.#alive];
    for (const cell of alive) cell.stop();
    await Promise.all(alive.map((cell) => cell.ended));
  }

  #run(order: Order, job: Job, tests?: object): Promise<CellReport> {
    const { files, limits, stdin, signal } = order;
    const stop = () => {
      ensure(!this.#closed, 'BAD_ARGUMENT', 'The sandbox has been closed; open another one.');
      if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
    };
    return this.#turns.take(async () => {
      stop();
      const cell = this.#take(limits.fileBytes);
      const wallMs =
        job.kind === 'steps'
          ? job.steps.reduce((sum, step) => sum + step.limits.wallMs, 0)
          : limits.wallMs;
      const report = await cell.run({
        job: { ...job, files: hex(files), limits },
        outputBytes: limits.outputBytes,
        wallMs,
        signal,
        ...(stdin === undefined ? {} : { stdin }),
        ...(tests ? { tests } : {}),
      });
      stop();
      return report;
    });
  }

  #start(fileBytes: number): Cell {
    const cell = new Cell(this.#plan, fileBytes);
    this.#alive.add(cell);
    cell.ended.then(() => {
      this.#alive.delete(cell);
      const at = this.#waiting.indexOf(cell);
      if (at >= 0) this.#waiting.splice(at, 1);
    });
    return cell;
  }

  /** A cell for a job; the size of its file system is fixed when it starts. */
  #take(fileBytes: number): Cell {
    if (fileBytes !== DEFAULT_LIMITS.fileBytes) return this.#start(fileBytes);
    const cell = this.#waiting.shift() ?? this.#start(fileBytes);
    this.#refill();
    return cell;
  }

  #refill(): void {
    while (this.#waiting.length < this.#workers) {
      this.#waiting.push(this.#start(DEFAULT_LIMITS.fileBytes));
    }
  }
}
