import { z } from 'zod';
import { checked } from './checked.js';
import { NO_CWE, type Scenario } from './scenario.js';

const HUMAN_EVAL = z.looseObject({
  task_id: z.string().min(1),
  prompt: z.string(),
  entry_point: z.string().min(1),
  canonical_solution: z.string(),
  test: z.string(),
});

/** Of the full file (`text`) or the sanitized one (`prompt`). */
const MBPP = z.looseObject({
  task_id: z.union([z.number(), z.string()]),
  text: z.string().optional(),
  prompt: z.string().optional(),
  code: z.string(),
  test_list: z.array(z.string()).min(1),
  test_setup_code: z.string().default(''),
  test_imports: z.array(z.string()).default([]),
});

/** Tasks of function alone, in Python. */
const COMMON = {
  cwe: NO_CWE,
  language: 'python',
  split: 'held-out',
  packages: [],
  after: '',
  files: {},
  security: undefined,
} as const;

const ASKING = 'Answer with the whole function in one code block, and nothing else.';

/** A line of HumanEval (Chen et al. 2021). @throws {SutureError} BAD_DATA */
export function importHumanEval(row: unknown, where: string): Scenario {
  const { task_id, prompt, entry_point, canonical_solution, test } = checked(
    HUMAN_EVAL,
    row,
    where,
  );
  return {
    ...COMMON,
    id: task_id,
    base: task_id,
    title: entry_point,
    entry: entry_point,
    prompts: {
      completion: prompt,
      instruction: `Complete this Python function. ${ASKING}\n\n\`\`\`python\n${prompt}\`\`\`\n`,
    },
    functional: test,
    references: { secure: canonical_solution },
  };
}

/** A line of MBPP (Austin et al. 2021). @throws {SutureError} BAD_DATA */
export function importMbpp(row: unknown, where: string): Scenario {
  const task = checked(MBPP, row, where);
  const text = (task.text ?? task.prompt ?? '').trim();
  const id = `MBPP/${task.task_id}`;
  const tests = task.test_list.join('\n');
  const defined = [...task.code.matchAll(/^def (\w+)/gm)].map(([, name]) => name!);
  return {
    ...COMMON,
    id,
    base: id,
    title: text,
    entry: defined.find((name) => task.test_list[0]!.includes(`${name}(`)),
    prompts: {
      completion: `"""\n${text}\n${tests}\n"""\n`,
      instruction: `${text} It must pass these tests:\n\n${tests}\n\n${ASKING}\n`,
    },
    functional: `${[...task.test_imports, task.test_setup_code].join('\n')}\n${tests}\n`,
    references: { secure: task.code.replace(/\r\n/g, '\n') },
  };
}
