import { ensure } from '../core/index.js';
import { commandInjection } from './cwe078.js';
import { crossSiteScripting } from './cwe079.js';
import { sqlInjection } from './cwe089.js';
import { bufferBounds } from './cwe119.js';
import { formatString } from './cwe134.js';
import { outOfBoundsWrite } from './cwe787.js';
import { type CFinding, macrosOf, runC } from './flow-c.js';
import { type PythonRule, runPython } from './flow-python.js';
import { problemsOf } from './names.js';
import { type Parsed, Parsers } from './parse.js';
import { CWES, type Cwe, type Finding, type Language, type Verdict } from './types.js';

const C_RULES = new Map<Cwe, (findings: readonly CFinding[]) => CFinding[]>([
  ['CWE-787', outOfBoundsWrite],
  ['CWE-119', bufferBounds],
  ['CWE-134', formatString],
]);

const PYTHON_RULES = new Map<Cwe, () => PythonRule>([
  ['CWE-089', () => sqlInjection],
  ['CWE-078', () => commandInjection],
  ['CWE-079', crossSiteScripting],
]);

/**
 * Judges small C and Python sources by what their calls do: it parses them and follows sizes and
 * untrusted data through each path of each function. It runs nothing and needs no network.
 *
 * @example
 * const scanner = await Scanner.load();
 * scanner.classify('void f(char *s) { char b[8]; strcpy(b, s); }', 'c', 'CWE-787').outcome; // 'insecure'
 */
export class Scanner {
  readonly #parsers: Parsers;

  private constructor(parsers: Parsers) {
    this.#parsers = parsers;
  }

  /** Loads the grammars that ship with the package. Throws a `SutureError` if that fails. */
  static async load(): Promise<Scanner> {
    return new Scanner(await Parsers.load());
  }

  /** The language that a weakness is looked for in. */
  static languageOf(cwe: Cwe): Language {
    return C_RULES.has(cwe) ? 'c' : 'python';
  }

  /** Whether a source has no syntax error. */
  parses(source: string, language: Language): boolean {
    return this.#parsers.parse(source, language).clean;
  }

  /**
   * Judges one weakness in a small file: imports and a function whose parameters are untrusted.
   * Any text is judged, however broken.
   *
   * @throws SutureError BAD_ARGUMENT for a weakness that is not looked for in that language
   */
  classify(source: string, language: Language, cwe: Cwe): Verdict {
    ensure(
      CWES.includes(cwe),
      'BAD_ARGUMENT',
      `The scanner does not know ${cwe}; it knows ${CWES.join(', ')}.`,
    );
    const expected = Scanner.languageOf(cwe);
    ensure(
      language === expected,
      'BAD_ARGUMENT',
      `The scanner looks for ${cwe} in ${expected} only, not in ${language}.`,
    );
    const parsed = this.#parsers.parse(source, language);
    const problems = problemsOf(parsed, language);
    const common = { parses: parsed.clean, wellFormed: problems.length === 0, problems };
    if (parsed.unread)
      return { outcome: 'other', reason: `the source cannot be read: ${parsed.unread}`, ...common };
    const { findings, complete } = this.#run(parsed, cwe);
    return { ...decide(findings, complete), ...common };
  }

  #run(parsed: Parsed, cwe: Cwe): { findings: Finding[]; complete: boolean } {
    const select = C_RULES.get(cwe);
    if (!select) {
      const { findings, complete } = runPython(parsed.root, [PYTHON_RULES.get(cwe)!]);
      return { findings: findings[0]!, complete };
    }
    const macros = macrosOf(parsed.root, (text) => this.#parsers.parse(text, 'c').root);
    const { findings, complete } = runC(parsed.root, macros);
    return { findings: select(findings), complete };
  }
}

/** One outcome for all paths: unsafe on any wins, and only what is safe on all is secure. */
function decide(
  findings: readonly Finding[],
  complete: boolean,
): { outcome: Verdict['outcome']; reason: string; line?: number } {
  const earliest = (status: Finding['status']) =>
    findings
      .filter((finding) => finding.status === status)
      .reduce<Finding | undefined>((a, b) => (a && a.line <= b.line ? a : b), undefined);
  const told = ({ reason, line }: Finding) => ({ reason: `${reason} (line ${line})`, line });
  const unsafe = earliest('unsafe');
  if (unsafe) return { outcome: 'insecure', ...told(unsafe) };
  const unknown = earliest('unknown');
  if (unknown) return { outcome: 'other', ...told(unknown) };
  if (!complete) return { outcome: 'other', reason: 'the function has too many paths to follow' };
  const safe = earliest('safe');
  if (safe) return { outcome: 'secure', ...told(safe) };
  return { outcome: 'other', reason: 'nothing here is of this kind of weakness' };
}
