import { createHmac, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { ensure, readJson, readText, SutureError, sha256 } from '../core/index.js';
import { runFolders, runKind } from '../evaluate/index.js';
import { readVector, type VectorFile } from '../steer/index.js';
import { ApiError } from './errors.js';

/** A run in a list of runs. */
export interface ListedRun {
  /** By which requests name it. */
  id: string;
  /** Its folder within that of all runs, with "/" between. */
  name: string;
  /** The command that it is of: `repair`, `eval`, ... */
  command: string;
  model?: string;
  cwe?: string;
  /** ISO 8601: when it was done, else begun. */
  date: string;
  /** What it came to in short; none where it is not done or its kind has no such figures. */
  figures: { label: string; value: number }[];
  /** What stands in the way of showing it whole. */
  problem?: string;
}

/** Everything of a run but its samples. */
export interface ShownRun extends ListedRun {
  /** `run.json`; null where it cannot be read. */
  config: unknown;
  /** `metrics.json`; null where it cannot be read, or is not there yet. */
  metrics: unknown;
  hasSamples: boolean;
  /** Where its own report is, under an address that nobody can guess: frames bear no keys. */
  report?: string;
}

const configSchema = z.looseObject({
  command: z.string().optional(),
  suite: z.unknown().optional(),
  model: z.object({ id: z.string() }).nullish(),
  endpoint: z.object({ model: z.string() }).nullish(),
  cwe: z.string().optional(),
});

const rates = z.object({ insecure: z.object({ value: z.number() }) });
const repairSchema = z.object({ arms: z.array(z.object({ name: z.string(), rates })) });
const gapSchema = z.object({ gap: z.object({ corrected: z.object({ value: z.number() }) }) });
const estimates = z.record(z.string(), z.object({ value: z.number().nullable() }));
const evalSchema = z.object({ 'pass@k': estimates, 'sec-pass@k': estimates });

/** The main figures of a run's metrics, as shares. */
const FIGURES: Record<string, (metrics: unknown) => [label: string, value: unknown][]> = {
  repair: (metrics) => {
    const { arms } = repairSchema.parse(metrics);
    const insecure = (wanted: string) =>
      arms.find(({ name }) => name === wanted)?.rates.insecure.value;
    return [
      ['insecure as it was', insecure('none')],
      ['steered', insecure('steered')],
    ];
  },
  gap: (metrics) => [['gap, corrected', gapSchema.parse(metrics).gap.corrected.value]],
  eval: (metrics) => {
    const found = evalSchema.parse(metrics);
    return [
      ['pass@1', found['pass@k'][1]?.value],
      ['sec-pass@1', found['sec-pass@k'][1]?.value],
    ];
  },
};

/** What a run is called under a folder of runs: `mine/cwe-787`. */
const runName = (root: string, dir: string): string =>
  relative(root, dir).split(sep).join('/') || basename(dir);

/** What the vector of a run is called among the vectors of a server. */
export const vectorName = (root: string, dir: string): string =>
  runName(resolve(root), resolve(dir)).replaceAll(/[^\w.-]/g, '.');

/** The vector that a run has left; undefined where it has none. */
export function runVector(dir: string): VectorFile | undefined {
  const name = readdirSync(dir).find((file) => file.endsWith('.safetensors'));
  if (name === undefined) return undefined;
  try {
    return readVector(join(dir, name));
  } catch (thrown) {
    if (thrown instanceof SutureError) return undefined; // of another kind, or damaged
    throw thrown;
  }
}

/** The runs under a folder. Requests name them by ids that are made here: no path comes from outside. */
export class Runs {
  readonly #root: string;
  readonly #secret = randomBytes(32);

  /** @param root folder of runs, of folders of them, or one run */
  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** The latest first. */
  list(): ListedRun[] {
    return this.#folders()
      .map(([id, dir]) => this.#listed(id, dir, readPart(dir, 'run.json')))
      .sort((a, b) => b.date.localeCompare(a.date) || a.name.localeCompare(b.name));
  }

  /** @throws {ApiError} 404 */
  show(id: string): ShownRun {
    const dir = this.#find(id);
    const config = readPart(dir, 'run.json');
    return {
      ...this.#listed(id, dir, config),
      config: config.value,
      metrics: readPart(dir, 'metrics.json').value,
      hasSamples: existsSync(join(dir, 'samples.jsonl')),
      ...(existsSync(join(dir, 'report.html')) && { report: `/studio/reports/${this.#token(id)}` }),
    };
  }

  /** The samples as they are: JSON lines, of which a kill may have left the last one unfinished. */
  samples(id: string): ReadableStream {
    const path = this.#file(id, 'samples.jsonl');
    return Readable.toWeb(createReadStream(path)) as ReadableStream;
  }

  /** @throws {ApiError} 404 */
  report(token: string): string {
    const run = this.#folders().find(([id]) => this.#token(id) === token);
    if (!run) throw unknownRun();
    return readText(this.#file(run[0], 'report.html'));
  }

  #token(id: string): string {
    return createHmac('sha256', this.#secret).update(id).digest('hex');
  }

  #folders(): [id: string, dir: string][] {
    return runFolders(this.#root, 2).map((dir) => [
      sha256(runName(this.#root, dir)).slice(0, 16),
      dir,
    ]);
  }

  #find(id: string): string {
    const dir = this.#folders().find(([known]) => known === id)?.[1];
    if (dir === undefined) throw unknownRun();
    return dir;
  }

  #file(id: string, name: string): string {
    const path = join(this.#find(id), name);
    if (!existsSync(path)) throw new ApiError(404, 'not_found', `This run has no ${name}.`);
    return path;
  }

  #listed(id: string, dir: string, read: Part): ListedRun {
    const problems = read.problem ? [read.problem] : [];
    const parsed = configSchema.safeParse(read.value ?? {});
    if (!parsed.success) problems.push('run.json is not that of a run.');
    const config: z.infer<typeof configSchema> = parsed.data ?? {};
    const command = runKind(config);
    const metricsPath = join(dir, 'metrics.json');
    const done = existsSync(metricsPath);
    const figures: ListedRun['figures'] = [];
    if (done && command in FIGURES) {
      const metrics = readPart(dir, 'metrics.json');
      if (metrics.problem) problems.push(metrics.problem);
      else figures.push(...figuresOf(command, metrics.value, problems));
    }
    const model = config.model?.id ?? config.endpoint?.model;
    return {
      id,
      name: runName(this.#root, dir),
      command,
      ...(model !== undefined && { model }),
      ...(config.cwe !== undefined && { cwe: config.cwe }),
      date: statSync(done ? metricsPath : join(dir, 'run.json')).mtime.toISOString(),
      figures,
      ...(!done && { problem: 'It has no metrics yet.' }),
      ...(problems.length > 0 && { problem: problems.join(' ') }),
    };
  }
}

const unknownRun = () => new ApiError(404, 'run_not_found', 'There is no such run.');

function figuresOf(command: string, metrics: unknown, problems: string[]): ListedRun['figures'] {
  try {
    return FIGURES[command]!(metrics).flatMap(([label, value]) =>
      typeof value === 'number' ? [{ label, value }] : [],
    );
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError)) throw thrown;
    problems.push('metrics.json has another form than this version writes.');
    return [];
  }
}

interface Part {
  value: unknown;
  problem?: string;
}

/** A JSON file of a run, or what is wrong with it, in words that do not tell where it lies. */
function readPart(dir: string, name: string): Part {
  const path = join(dir, name);
  if (!existsSync(path)) return { value: null };
  try {
    return { value: readJson(path) };
  } catch (thrown) {
    ensure(thrown instanceof SutureError, 'INTERNAL', `${name} could not be read.`);
    return { value: null, problem: thrown.message.replaceAll(`${dir}${sep}`, '') };
  }
}
