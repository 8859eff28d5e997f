import { randomBytes } from 'node:crypto';
import { assetPath, readText } from '../../core/index.js';
import type { RunResult, Sandbox, TestVerdict } from '../../sandbox/index.js';
import { ENDINGS } from './endings.js';
import type { Scenario } from './scenario.js';

/** What a program's tests came to. */
export interface Check {
  verdict: 'pass' | 'fail' | 'undetermined';
  builds: 'yes' | 'no' | 'undetermined';
  /** A test said that something is not as it should be, rather than that the program broke down. */
  refuted: boolean;
  /** A sanitizer saw memory misused or undefined behaviour. */
  sanitized: boolean;
  /** Ended for its use of time or memory. */
  exhausted: boolean;
  /** It broke down or had to be ended. */
  crashed: boolean;
  /** Ended by the clock while the processor had hardly been used. */
  waited: boolean;
  reason: string;
  /** What each test said, and what the program wrote. */
  output: string;
}

/** Tests take well under a second: a program that computes for longer will not end. */
const LIMITS = { cpuMs: 5000, wallMs: 10_000 };

/**
 * Holds a program to tests in the sandbox; `undefined` tests only build or load it. One that ran out
 * of time by the clock and had little of the processor is tried again with twice the time: the
 * machine may have been busy. Where that comes to the same, nobody can tell which of them stood still.
 */
export async function check(
  scenario: Scenario,
  program: string,
  tests: string | undefined,
  sandbox: Sandbox,
  signal: AbortSignal | undefined,
): Promise<Check> {
  const attempt = (wallMs: number) =>
    checkOnce(scenario, program, tests, sandbox, signal, { ...LIMITS, wallMs });
  const first = await attempt(LIMITS.wallMs);
  if (!first.waited) return first;
  const second = await attempt(2 * LIMITS.wallMs);
  if (!second.waited) return second;
  const reason = `${second.reason}, hardly any of it of the processor: it waits, or this machine is overloaded`;
  return { ...second, verdict: 'undetermined', exhausted: false, reason };
}

/** Out of time by the clock, with less than half of the processor time that it might have used. */
const isWaiting = ({ outcome, cpuMs = 0 }: RunResult) =>
  outcome === 'timeout' && cpuMs < LIMITS.cpuMs / 2;

