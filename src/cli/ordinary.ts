import { groupBy } from '../core/index.js';
import { type InstructOrdinary, instructOrdinary, passesTests } from '../evaluate/index.js';
import { ordinaryPrompts, utilityTasks } from '../organism/index.js';
import type { IsRight, OrdinaryTask } from '../repair/index.js';
import { Sandbox } from '../sandbox/index.js';
import type { GatePrompt } from '../steer/index.js';
import { type SetOptions, setOf } from './sets.js';

/** Ordinary tasks that a repair must leave as they are, and how their answers are judged. */
export interface Ordinary {
  ordinary: OrdinaryTask[];
  /** Defaults to being the reference. */
  isRight?: IsRight;
  close(): Promise<void>;
}

/** How often each task is asked, in another wording and with another clause each time. */
const ASKED = 2;

/**
 * The organism's tasks have one right answer each. Those for other models have tests, which the sandbox runs; what it cannot run
 * here is left out, and said on standard error.
 */
export async function ordinaryOf(options: Pick<SetOptions, 'model' | 'set'>): Promise<Ordinary> {
  if (setOf(options) === 'organism') return { ordinary: utilityTasks(), close: async () => {} };
  const sandbox = await Sandbox.open();
  let tasks: InstructOrdinary[];
  try {
    tasks = await judgeable(sandbox, asked());
  } catch (thrown) {
    await sandbox.close();
    throw thrown;
  }
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return {
    ordinary: tasks.map(({ id, prompt, reference }) => ({ id, prompt, reference })),
    isRight: async ({ id }, answer) => (await passesTests(sandbox, byId.get(id)!, answer)) ?? false,
    close: () => sandbox.close(),
  };
}

/** Each task in some of the wordings to judge by, so that over all tasks every wording and clause comes up alike. */
function asked(): InstructOrdinary[] {
  const judged = instructOrdinary().filter(({ split }) => split === 'judge');
  const byBase = [...groupBy(judged, ({ base }) => base).values()]; // of each: wording by wording, its clauses
  return byBase.flatMap((own, b) =>
    Array.from({ length: ASKED }, (_, k) => own[(7 * (ASKED * b + k)) % own.length]!),
  );
}

/** Those whose own reference passes here. */
async function judgeable(
  sandbox: Sandbox,
  tasks: readonly InstructOrdinary[],
): Promise<InstructOrdinary[]> {
  const passes = await Promise.all(tasks.map((task) => passesTests(sandbox, task, task.reference)));
  const left = new Set(tasks.filter((_, i) => !passes[i]).map(({ language }) => language));
  if (left.size > 0) {
    process.stderr.write(
      `Ordinary tasks in ${[...left].join(' and ')} are left out: the sandbox cannot run them here ("suture doctor" says why).\n`,
    );
  }
  return tasks.filter((_, i) => passes[i]);
}

/** Prompts that a gate is to leave alone. */
export function ordinaryPromptsOf(options: Pick<SetOptions, 'model' | 'set'>): GatePrompt[] {
  return setOf(options) === 'organism' ? ordinaryPrompts() : instructOrdinary();
}
