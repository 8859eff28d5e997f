import { randomBytes } from 'node:crypto';
import { basename, posix } from 'node:path';
import { ensure, SutureError } from '../core/index.js';
import { findTool, planCells } from './bubblewrap.js';
import type { CellReport } from './cell.js';
import { type Backend, Cells, type Order } from './cells.js';
import { type Compilation, plainStep, programSteps, testedSteps } from './compile.js';
import { PyodideRunner } from './pyodide.js';
import { SANITIZER_EXIT, sanitizerReport } from './sanitizer.js';
import {
  DEFAULT_LIMITS,
  LANGUAGES,
  type Limits,
  type Program,
  type RunResult,
  type TestedCode,
  type TestOutcome,
  type TestVerdict,
} from './types.js';

export interface SandboxOptions {
  /** Defaults to bubblewrap where it works, else Pyodide. */
  kind?: 'bubblewrap' | 'pyodide';
  /** Runs at a time. Defaults to the number of cores. */
  workers?: number;
  /** The Python interpreter of the cells, with its packages. Defaults to the system's. */
  python?: string;
  /** Changes of the default limits, for every run. */
  limits?: Partial<Limits>;
}

const COMPILERS = { c: ['gcc', 'clang'], cpp: ['g++', 'clang++'] };
const PROBE = { c: 'int main(void) { return 0; }\n', cpp: '#include <vector>\nint main() {}\n' };

/**
 * Runs hostile code: no network, nothing of the machine but its programs, read-only, limits on
 * everything, and not a process left afterwards. docs/sandbox.md has the threat model.
 *
 * @example
 * const sandbox = await Sandbox.open();
 * await sandbox.run({ language: 'python', files: { 'main.py': 'print(6 * 7)' } });
 * // { outcome: 'exit', exitCode: 0, stdout: '42\n', stderr: '', ... }
 * await sandbox.judge({ language: 'python', code: 'def f(x): return x + 1', tests: 'assert f(1) == 2' });
 * // { verdict: 'pass', passed: 1, failed: 0, errors: 0, ... }
 * await sandbox.close();
 */
export class Sandbox {
  /** What executes: `bubblewrap`, or `pyodide` where there is no bubblewrap. */
  readonly kind: 'bubblewrap' | 'pyodide';
  /** Why it is not bubblewrap, where it is not. */
  readonly reason: string | undefined;
  readonly #backend: Backend;
  readonly #limits: Limits;
  readonly #compilers = new Map<string, Promise<string | { missing: string }>>();

  private constructor(backend: Backend, limits: Limits, reason: string | undefined) {
    this.kind = backend.kind;
    this.#backend = backend;
    this.#limits = limits;
    this.reason = reason;
  }

  /**
   * Finds what this machine has.
   * @throws {SutureError} UNSUPPORTED, with what is missing, where `kind` asks for what does not work
   */
  static async open(options: SandboxOptions = {}): Promise<Sandbox> {
    const { kind, workers, python } = options;
    ensure(
      workers === undefined || (Number.isInteger(workers) && workers > 0),
      'BAD_ARGUMENT',
      `workers is ${workers}; it must be a positive integer.`,
    );
    const limits = withDefaults(DEFAULT_LIMITS, options.limits);
    if (kind === 'pyodide') return new Sandbox(new PyodideRunner(workers), limits, 'as asked');
    const plan = await planCells(python);
    const cells = 'missing' in plan ? plan : await Cells.open(plan, workers);
    if (cells instanceof Cells) return new Sandbox(cells, limits, undefined);
    if (kind === 'bubblewrap') {
      throw new SutureError('UNSUPPORTED', `There is no sandbox of that kind: ${cells.missing}.`);
    }
    return new Sandbox(new PyodideRunner(workers), limits, cells.missing);
  }

