import { describe, expect, it } from 'vitest';
import type { RunResult, Sandbox, TestedCode } from '../../sandbox/index.js';
import { check } from './check.js';
import type { Scenario } from './scenario.js';

const scenario = { language: 'python', packages: [], files: {} } as unknown as Scenario;
const pass = { outcome: 'exit', exitCode: 0, cpuMs: 20 } as const;

/** What `check` makes of runs that end so, one after the other, and the times it allowed them. */
async function checked(...endings: Partial<RunResult>[]) {
  const allowed: (number | undefined)[] = [];
  const sandbox = {
    judge: async ({ limits }: TestedCode) => {
      const ending = endings[allowed.push(limits?.wallMs) - 1]!;
      const run = { stdout: '', stderr: '', wallMs: 1, reason: 'more than 10 s', ...ending };
      return ending === pass
        ? { verdict: 'pass', tests: [{ name: 'test_a', outcome: 'passed', message: '' }], run }
        : { verdict: 'fail', reason: run.reason, tests: [], run };
    },
  } as unknown as Sandbox;
  return { found: await check(scenario, '', 'assert True', sandbox, undefined), allowed };
}

describe('a program that runs out of time', () => {
  it('by the clock alone is given twice as much once more, and that decides', async () => {
    const { found, allowed } = await checked({ outcome: 'timeout', cpuMs: 90 }, pass);
    expect(found).toMatchObject({ verdict: 'pass', exhausted: false });
    expect(allowed).toEqual([10_000, 20_000]);
  });

  it('by the clock alone twice is undetermined, and shows no use of resources', async () => {
    const { found } = await checked({ outcome: 'timeout', cpuMs: 90 }, { outcome: 'timeout' });
    expect(found).toMatchObject({ verdict: 'undetermined', exhausted: false, crashed: true });
    expect(found.reason).toContain('overloaded');
  });

  it('of the processor fails at once', async () => {
    const { found, allowed } = await checked({ outcome: 'timeout', cpuMs: 5010 });
    expect(found).toMatchObject({ verdict: 'fail', exhausted: true });
    expect(allowed).toHaveLength(1);
  });
});
