import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { HOLE, taintsOf } from '../dataflow/index.js';
import type { FileContext } from '../file.js';
import { sqlInjectionPython } from './cwe089.js';
import { KNOWN, statementOf } from './cwe089-wrappers.js';
import { examples, PYTHON, type Rule } from './rule.js';
import { lastName, unsafe } from './say.js';

/** A part that is not known, between the quotes of a text in SQL. */
const PASTED = new RegExp(`^[^']*(?:'[^'${HOLE}]*'[^']*)*'[^'${HOLE}]*${HOLE}`);

/** What texts are made fit for whose quotes were doubled or removed by hand: whether that is enough nobody can tell. */
const QUOTES = 'between quotes';

/**
 * Who pastes a text between quotes means it to be one, and it ends at the next quote in it. That is wrong whoever wrote the
 * text; where it is known to be untrusted, other rules say so.
 */
function call(given: Call, file: FileContext): Judgement | undefined {
  const query = statementOf(given);
  if (!query || !PASTED.test(query.text ?? '')) return undefined;
  const taints = taintsOf(query).filter((taint) => taint.reach(QUOTES));
  const levels = taints.flatMap((taint) => taint.reach('CWE-089')?.level ?? []);
  if (taintsOf(query).length > 0 && levels.length === 0) return undefined;
  const name = lastName(given.name);
  if (levels.includes(2) && (!KNOWN.test(name) || isCertain(given, file))) return undefined;
  return unsafe(
    given.at,
    `${name || 'the function'} is given a query with a text pasted between its quotes`,
  );
}

/** Whether the rule of these calls is sure; of what went through a function that it does not know it is not. */
function isCertain({ at }: Call, file: FileContext): boolean {
  const { findings } = sqlInjectionPython.check!(file);
  return findings.some((finding) => finding.status === 'unsafe' && finding.at.line === at.line);
}

function called({ name, args: [from] }: Call, result: Value): void {
  if (lastName(name) !== 'replace' || from?.text !== "'") return;
  for (const taint of taintsOf(result)) taint.makeFit(QUOTES);
}

export const sqlPastedText: Rule = {
  id: 'sql-pasted-text',
  cwe: 'CWE-089',
  title: 'Text pasted between the quotes of a query',
  languages: PYTHON,
  severity: 'medium',
  catches:
    'Texts of unknown origin (attributes, globals, what other functions return) between quotes in a statement of SQL.',
  misses: 'Numbers and names of tables or columns, which stand without quotes.',
  remedy: 'Put placeholders into the query and give the values apart.',
  bad: examples(
    'python',
    'class Log:\n    def save(self, cursor):\n        cursor.execute(f"INSERT INTO visits (address) VALUES (\'{self.address}\')")\n',
    'from names import title\n\ndef count(cursor):\n    cursor.execute("SELECT COUNT(*) FROM entries WHERE title = \'" + title() + "\'")\n',
    'def count(cursor, entry):\n    return cursor.execute("SELECT COUNT(*) FROM entries WHERE title = \'" + title_of(entry) + "\'").fetchone()[0]\n',
    "from settings import account\n\ndef markets(cursor):\n    query = \"SELECT * FROM markets WHERE kind = 'open' AND owner = '%s'\" % account.id\n    cursor.execute(query)\n",
  ),
  good: examples(
    'python',
    'class Log:\n    def save(self, cursor):\n        cursor.execute("INSERT INTO visits (address) VALUES (?)", (self.address,))\n',
    'from settings import table\n\ndef count(cursor):\n    cursor.execute("SELECT COUNT(*) FROM entries WHERE kind = \'open\' AND id > 3")\n',
  ),
  listen: (file): Listener => ({ call: (given) => call(given, file), called }),
};
