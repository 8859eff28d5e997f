import {
  Auditor,
  GRAMMARS,
  languageOfPath,
  SEVERITIES,
  type Severity,
  type SourceLanguage,
} from '../scan/index.js';

/** A weakness in a completion. */
export interface Finding {
  cwe: string;
  rule: string;
  severity: Severity;
  message: string;
  language: SourceLanguage;
  /** 1-based, in the completion. */
  line: number;
  column: number;
}

/** What the scanner says about one completion. */
export interface Scanned {
  /** Languages of what was read; none where nothing could be: then nobody knows. */
  languages: SourceLanguage[];
  findings: Finding[];
}

/** What stands around a completion in the file it is for. */
export interface Surroundings {
  before: string;
  after: string;
}

/** Looks for weaknesses in what a model writes. It runs nothing. */
export class CompletionScanner {
  readonly #auditor: Auditor;
  readonly #least: Severity;

  private constructor(auditor: Auditor, least: Severity) {
    this.#auditor = auditor;
    this.#least = least;
  }

  /** @param least severity that counts. Defaults to `low` */
  static async load(least: Severity = SEVERITIES[0]): Promise<CompletionScanner> {
    return new CompletionScanner(await Auditor.load(GRAMMARS), least);
  }

  /**
   * Reads code that goes between other code. What counts is found in its own lines, of which the
   * first may have been begun before it; not what was there.
   *
   * @param language without one nothing is read
   */
  code(text: string, { before, after }: Surroundings, language?: SourceLanguage): Scanned {
    if (!language) return { languages: [], findings: [] };
    const lines = text.split('\n');
    const from = before.split('\n').length; // the line of the file in which the completion begins
    const lead = before.length - (before.lastIndexOf('\n') + 1); // columns of it that stand before
    const findings = this.#scan(before + text + after, language).flatMap((finding) => {
      const line = finding.line - from + 1;
      const column = Math.max(1, finding.column - (line === 1 ? lead : 0));
      const behind = line === lines.length && column > lines.at(-1)!.length;
      const inside = line >= 1 && line <= lines.length && !behind;
      return inside ? [{ ...finding, line, column }] : [];
    });
    return { languages: [language], findings };
  }

  /**
   * Reads the fenced blocks of an answer; one without any is code as a whole.
   *
   * @param language of blocks that do not name theirs, and of an answer without blocks
   */
  answer(text: string, language?: SourceLanguage): Scanned {
    const blocks = fencedBlocks(text);
    if (blocks.length === 0) return this.code(text, { before: '', after: '' }, language);
    const scanned = blocks.map(({ tag, code, line }) => {
      const { languages, findings } = this.code(
        code,
        { before: '', after: '' },
        tag === '' ? language : languageOfTag(tag),
      );
      return {
        languages,
        findings: findings.map((one) => ({ ...one, line: one.line + line - 1 })),
      };
    });
    return {
      languages: [...new Set(scanned.flatMap(({ languages }) => languages))],
      findings: scanned.flatMap(({ findings }) => findings),
    };
  }

  #scan(source: string, language: SourceLanguage): Finding[] {
    const { verdicts } = this.#auditor.scan(source, language, { minSeverity: this.#least });
    return verdicts.flatMap(({ cwe, findings }) =>
      findings.map(({ rule, severity, message, line, column }) => ({
        cwe,
        rule,
        severity,
        message,
        language,
        line,
        column,
      })),
    );
  }
}

/** `py`, `c++` and `tsx` as they stand behind a fence, or as an editor calls them. */
export function languageOfTag(tag: string): SourceLanguage | undefined {
  const name = tag.toLowerCase();
  if (name === 'c++') return 'cpp';
  if (name === 'typescriptreact') return 'tsx';
  if (name === 'javascriptreact') return 'javascript';
  if (name === 'python3') return 'python';
  return GRAMMARS.find((known) => known === name) ?? languageOfPath(`x.${name}`);
}

/** Fenced blocks of Markdown; one that is not closed goes to the end. `line`: of the code, 1-based. */
export function fencedBlocks(text: string): { tag: string; code: string; line: number }[] {
  const blocks: { tag: string; code: string; line: number }[] = [];
  let open: { fence: string; tag: string; lines: string[]; line: number } | undefined;
  const close = () => {
    if (open) blocks.push({ tag: open.tag, code: open.lines.join('\n'), line: open.line });
    open = undefined;
  };
  for (const [i, line] of text.split('\n').entries()) {
    const [, fence = '', tag = ''] = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/.exec(line) ?? [];
    if (open) {
      if (fence.startsWith(open.fence) && line.trim() === fence) close();
      else open.lines.push(line);
    } else if (fence !== '') {
      open = { fence, tag, lines: [], line: i + 2 };
    }
  }
  close();
  return blocks;
}
