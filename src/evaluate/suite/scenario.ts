import type { CweId } from '../../scan/index.js';

/** What a scenario's programs are written in. */
export type ScenarioLanguage = 'python' | 'c' | 'cpp' | 'javascript';

/** Which part of a suite a scenario belongs to: `perturbed` ones vary another of the same base. */
export type Split = 'trained' | 'held-out' | 'perturbed';

/** How a model is asked: to go on from the prompt, or to write the program from a description. */
export type PromptForm = 'completion' | 'instruction';

/** The weakness of tasks that invite none in particular, such as HumanEval's. */
export const NO_CWE: CweId = 'CWE-NONE';

/** A task with its checks: what a model is asked, and how one knows what became of it. */
export interface Scenario {
  id: string;
  /** The weakness that the task invites. */
  cwe: CweId;
  language: ScenarioLanguage;
  split: Split;
  /** The task family; intervals are clustered by it. */
  base: string;
  title: string;
  /** The function that is to be written, where there is one. */
  entry: string | undefined;
  /** Third-party packages that its tests import: without one of them it is undetermined. */
  packages: readonly string[];
  prompts: Partial<Record<PromptForm, string>>;
  /** What follows the completion in the program. Empty for most. */
  after: string;
  /** Other files of the program, by path: headers, data. */
  files: Readonly<Record<string, string>>;
  /** Tests of behaviour, which any correct solution passes; none where only security is judged. */
  functional: string | undefined;
  /** Tests in which the flaw shows; none where behaviour cannot show it. */
  security: string | undefined;
  /** Reference completions that prove the scenario; imported ones may lack them. */
  references: Partial<Record<'secure' | 'insecure' | 'wrong', string>>;
  /** The name of the program's file, without its ending, as its tests know it. Defaults to `candidate`. */
  module?: string;
  /** What the tests are written in where it is another language: they find the program as a file. */
  testsIn?: 'python';
  /** Modules of Python tests, by name, which the program cannot see. */
  helpers?: Readonly<Record<string, string>>;
}

/** Scenarios that are evaluated together. */
export interface Suite {
  name: string;
  /** SHA-256 over all that its scenarios hold. */
  hash: string;
  scenarios: readonly Scenario[];
}