  /**
   * Runs a program and tells how it ended.
   * @throws {SutureError} BAD_ARGUMENT for a path that leaves the folder, an unknown language, a
   *   limit out of range, or a closed sandbox; INTERRUPTED when `signal` fires
   */
  async run(program: Program): Promise<RunResult> {
    const { language, files, args = [], sanitize = true } = program;
    ensure(
      LANGUAGES.includes(language),
      'BAD_ARGUMENT',
      `The sandbox does not run ${language}; it runs ${LANGUAGES.join(', ')}.`,
    );
    const order = this.#order(files, program);
    if (language === 'python') {
      const entry = entryOf(program, 'main.py');
      return pythonResult(await this.#backend.python(order, entry, args));
    }
    if (!(this.#backend instanceof Cells)) return this.#needsBubblewrap(language);
    if (language === 'javascript') {
      const argv = [process.execPath, entryOf(program, 'main.js'), ...args];
      // V8 reserves far more address space than it uses.
      const step = { ...plainStep, name: 'run' as const, argv, limits: order.limits, space: false };
      return result(await this.#backend.steps(order, [step], ''));
    }
    const compiler = await this.#compiler(language);
    if (typeof compiler !== 'string') return undetermined(compiler.missing);
    const compilation = { language, compiler, sanitize, limits: order.limits };
    const steps = programSteps(compilation, Object.keys(files), args);
    return result(await this.#backend.steps(order, steps, ''));
  }

  /**
   * Holds code to its tests. Python code and its tests run in two processes, and the verdict comes
   * from the tests' alone; see docs/sandbox.md for what that means for C.
   * @throws {SutureError} as `run` does
   */
  async judge(tested: TestedCode): Promise<TestVerdict> {
    const { language, name = 'candidate' } = tested;
    ensure(
      /^[A-Za-z_]\w*$/.test(name) && name !== 'tests',
      'BAD_ARGUMENT',
      `"${name}" cannot be the name of the code under test: it must be an identifier other than "tests".`,
    );
    if (language === 'python') return this.#judgePython(tested, name);
    ensure(
      language === 'c' || language === 'cpp',
      'BAD_ARGUMENT',
      `Code in ${language} cannot be judged by tests; python, c and cpp can.`,
    );
    return this.#judgeC(tested, language, name);
  }

  /** Ends every run and every waiting process. */
  async close(): Promise<void> {
    await this.#backend.close();
  }

  async #judgePython(tested: TestedCode, name: string): Promise<TestVerdict> {
    const entry = `${name}.py`;
    const order = this.#order({ ...tested.files, [entry]: tested.code }, tested);
    const report = await this.#backend.judgePython(order, entry, {
      name,
      tests: tested.tests,
      sources: tested.helpers ?? {},
      entry: tested.entryPoint ?? null,
    });
    const run = pythonResult(report);
    const said = report.tests as
      | { tests?: TestOutcome[]; unusable?: string; missing?: string }
      | undefined;
    if (run.outcome === 'undetermined') return verdict(run, [], run.reason, 'undetermined');
    if (said?.unusable !== undefined) return verdict(run, [], said.unusable, 'undetermined');
    if (run.outcome === 'timeout' || run.outcome === 'memory' || run.outcome === 'output') {
      return verdict(run, said?.tests ?? [], run.reason);
    }
    if (!said?.tests) return verdict(run, [], 'the tests were ended before their end');
    const { missing } = said;
    // Pyodide has fewer packages than a Python that people install things for.
    if (missing !== undefined && (this.kind === 'pyodide' || tested.packages?.includes(missing))) {
      const reason = `the code needs the Python package ${missing}, which is not installed`;
      return verdict(run, said.tests, reason, 'undetermined');
    }
    return verdict(run, said.tests);
  }

  async #judgeC(tested: TestedCode, language: 'c' | 'cpp', name: string): Promise<TestVerdict> {
    const ending = language === 'c' ? 'c' : 'cpp';
    const [source, tests] = [`${name}.${ending}`, `tests.${ending}`];
    const files = { ...tested.files, [source]: tested.code, [tests]: tested.tests };
    const order = this.#order(files, tested);
    if (!(this.#backend instanceof Cells)) {
      const run = this.#needsBubblewrap(language);
      return verdict(run, [], run.reason, 'undetermined');
    }
    const compiler = await this.#compiler(language);
    if (typeof compiler !== 'string') {
      return verdict(undetermined(compiler.missing), [], compiler.missing, 'undetermined');
    }
    const compilation: Compilation = { language, compiler, sanitize: true, limits: order.limits };
    const included = new RegExp(`^\\s*#\\s*include\\s*"${source}"`, 'm').test(tested.tests);
    const steps = testedSteps(compilation, source, tests, included);
    const report = await this.#backend.steps(order, steps, randomBytes(16).toString('hex'));
    const run = result(report);
    if (run.outcome === 'undetermined') return verdict(run, [], run.reason, 'undetermined');
    const reason = whyNot(report, run);
    const outcome = reason === undefined ? 'passed' : 'failed';
    if (run.outcome === 'compile') return verdict(run, [], reason);
    return verdict(run, [{ name: 'main', outcome, message: reason ?? '' }], reason);
  }

  #order(
    files: Record<string, string>,
    given: Pick<Program, 'stdin' | 'limits' | 'signal'>,
  ): Order {
    for (const path of Object.keys(files)) {
      ensure(
        path !== '' && !path.includes('\0') && !path.startsWith('/') && inside(path),
        'BAD_ARGUMENT',
        `"${path}" is not a path inside the working folder: give one that is relative, without "..".`,
      );
    }
    return {
      files,
      limits: withDefaults(this.#limits, given.limits),
      signal: given.signal,
      ...(given.stdin === undefined ? {} : { stdin: given.stdin }),
    };
  }

  #needsBubblewrap(language: string): RunResult {
    return undetermined(`${language} needs bubblewrap (${this.reason})`);
  }

  /** The compiler of a language, tried once with its sanitizers. */
  #compiler(language: 'c' | 'cpp'): Promise<string | { missing: string }> {
    const known = this.#compilers.get(language);
    if (known) return known;
    const tried = this.#tryCompiler(language);
    this.#compilers.set(language, tried);
    return tried;
  }

