import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { ensure, fileError, readJsonLines, SutureError } from '../../core/index.js';
import type { FunctionPair, Span } from './pair.js';

const TEXT = z.string().min(1);
const SPANS = z.array(z.looseObject({ char_start: z.int().min(0), char_end: z.int().min(0) }));
const CHANGES = z.looseObject({ deleted: SPANS, added: SPANS });

/** What is used of a row of SVEN, DeepGuard or SafeCoder. */
const PUBLISHED = z.looseObject({
  func_name: z.string(),
  func_src_before: TEXT,
  func_src_after: TEXT,
  vul_type: TEXT,
  commit_link: TEXT.optional(),
  file_name: z.string().default(''),
  line_changes: CHANGES.optional(),
  char_changes: CHANGES.optional(),
  description: z.string().optional(),
});

/** A row of one's own. */
const OWN = z.looseObject({
  id: TEXT,
  group: TEXT,
  cwe: z.string().optional(),
  language: z.string().optional(),
  request: TEXT.optional(),
  vulnerable: TEXT,
  secure: TEXT,
});

/** Either: which one a row means to be is told by the name of its secure function. */
const ROW = z.looseObject({}).transform((row, context) => {
  const parsed = ('secure' in row ? OWN : PUBLISHED).safeParse(row);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) {
    context.issues.push({ code: 'custom', path, message, input: row });
  }
  return z.NEVER;
});

const LANGUAGES: Readonly<Record<string, string>> = {
  '.py': 'python',
  '.c': 'c',
  '.h': 'c',
  '.cc': 'c++',
  '.cpp': 'c++',
  '.cxx': 'c++',
  '.js': 'javascript',
  '.jsx': 'javascript',
  '.ts': 'typescript',
  '.rb': 'ruby',
  '.go': 'go',
  '.java': 'java',
};

/**
 * Pairs of functions before and after a fix, from a JSONL file or from all of a folder and its
 * subfolders: rows as SVEN (He & Vechev 2023), SafeCoder (2024) and DeepGuard (2026) write them, of
 * which a repository is the owner and name in `commit_link`, or one's own (docs/guard.md).
 *
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line, for spans outside the function too
 * @example
 * const pairs = readFunctionPairs('sven/data_train_val');
 */
export function readFunctionPairs(path: string): FunctionPair[] {
  const files = isFolder(path) ? jsonLinesIn(path) : [path];
  ensure(files.length > 0, 'NOT_FOUND', `There is no .jsonl file in ${path}.`);
  return files.flatMap((file) =>
    readJsonLines(file, ROW, 'pair').map((row, i): FunctionPair => {
      const place = `${file}:${i + 1}`;
      if ('secure' in row) return ownPair(row as z.infer<typeof OWN>);
      return publishedPair(row as z.infer<typeof PUBLISHED>, place);
    }),
  );
}

const ownPair = (row: z.infer<typeof OWN>): FunctionPair => ({
  id: row.id,
  cwe: row.cwe === undefined ? undefined : cweName(row.cwe),
  group: row.group,
  language: row.language,
  vulnerable: row.vulnerable,
  secure: row.secure,
  request: row.request,
  changes: undefined,
});

function publishedPair(row: z.infer<typeof PUBLISHED>, place: string): FunctionPair {
  const { func_src_before: vulnerable, func_src_after: secure, line_changes, char_changes } = row;
  const id = `${place} ${row.func_name}`;
  const spans = (text: string, found: z.infer<typeof SPANS>): Span[] => {
    const at = codePoints(text);
    return found.map(({ char_start, char_end }) => {
      // The last line's newline may be counted though the function ends without it.
      const end = at(char_end) ?? at(char_end - 1);
      const start = at(char_start);
      if (start === undefined || end === undefined || start > end) {
        throw new SutureError(
          'BAD_DATA',
          `${place}: characters ${char_start} to ${char_end} are said to have changed; the function has ${text.length}.`,
        );
      }
      return { start, end };
    });
  };
  return {
    id,
    cwe: cweName(row.vul_type),
    group: row.commit_link?.replace(/^https?:\/\//, '').replace(/\/(commits?|pull)\/.*$/, '') ?? id,
    language: LANGUAGES[extname(row.file_name).toLowerCase()],
    vulnerable,
    secure,
    request: row.description,
    changes: line_changes &&
      char_changes && {
        vulnerable: {
          line: spans(vulnerable, line_changes.deleted),
          char: spans(vulnerable, char_changes.deleted),
        },
        secure: {
          line: spans(secure, line_changes.added),
          char: spans(secure, char_changes.added),
        },
      },
  };
}

/** Where the n-th character of a text, as Python counts them, begins; undefined behind its end. */
function codePoints(text: string): (n: number) => number | undefined {
  const alike = !/[\ud800-\udbff]/.test(text);
  if (alike) return (n) => (n <= text.length ? n : undefined);
  const starts = [0];
  for (const character of text) starts.push(starts.at(-1)! + character.length);
  return (n) => starts[n];
}

/** `cwe-89`, `CWE-089`: CWE-089. */
export const cweName = (text: string): string =>
  `CWE-${text.replace(/^cwe-?/i, '').padStart(3, '0')}`;

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

function jsonLinesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
      .map((name) => join(folder, name));
  } catch (thrown) {
    throw fileError(thrown, 'read', folder);
  }
}
