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
  reason: string;
}

/** Tests take well under a second: a program that computes for longer will not end. */
const LIMITS = { cpuMs: 5000 };

/** Holds a program to tests in the sandbox; `undefined` tests only build or load it. */
export async function check(
  scenario: Scenario,
  program: string,
  tests: string | undefined,
  sandbox: Sandbox,
  signal: AbortSignal | undefined,
): Promise<Check> {
  const { language, testsIn, packages, entry, module = 'candidate', files } = scenario;
  const given = {
    packages,
    files: { ...files },
    limits: LIMITS,
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
    reason: reason ?? '',
  };
}

const answered = (reason = '') => reason.startsWith("the tests' main returned");
const isExhausted = ({ outcome }: RunResult) =>
  outcome === 'timeout' || outcome === 'memory' || outcome === 'output';

async function checkJavaScript(
  program: string,
  tests: string | undefined,
  sandbox: Sandbox,
  given: { files: Record<string, string>; signal?: AbortSignal },
): Promise<Check> {
  const token = randomBytes(16).toString('hex');
  const run = await sandbox.run({
    language: 'javascript',
    entry: 'main.js',
    stdin: token,
    limits: LIMITS,
    ...(given.signal && { signal: given.signal }),
    files: {
      ...given.files,
      'package.json': '{ "type": "module" }',
      'candidate.js': program,
      'tests.js': tests ?? 'export function testNothing() {}\n',
      'main.js': readText(assetPath('evaluate', 'javascript.js')),
    },
  });
  const exhausted = isExhausted(run);
  const check = (over: Partial<Check>): Check => ({
    verdict: 'fail',
    builds: 'yes',
    refuted: false,
    sanitized: false,
    exhausted,
    crashed: exhausted || run.outcome === 'signal',
    reason: run.reason ?? '',
    ...over,
  });
  if (run.outcome === 'undetermined')
    return check({ verdict: 'undetermined', builds: 'undetermined' });
  const answers = run.stdout
    .split('\n')
    .filter((line) => line.startsWith(`${token} `))
    .map((line) => /^\S+ (\S+) ([^\t]*)\t(.*)$/.exec(line)?.slice(1) ?? []);
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