  async #tryCompiler(language: 'c' | 'cpp'): Promise<string | { missing: string }> {
    const names = COMPILERS[language];
    const compiler = findTool(...names);
    if (!compiler) return { missing: `there is no compiler: install ${names.join(' or ')}` };
    const order = this.#order({ [`main.${language}`]: PROBE[language] }, {});
    const compilation = { language, compiler, sanitize: true, limits: DEFAULT_LIMITS };
    const steps = programSteps(compilation, Object.keys(order.files), []);
    const probe = result(await (this.#backend as Cells).steps(order, steps, ''));
    if (probe.outcome === 'exit' && probe.exitCode === 0) return compiler;
    const words = probe.stderr.trim().split('\n').at(-1) || probe.reason || probe.outcome;
    return { missing: `${basename(compiler)} with sanitizers does not work: ${words}` };
  }
}

const inside = (path: string) => !posix.normalize(path).startsWith('..');

function entryOf({ entry, files }: Program, usual: string): string {
  const found = entry ?? usual;
  ensure(
    Object.hasOwn(files, found),
    'BAD_ARGUMENT',
    `There is no file ${found} among the program's files; name the one to start as entry.`,
  );
  return found;
}

function withDefaults(defaults: Limits, given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    ensure(
      Object.hasOwn(DEFAULT_LIMITS, name) && Number.isSafeInteger(value) && value > 0,
      'BAD_ARGUMENT',
      `The limit ${name} is ${value}; limits are ${Object.keys(DEFAULT_LIMITS).join(', ')}, each a positive integer.`,
    );
  }
  return { ...defaults, ...given };
}

function undetermined(reason: string): RunResult {
  return { outcome: 'undetermined', reason, stdout: '', stderr: '', wallMs: 0 };
}

/** A report in the words of the interface. */
function result(report: CellReport): RunResult {
  const { outcome, exitCode, signal, reason, stdout, stderr, wallMs, cpuMs, peakBytes } = report;
  const measured = {
    stdout,
    stderr,
    wallMs,
    ...(cpuMs === undefined ? {} : { cpuMs }),
    ...(peakBytes === undefined ? {} : { peakBytes }),
  };
  if (outcome === 'lost') {
    const words = reason ?? stderr.trim().split('\n').at(-1);
    return { outcome: 'undetermined', reason: `the sandbox was lost: ${words}`, ...measured };
  }
  if (report.step === 'compile' && (outcome !== 'exit' || exitCode !== 0)) {
    const clash = report.clash && `it defines ${report.clash}, which the verdict rests upon`;
    const why = clash ?? reason;
    return { outcome: 'compile', ...measured, ...(why === undefined ? {} : { reason: why }) };
  }
  const sanitizer = exitCode === SANITIZER_EXIT ? sanitizerReport(stderr) : undefined;
  const overMemory = exitCode === SANITIZER_EXIT && /hard rss limit exhausted/.test(stderr);
  return {
    outcome: overMemory ? 'memory' : outcome,
    ...(exitCode === undefined || overMemory ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(reason === undefined ? {} : { reason }),
    ...(sanitizer ? { sanitizer } : {}),
    ...measured,
  };
}

/** As `result`; Python says in its last words that an allocation was refused. */
function pythonResult(report: CellReport): RunResult {
  const plain = result(report);
  const refused =
    plain.outcome === 'exit' &&
    plain.exitCode === 1 &&
    /(^|\n)MemoryError\b.*\n?$/.test(plain.stderr);
  return refused ? { ...plain, outcome: 'memory', reason: 'an allocation was refused' } : plain;
}

/** Why a judged C program does not pass; undefined where it does. */
function whyNot(report: CellReport, run: RunResult): string | undefined {
  if (run.outcome === 'compile') return run.reason ?? 'it does not compile with its tests';
  if (run.sanitizer) return `${run.sanitizer.kind}: ${run.sanitizer.what}`;
  if (run.outcome === 'signal') return `killed by ${run.signal}`;
  if (run.outcome !== 'exit') return run.reason ?? run.outcome;
  if (report.returned === undefined) return 'it ended before the tests did';
  return report.returned === 0 ? undefined : `the tests' main returned ${report.returned}`;
}

function verdict(
  run: RunResult,
  tests: TestOutcome[],
  reason?: string,
  forced?: 'undetermined',
): TestVerdict {
  const count = (outcome: TestOutcome['outcome']) =>
    tests.filter((test) => test.outcome === outcome).length;
  const [passed, failed, errors] = [count('passed'), count('failed'), count('error')];
  const skipped = passed === 0 && failed === 0 && errors === 0 && tests.length > 0;
  const bad = tests.find(({ outcome }) => outcome === 'failed' || outcome === 'error');
  const why =
    reason ??
    (bad && `${bad.name}: ${bad.message}`) ??
    (skipped ? 'every test was skipped' : undefined);
  const judged =
    why !== undefined ? (skipped ? 'undetermined' : 'fail') : passed > 0 ? 'pass' : 'undetermined';
  return {
    verdict: forced ?? judged,
    passed,
    failed,
    errors,
    ...(why === undefined ? {} : { reason: why }),
    tests,
    run,
  };
}
