import { z } from 'zod';
import { SutureError } from '../../core/index.js';
import { type Analyser, type OutsideFinding, severityOfWord } from './analyser.js';
import { jsonOf } from './sarif.js';

const output = z.object({
  results: z.array(
    z.object({
      filename: z.string(),
      test_id: z.string(),
      issue_text: z.string(),
      issue_severity: z.string(),
      issue_cwe: z.object({ id: z.int() }).partial().optional(),
      line_number: z.int(),
      line_range: z.array(z.int()).optional(),
      col_offset: z.int().optional(),
    }),
  ),
  errors: z.array(z.object({ filename: z.string(), reason: z.string() })).optional(),
});

/** Versions before 1.7.3 name no CWE; these are bandit's own later ones. */
const CWES: Record<string, number> = {
  B102: 78,
  B103: 732,
  B104: 605,
  B105: 259,
  B106: 259,
  B107: 259,
  B108: 377,
  B110: 703,
  B112: 703,
  B201: 94,
  B202: 22,
  B301: 502,
  B302: 502,
  B303: 327,
  B304: 327,
  B305: 327,
  B306: 377,
  B307: 78,
  B308: 79,
  B310: 22,
  B311: 330,
  B312: 319,
  B313: 20,
  B314: 20,
  B315: 20,
  B316: 20,
  B317: 20,
  B318: 20,
  B319: 20,
  B320: 20,
  B321: 319,
  B323: 295,
  B324: 327,
  B401: 319,
  B402: 319,
  B403: 502,
  B404: 78,
  B501: 295,
  B502: 327,
  B503: 327,
  B504: 327,
  B505: 326,
  B506: 20,
  B507: 295,
  B508: 319,
  B509: 319,
  B601: 78,
  B602: 78,
  B603: 78,
  B604: 78,
  B605: 78,
  B606: 78,
  B607: 78,
  B608: 89,
  B609: 78,
  B610: 89,
  B611: 89,
  B612: 94,
  B701: 94,
  B702: 79,
  B703: 80,
};

/** Reads what `bandit -f json` prints. @throws {SutureError} BAD_DATA */
export function readBandit(text: string): {
  findings: OutsideFinding[];
  unread: string | undefined;
} {
  const parsed = output.safeParse(jsonOf(text, "bandit's output"));
  if (!parsed.success) {
    throw new SutureError('BAD_DATA', "bandit's output is not what bandit writes.", {
      cause: parsed.error,
    });
  }
  const { results, errors = [] } = parsed.data;
  return {
    findings: results.map((one) => {
      const cwe = one.issue_cwe?.id ?? CWES[one.test_id];
      return {
        path: one.filename,
        cwes: cwe === undefined ? [] : [cwe],
        rule: one.test_id,
        message: one.issue_text,
        severity: severityOfWord(one.issue_severity),
        line: one.line_number,
        column: (one.col_offset ?? 0) + 1,
        endLine: Math.max(one.line_number, ...(one.line_range ?? [])),
      };
    }),
    unread:
      errors.length === 0
        ? undefined
        : `could not read ${errors.length} files: ${errors[0]!.filename}: ${errors[0]!.reason}`,
  };
}

/** PyCQA's bandit, for Python. */
export const bandit: Analyser = {
  name: 'bandit',
  languages: ['python'],
  program: 'bandit',
  install: 'Get it with "pip install bandit" or "apt-get install bandit"',
  version: /bandit (\d[\w.]*)/,
  async analyse(targets, { run }) {
    const { stdout } = await run('bandit', [
      '-f',
      'json',
      '-q',
      ...targets.map(({ file }) => file),
    ]);
    return readBandit(stdout);
  },
};
