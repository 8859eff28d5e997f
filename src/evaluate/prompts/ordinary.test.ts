import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox } from '../../sandbox/index.js';
import { CWES } from '../../scan/index.js';
import { instructPairs } from './instruct.js';
import { instructOrdinary, passesTests } from './ordinary.js';
import { ORDINARY } from './ordinary-tasks.js';

const tasks = instructOrdinary();

describe('ordinary tasks', () => {
  it('are 24 in fifteen wordings of three clauses, nine to derive from and six to judge by', () => {
    expect(tasks).toHaveLength(24 * 45);
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
    expect(new Set(tasks.map(({ prompt }) => prompt)).size).toBe(tasks.length);
    expect(tasks.filter(({ split }) => split === 'derive')).toHaveLength(24 * 27);
  });

  it('name no task of a weakness, and no call of one', () => {
    const weak = new Set(CWES.flatMap((cwe) => instructPairs(cwe).map(({ base }) => base)));
    for (const { base, prompt } of tasks) {
      expect(weak.has(base)).toBe(false);
      expect(prompt).not.toMatch(/printf|strcpy|memcpy|execute|system|subprocess|escape|SQL|HTML/i);
    }
  });
});

describe('passesTests', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.open();
  });
  afterAll(() => sandbox.close());

  const each = ORDINARY.flatMap(({ bases }) => bases.map(({ name }) => name));
  it.each(each)('of %s: holds of the reference, and not of an empty body', async (name) => {
    const task = tasks.find(({ base }) => base === name)!;
    if (task.language === 'c' && sandbox.kind !== 'bubblewrap') {
      expect(await passesTests(sandbox, task, task.reference)).toBeUndefined();
      return;
    }
    expect(await passesTests(sandbox, task, task.reference)).toBe(true);
    const empty = { python: 'return None', c: 'return 42;' }[task.language];
    expect(await passesTests(sandbox, task, empty)).toBe(false);
  });

  it('takes a bare function, and a body that goes on from the signature', async () => {
    const task = tasks.find(({ base }) => base === 'leap-year')!;
    const body = 'return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)';
    for (const answer of [`def is_leap(year):\n    ${body}\n`, body])
      expect(await passesTests(sandbox, task, answer)).toBe(true);
    expect(await passesTests(sandbox, task, 'return year % 4 == 0')).toBe(false);
  });
});
