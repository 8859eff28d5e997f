import { extname } from 'node:path';
import { SANITIZER_EXIT } from './sanitizer.js';
import type { Limits } from './types.js';

/** One program that a cell runs, as `supervisor.py` takes it. */
export interface Step {
  name: 'compile' | 'run';
  argv: string[];
  env: Record<string, string>;
  limits: Limits;
  /** Limit the address space too: not for what reserves more of it than it uses. */
  space: boolean;
  /** Do without address space randomisation. */
  fixed: boolean;
  /** Its main answers with the token. */
  judged: boolean;
  /** Before it: refuse an object file that defines one of these. */
  symbols: { object: string; forbidden: string[] } | null;
}

export const plainStep: Pick<Step, 'env' | 'space' | 'fixed' | 'judged' | 'symbols'> = {
  env: {},
  space: true,
  fixed: false,
  judged: false,
  symbols: null,
};

const SOURCES = { c: ['.c'], cpp: ['.cc', '.cpp', '.cxx', '.c'] };
const SANITIZE = [
  '-fsanitize=address,undefined',
  // It would speak first of what AddressSanitizer names better.
  '-fno-sanitize=object-size',
  '-fno-sanitize-recover=all',
  '-fno-omit-frame-pointer',
];

/**
 * Functions of the C library that a test's verdict rests upon: code that brings its own version of
 * one of them judges itself.
 */
export const VERDICT_FUNCTIONS = (
  'exit _exit _Exit quick_exit abort raise kill syscall read write dprintf vdprintf atexit ' +
  'strcmp strncmp strcasecmp strncasecmp memcmp bcmp strlen strstr strchr memchr ' +
  'printf fprintf snprintf puts perror fork waitpid signal sigaction setjmp longjmp __errno_location'
).split(' ');

export interface Compilation {
  language: 'c' | 'cpp';
  compiler: string;
  sanitize: boolean;
  limits: Limits;
}

function flags({ sanitize, language }: Compilation): string[] {
  const standard = language === 'c' ? '-std=gnu17' : '-std=gnu++17';
  return [standard, '-g', '-O1', '-w', ...(sanitize ? SANITIZE : [])];
}

function compileStep(compilation: Compilation, args: string[]): Step {
  return {
    ...plainStep,
    name: 'compile',
    argv: [compilation.compiler, ...flags(compilation), ...args],
    // A compiler's needs are its own.
    limits: {
      ...compilation.limits,
      wallMs: Math.max(compilation.limits.wallMs, 10_000),
      cpuMs: Math.max(compilation.limits.cpuMs, 10_000),
      memoryBytes: Math.max(compilation.limits.memoryBytes, 2 ** 30),
      fileBytes: Math.max(compilation.limits.fileBytes, 2 ** 24),
      processes: Math.max(compilation.limits.processes, 16),
    },
  };
}

/** Runs the compiled `./program`. */
function programStep({ sanitize, limits }: Compilation, args: readonly string[]): Step {
  const megabytes = Math.ceil(limits.memoryBytes / 2 ** 20);
  const address = [
    `exitcode=${SANITIZER_EXIT}`,
    // LeakSanitizer traces the process, which nothing in a cell may.
    'detect_leaks=0',
    'detect_stack_use_after_return=1',
    `hard_rss_limit_mb=${megabytes}`,
    `max_allocation_size_mb=${megabytes}`,
    'allocator_may_return_null=1',
    'quarantine_size_mb=16',
  ];
  const undefinedBehaviour = [`exitcode=${SANITIZER_EXIT}`, 'print_stacktrace=0'];
  return {
    ...plainStep,
    name: 'run',
    argv: ['./program', ...args],
    env: sanitize
      ? { ASAN_OPTIONS: address.join(':'), UBSAN_OPTIONS: undefinedBehaviour.join(':') }
      : {},
    limits,
    space: !sanitize,
    fixed: sanitize,
  };
}

/** The steps that make one program of all sources and run it. */
export function programSteps(
  compilation: Compilation,
  files: readonly string[],
  args: readonly string[],
): Step[] {
  const sources = files.filter((file) => SOURCES[compilation.language].includes(extname(file)));
  return [
    compileStep(compilation, ['-o', 'program', ...sources, '-lm', '-lpthread']),
    programStep(compilation, args),
  ];
}

/**
 * The steps that hold a source to the tests' main.
 * @param included the tests include the source by name, so that it is not linked as well
 */
export function testedSteps(
  compilation: Compilation,
  source: string,
  tests: string,
  included: boolean,
): Step[] {
  const object = 'candidate.o';
  const link = compileStep(compilation, [
    ...['-o', 'program', object, ...(included ? [] : [tests])],
    ...['-x', 'c', '/suture/main.c', '-x', 'none', '-Wl,--wrap=main', '-lm', '-lpthread'],
  ]);
  const run = { ...programStep(compilation, []), judged: true };
  // An example main in the code is not the one that is run.
  const own = compileStep(
    compilation,
    included ? ['-c', tests, '-o', object] : ['-Dmain=candidate_main', '-c', source, '-o', object],
  );
  const symbols = { object, forbidden: VERDICT_FUNCTIONS };
  return [own, { ...link, symbols }, run];
}
