/** Languages of the tasks that outcomes are judged on. */
export type Language = 'c' | 'python';

/** Languages that `suture scan` reads; `tsx` is TypeScript with JSX. */
export type SourceLanguage = Language | 'cpp' | 'javascript' | 'typescript' | 'tsx';

/** Weaknesses of those tasks, as written in reports. */
export const CWES = ['CWE-787', 'CWE-119', 'CWE-134', 'CWE-089', 'CWE-078', 'CWE-079'] as const;
export type Cwe = (typeof CWES)[number];

/** What the scanner says about one function. */
export interface Verdict {
  /**
   * `secure`: a sink of the family is present and every one is shown safe. `insecure`: some sink is
   * shown unsafe (this wins). `other`: neither can be established.
   */
  outcome: 'secure' | 'insecure' | 'other';
  /** One line, e.g. "sprintf writes into buf without a bound (line 3)". */
  reason: string;
  /** Line of the deciding call, 1-based; absent where no call decided. */
  line?: number;
  /** The source has no syntax error. */
  parses: boolean;
  /** It parses, every name used is defined, and the family's calls have a plausible arity. */
  wellFormed: boolean;
  /** What made it not well-formed, e.g. "line 4: name `bfu` is not defined". */
  problems: string[];
}

/** What a rule found at one place, on one path. */
export interface Finding {
  /**
   * `minor` is a safe use too small to call a function secure for, such as writing the final NUL,
   * and `unknown` one that could not be shown either way.
   */
  status: 'safe' | 'unsafe' | 'unknown' | 'minor';
  /** Without the line, e.g. "sprintf writes into buf without a bound". */
  reason: string;
  /** 1-based. */
  line: number;
}
