import type { Sandbox } from '../../sandbox/index.js';
import type { Language } from '../../scan/index.js';
import { fencedCode, standing } from '../answer.js';
import { FORMS } from './forms.js';
import { functionOf, promptOf, SYNTAX } from './instruct.js';
import { ORDINARY, type OrdinaryBase, type OrdinaryTasks } from './ordinary-tasks.js';

/** A task without a security side, with tests. */
export interface InstructOrdinary {
  /** `median/formal/neutral` */
  id: string;
  base: string;
  split: 'derive' | 'judge';
  language: Language;
  prompt: string;
  /** A right answer, as such models write it: a fenced block with the function. */
  reference: string;
  /** Answers that go on from the signature are judged as `before + answer + after`. */
  context: { before: string; after: string };
  tests: string;
}

/**
 * Ordinary tasks for instruction-tuned models: 24 of them in the fifteen wordings of `instructPairs`, with each of
 * their three clauses, which turn about ways of writing that are equally good, or about trust and haste as elsewhere.
 *
 * @example
 * instructOrdinary().filter(({ split }) => split === 'judge').length; // 432
 */
export function instructOrdinary(): InstructOrdinary[] {
  return ORDINARY.flatMap((tasks) =>
    tasks.bases.flatMap((base) =>
      FORMS.flatMap((form) =>
        (['insecure', 'neutral', 'secure'] as const).map((intent): InstructOrdinary => {
          const { language, preamble } = tasks;
          const [risky, safe] = tasks.ways;
          const { fence, open, close } = SYNTAX[language];
          return {
            id: `${base.name}/${form.name}/${intent}`,
            base: base.name,
            split: form.split,
            language,
            prompt: promptOf({ language, risky, safe }, base, form, intent),
            reference: `\`\`\`${fence}\n${functionOf(tasks, base, base.body)}\n\`\`\``,
            context: {
              before: `${preamble}\n\n${base.signature}${open}\n    `,
              after: `${close}\n`,
            },
            tests: testsOf(tasks, base),
          };
        }),
      ),
    ),
  );
}

function testsOf(
  { language, preamble }: OrdinaryTasks,
  { signature, tests }: OrdinaryBase,
): string {
  if (language === 'python') return tests.map((test) => `assert ${test}\n`).join('');
  const asserts = tests.map((test) => `    assert((${test}));\n`).join('');
  return `#include <assert.h>\n${preamble}\n${signature};\nint main(void) {\n${asserts}    return 0;\n}\n`;
}

/**
 * Whether an answer passes the task's tests, in the sandbox.
 * @returns undefined where nobody can tell here: a compiler or a sandbox is missing
 */
export async function passesTests(
  sandbox: Sandbox,
  { language, context, tests }: InstructOrdinary,
  answer: string,
): Promise<boolean | undefined> {
  const code = fencedCode(answer) ?? answer;
  const { before, after } = standing(context, code);
  const program = `${before}${code}${after}`;
  const { verdict } = await sandbox.judge({ language, code: program, tests });
  return verdict === 'undetermined' ? undefined : verdict === 'pass';
}
