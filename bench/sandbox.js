import { Sandbox } from '../dist/sandbox/index.js';
import { median, report, timed } from './measure.js';

const PYTHON = {
  language: /** @type {const} */ ('python'),
  code: 'def double(x): return 2 * x',
  tests: 'def check(candidate):\n    for i in range(10): assert candidate(i) == 2 * i',
  entryPoint: 'double',
};
const C = {
  language: /** @type {const} */ ('c'),
  code: 'int twice(int x) { return 2 * x; }',
  tests: 'int twice(int);\nint main(void) { return twice(2) != 4; }',
};

/** Time of a test in the sandbox: alone, with a cell that waits for it, and of many at once. */
export async function benchSandbox() {
  const sandbox = await Sandbox.open();
  /** @param {import('../dist/sandbox/index.js').TestedCode} tested */
  const judge = async (tested) => {
    const { verdict, reason } = await sandbox.judge(tested);
    if (verdict !== 'pass') throw new Error(`${verdict}: ${reason}`);
  };
  console.log(`\nTests in the sandbox (${sandbox.kind})`);
  const alone = [];
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    alone.push(await timed(() => judge(PYTHON)));
  }
  report('Python, alone, median', `${median(alone).toFixed(0)} ms`);
  /** @param {import('../dist/sandbox/index.js').TestedCode} tested @param {number} count */
  const each = async (tested, count) =>
    (await timed(() => Promise.all(Array.from({ length: count }, () => judge(tested))))) / count;
  report('Python, one of 100 at once', `${(await each(PYTHON, 100)).toFixed(0)} ms`);
  if (sandbox.kind === 'bubblewrap') {
    await judge(C);
    report('C with sanitizers, one of 20 at once', `${(await each(C, 20)).toFixed(0)} ms`);
  }
  await sandbox.close();
}
