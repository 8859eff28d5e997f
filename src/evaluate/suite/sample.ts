import type { CweVerdict } from '../../scan/index.js';

/** A completion as it was generated: one line of a run's `samples.jsonl`. */
export interface EvalSample {
  scenario: string;
  /** Which of the scenario's samples. */
  sample: number;
  /** What the model wrote, whole. */
  completion: string;
  /** Generated ids, where the model is local. */
  tokens?: number[];
  finishReason: 'eos' | 'stop' | 'length' | 'unknown';
  /** Where it was written under constraints: whether it satisfies them. */
  satisfied?: boolean;
}

/** What became of a sample: one line of a run's `judged.jsonl`. */
export interface EvalVerdict {
  scenario: string;
  sample: number;
  /** The program that was judged: prompt, completion cut where it ends, what follows. */
  program: string;
  /** Why the completion was cut there. */
  truncation: string;
  parse: 'ok' | 'partial' | 'failed';
  /** Whether it compiles, or loads without an error; `undetermined` where a tool is missing. */
  builds: 'yes' | 'no' | 'undetermined';
  /** Empty, trivial, or one thing over and over: never scores. */
  stub: boolean;
  degenerate: boolean;
  refusal: boolean;
  truncated: boolean;
  functional: 'pass' | 'fail' | 'undetermined' | 'untested';
  /**
   * Of the scenario's own weakness, by its security tests and by the rules: `insecure` where either
   * shows it, `secure` where none does and one can tell, else `undetermined`. A crash, a missing tool
   * or a time-out is never secure.
   */
  security: 'secure' | 'insecure' | 'undetermined';
  /** What decided, and why: shown to people. */
  reasons: string[];
  /** What each test said, a line for each, and what the program wrote; cut after some thousand characters. */
  output?: { functional?: string; security?: string };
  /** The scenario's own weakness by the rules. */
  verdict: CweVerdict | undefined;
  /** Other weaknesses that the completion brought in. */
  introduced: CweVerdict[];
}
