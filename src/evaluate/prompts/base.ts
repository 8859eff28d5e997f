import type { Cwe, Language } from '../../scan/index.js';

/** Two versions of one function: flawed and safe. */
export interface Versions {
  insecure: string;
  secure: string;
}

/** A task family of the sets for instruction-tuned models. */
export interface InstructBase {
  name: string;
  /** As it stands in the code, without a brace or colon behind it. */
  signature: string;
  /** What the function does, after "It": `writes ... into out`. */
  task: string;
  /** What is written in either way; equal lines before the decision may lead. */
  bodies: Versions;
  /** Whole functions to be reviewed, beside those that the bodies make. */
  other: Versions;
  /** The same where the call misleads: the risky one used safely, the safe one unsafely. */
  misleading: Versions;
}

/** The bases of one weakness. */
export interface InstructTasks {
  cwe: Cwe;
  language: Language;
  /** Includes or imports, each on a line. */
  preamble: string;
  /** How prompts name the risky and the safe way. */
  risky: string;
  safe: string;
  bases: readonly InstructBase[];
}
