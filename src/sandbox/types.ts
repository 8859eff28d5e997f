/** What the sandbox runs. */
export const LANGUAGES = ['python', 'c', 'cpp', 'javascript'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Limits of one run: of all its processes together, but for `fileBytes`. */
export interface Limits {
  /** Time by the clock, milliseconds. Default 10,000. Compiling has its own, the same again. */
  wallMs: number;
  /** Processor time, milliseconds. Default 10,000. */
  cpuMs: number;
  /** Resident memory, bytes. Default 512 MiB. */
  memoryBytes: number;
  /** Processes and threads alive at once. Default 64. */
  processes: number;
  /** The largest file, and all files of the run together, bytes. Default 64 MiB. */
  fileBytes: number;
  /** Standard output and error together, bytes. Default 1 MiB. */
  outputBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  wallMs: 10_000,
  cpuMs: 10_000,
  memoryBytes: 512 * 2 ** 20,
  processes: 64,
  fileBytes: 64 * 2 ** 20,
  outputBytes: 2 ** 20,
};

/** A program to run. */
export interface Program {
  language: Language;
  /** Relative path -> content. They lie in the program's working folder, its only writable one. */
  files: Record<string, string>;
  /**
   * The file to start: defaults to `main.py` or `main.js`. In C and C++ every source among `files`
   * is compiled and linked into one program, and there is no entry.
   */
  entry?: string;
  args?: readonly string[];
  /** Defaults to nothing. */
  stdin?: string;
  limits?: Partial<Limits>;
  /** C and C++: AddressSanitizer and UndefinedBehaviorSanitizer. Defaults to true. */
  sanitize?: boolean;
  /** Ends the run. */
  signal?: AbortSignal;
}

/** What a sanitizer reported. */
export interface SanitizerReport {
  kind: 'AddressSanitizer' | 'UndefinedBehaviorSanitizer';
  /** As the sanitizer calls it: `heap-buffer-overflow`, `signed integer overflow: ...`. */
  what: string;
  /** READ or WRITE, where the report says. */
  access?: 'READ' | 'WRITE';
  /** The innermost frame in the program's own files, where there is one. */
  frame?: { function?: string; file: string; line: number };
}

/** How a run ended. */
export interface RunResult {
  /**
   * `exit`: by itself, with `exitCode`. `signal`: killed by `signal`. `timeout`, `memory`, `output`:
   * over that limit. `compile`: it does not compile; stderr has the compiler's words.
   * `undetermined`: it could not be run here; `reason` says what is missing.
   */
  outcome: 'exit' | 'signal' | 'timeout' | 'memory' | 'output' | 'compile' | 'undetermined';
  exitCode?: number;
  signal?: string;
  /** Why, where the outcome alone does not say it. */
  reason?: string;
  stdout: string;
  stderr: string;
  sanitizer?: SanitizerReport;
  /** Milliseconds, from the request's start to the last process's end, without waiting for a turn. */
  wallMs: number;
  /** Milliseconds of processor time, where it was measured. */
  cpuMs?: number;
  /** The most memory that was seen in use, bytes, where it was measured. */
  peakBytes?: number;
}

/** Code and the tests to hold it to. */
export interface TestedCode {
  language: 'python' | 'c' | 'cpp';
  code: string;
  /**
   * Python: assertions, `test_*` functions, `check(candidate)`, classes of tests or TestCases; names
   * that the tests leave undefined are the code's. C and C++: a `main` that returns 0 when all is
   * well; it is linked with the code, or includes it by its name.
   */
  tests: string;
  /** Python: what `check(candidate)` is given. Defaults to the code's module. */
  entryPoint?: string;
  /** The code's module or file name without its ending. Defaults to `candidate`. */
  name?: string;
  /** Other files in the working folder, which the code can see and import. */
  files?: Record<string, string>;
  /** Python: modules of the tests, by name, which the code cannot see. */
  helpers?: Record<string, string>;
  /**
   * Python packages that the code may need: without one of these, the verdict is `undetermined`.
   * Another package that cannot be imported is the code's own mistake. Defaults to none.
   */
  packages?: readonly string[];
  limits?: Partial<Limits>;
  signal?: AbortSignal;
}

/** One test and what became of it. */
export interface TestOutcome {
  name: string;
  /** `failed`: an assertion did not hold. `error`: something else was thrown. */
  outcome: 'passed' | 'failed' | 'error' | 'skipped';
  message: string;
}

/** The verdict on tested code. */
export interface TestVerdict {
  /** `pass`: every test ran to its end and passed, and there was one. */
  verdict: 'pass' | 'fail' | 'undetermined';
  passed: number;
  failed: number;
  errors: number;
  /** Why it is not a pass. */
  reason?: string;
  tests: TestOutcome[];
  /** Of the code under test. */
  run: RunResult;
}