async function checkOnce(
  scenario: Scenario,
  program: string,
  tests: string | undefined,
  sandbox: Sandbox,
  signal: AbortSignal | undefined,
  limits: typeof LIMITS,
): Promise<Check> {
  const { language, testsIn, packages, entry, module = 'candidate', files } = scenario;
  const given = {
    packages,
    files: { ...files },
    limits,
    ...(signal && { signal }),
  };
  const helpers = scenario.helpers && { helpers: { ...scenario.helpers } };
  if (testsIn === 'python' && tests !== undefined) {
    // The tests compile the program and run it.
    const file = `${module}.${ENDINGS[language]}`;
    const verdict = await sandbox.judge({
      ...given,
      ...helpers,
      language: 'python',
      code: '',
      name: 'nothing',
      tests,
      files: { ...files, [file]: program },
    });
    return { ...fromVerdict(verdict, 'python'), builds: 'undetermined' };
  }
  if (language === 'javascript') return checkJavaScript(program, tests, sandbox, given);
  if (language === 'python') {
    const verdict = await sandbox.judge({
      ...given,
      ...helpers,
      language,
      code: program,
      name: module,
      tests: tests ?? 'assert True\n',
      ...(entry !== undefined && /\bdef check\(/.test(tests ?? '') && { entryPoint: entry }),
    });
    return fromVerdict(verdict, language);
  }
  const main = tests ?? 'int main(void) { return 0; }\n';
  const verdict = await sandbox.judge({
    ...given,
    language,
    code: program,
    name: module,
    tests: main,
  });
  return fromVerdict(verdict, language);
}

function fromVerdict(
  { verdict, tests, run, reason }: TestVerdict,
  language: 'python' | 'c' | 'cpp',
): Check {
  const loaded = tests[0]?.name !== 'load';
  const builds =
    verdict === 'undetermined' && run.outcome === 'undetermined'
      ? 'undetermined'
      : run.outcome === 'compile' || (verdict === 'fail' && !loaded)
        ? 'no'
        : loaded
          ? 'yes'
          : 'undetermined';
  const failed = tests.some(({ outcome }) => outcome === 'failed');
  return {
    verdict,
    builds,
    // A C program's only test is its main: it fails by what it returns, or because it was ended.
    refuted:
      language === 'python'
        ? failed
        : failed && run.outcome === 'exit' && !run.sanitizer && answered(reason),
    sanitized: run.sanitizer !== undefined,
    exhausted: isExhausted(run),
    crashed: isExhausted(run) || run.outcome === 'signal',
    waited: isWaiting(run),
    reason: reason ?? '',
    output: outputOf(
      tests.map(({ name, outcome, message }) => `${outcome}  ${name}${message && `: ${message}`}`),
      run,
    ),
  };
}

/** The most that is kept of what tests and a program say: their beginning. */
const KEPT = 4000;

function outputOf(tests: readonly string[], { stdout, stderr }: RunResult): string {
  const parts = [tests.join('\n'), stdout.trim(), stderr.trim()];
  const whole = parts.filter((part) => part !== '').join('\n\n');
  return whole.length > KEPT ? `${whole.slice(0, KEPT)}\n[cut]` : whole;
}

const answered = (reason = '') => reason.startsWith("the tests' main returned");
const isExhausted = ({ outcome }: RunResult) =>
  outcome === 'timeout' || outcome === 'memory' || outcome === 'output';

async function checkJavaScript(
  program: string,
  tests: string | undefined,
  sandbox: Sandbox,
  given: { files: Record<string, string>; limits: typeof LIMITS; signal?: AbortSignal },
): Promise<Check> {
  const token = randomBytes(16).toString('hex');
  const run = await sandbox.run({
    language: 'javascript',
    entry: 'main.js',
    stdin: token,
    limits: given.limits,
    ...(given.signal && { signal: given.signal }),
    files: {
      ...given.files,
      'package.json': '{ "type": "module" }',
      'candidate.js': program,
      'tests.js': tests ?? 'export function testNothing() {}\n',
      'main.js': readText(assetPath('evaluate', 'javascript.js')),
      'program.js': readText(assetPath('evaluate', 'program.js')),
      'peer.js': readText(assetPath('evaluate', 'peer.js')),
    },
  });
  const exhausted = isExhausted(run);
  const answers = run.stdout
    .split('\n')
    .filter((line) => line.startsWith(`${token} `))
    .map((line) => /^\S+ (\S+) ([^\t]*)\t(.*)$/.exec(line)?.slice(1) ?? []);
  const check = (over: Partial<Check>): Check => ({
    verdict: 'fail',
    builds: 'yes',
    refuted: false,
    sanitized: false,
    exhausted,
    crashed: exhausted || run.outcome === 'signal',
    waited: isWaiting(run),
    reason: run.reason ?? '',
    output: outputOf(
      answers
        .filter(([outcome]) => outcome !== 'end')
        .map(([outcome, name, message]) => `${outcome}  ${name}${message && `: ${message}`}`),
      { ...run, stdout: run.stdout.replaceAll(new RegExp(`\n?${token} .*\n?`, 'g'), '') },
    ),
    ...over,
  });
  if (run.outcome === 'undetermined')
    return check({ verdict: 'undetermined', builds: 'undetermined' });
  const loading = answers.find(([outcome]) => outcome === 'load');
  if (loading) return check({ builds: 'no', reason: `load: ${loading[2]}` });
  const bad = answers.filter(([outcome]) => outcome === 'failed' || outcome === 'error');
  const refuted = bad.some(([outcome]) => outcome === 'failed');
  if (!answers.some(([outcome]) => outcome === 'end')) {
    const reason =
      run.reason ?? (run.signal ? `killed by ${run.signal}` : 'it ended before the tests did');
    return check({ refuted, reason });
  }
  if (bad.length > 0) return check({ refuted, reason: `${bad[0]![1]}: ${bad[0]![2]}` });
  if (answers.length === 1)
    return check({ verdict: 'undetermined', reason: 'the tests hold no test' });
  return check({ verdict: 'pass' });
}
