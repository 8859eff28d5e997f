import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analyser, OutsideFinding } from './analyser.js';
import { notCompiled } from './gcc.js';
import { readSarif } from './sarif.js';

const CHECKERS =
  'core,unix,security,cplusplus,deadcode.DeadStores,alpha.security,alpha.unix.cstring';

/** What clang's checkers look for; most name no CWE. The longest beginning of a checker's name counts. */
const CWES: readonly (readonly [string, number])[] = [
  ['alpha.security.ArrayBound', 119],
  ['alpha.security.MallocOverflow', 190],
  ['alpha.security.ReturnPtrRange', 466],
  ['alpha.security.taint.TaintPropagation', 20],
  ['alpha.unix.cstring.OutOfBounds', 119],
  ['alpha.unix.cstring.BufferOverlap', 475],
  ['core.NullDereference', 476],
  ['core.NonNullParamChecker', 476],
  ['core.DivideZero', 369],
  ['core.uninitialized', 457],
  ['core.UndefinedBinaryOperatorResult', 457],
  ['core.StackAddressEscape', 562],
  ['cplusplus.NewDelete', 416],
  ['cplusplus.NewDeleteLeaks', 401],
  ['security.insecureAPI.gets', 242],
  ['security.insecureAPI.mktemp', 377],
  ['security.insecureAPI.rand', 338],
  ['security.insecureAPI.strcpy', 119],
  ['security.insecureAPI.vfork', 676],
  ['security.insecureAPI.DeprecatedOrUnsafeBufferHandling', 119],
  ['security.FloatLoopCounter', 1339],
  ['unix.cstring.NullArg', 476],
  ['unix.MallocSizeof', 131],
];

/** The analyser of `unix.Malloc` says several things under one name. */
function cweOf({ rule, message }: OutsideFinding): number | undefined {
  if (rule === 'unix.Malloc') {
    if (/free released|freed? twice|double/i.test(message)) return 415;
    if (/after it is freed|released memory|after free/i.test(message)) return 416;
    return /leak/i.test(message) ? 401 : 762;
  }
  return CWES.filter(([name]) => rule.startsWith(name)).sort(
    ([a], [b]) => b.length - a.length,
  )[0]?.[1];
}

/** Findings of clang's analyser, with CWEs. */
export const withClangCwes = (findings: readonly OutsideFinding[]): OutsideFinding[] =>
  findings.map((one) => {
    const cwe = one.cwes.length > 0 ? undefined : cweOf(one);
    return cwe === undefined ? one : { ...one, cwes: [cwe] };
  });

/** Clang's static analyser, for C and C++. */
export const clang: Analyser = {
  name: 'clang',
  languages: ['c', 'cpp'],
  program: 'clang',
  install: 'Get it with "apt-get install clang"',
  version: /clang version (\d[\w.]*)/,
  async analyse(targets, { run, dir }) {
    const found: OutsideFinding[] = [];
    const unread: string[] = [];
    for (const [i, { file }] of targets.entries()) {
      const sarif = join(dir, `${i}.sarif`);
      const checkers = ['-Xclang', `-analyzer-checker=${CHECKERS}`];
      const output = ['--analyzer-output', 'sarif', '-o', sarif];
      const { code, stderr } = await run('clang', ['--analyze', ...checkers, ...output, file]);
      if (existsSync(sarif)) {
        const runs = readSarif(readFileSync(sarif, 'utf8'), "clang's output");
        found.push(...withClangCwes(runs.flatMap(({ findings }) => findings)));
      }
      if (code !== 0)
        unread.push(`${file}: ${/error: (.*)/.exec(stderr)?.[1] ?? `status ${code}`}`);
    }
    return { findings: found, unread: notCompiled(unread, targets.length) };
  },
};
