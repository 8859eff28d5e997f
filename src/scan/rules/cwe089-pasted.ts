import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { HOLE, taintsOf } from '../dataflow/index.js';
import { statementOf } from './cwe089-wrappers.js';
import { examples, PYTHON, type Rule } from './rule.js';
import { lastName, unsafe } from './say.js';

/** A part that is not known, between the quotes of a text in SQL. */
const PASTED = new RegExp(`^[^']*(?:'[^'${HOLE}]*'[^']*)*'[^'${HOLE}]*${HOLE}`);

/**
 * Who pastes a text between quotes means it to be one, and it ends at the next quote in it. That is wrong whoever wrote the
 * text; where it is known to be untrusted, other rules say so.
 */
function call(given: Call): Judgement | undefined {
  const query = statementOf(given);
  if (!query || !PASTED.test(query.text ?? '')) return undefined;
  const taints = taintsOf(query);
  const levels = taints.map((taint) => taint.reach('CWE-089')?.level);
  // Made fit, or certain.
  if (levels.includes(2) || (taints.length > 0 && !levels.includes(1))) return undefined;
  const name = lastName(given.name) || 'the function';
  return unsafe(given.at, `${name} is given a query with a text pasted between its quotes`);
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
    "from settings import account\n\ndef markets(cursor):\n    query = \"SELECT * FROM markets WHERE kind = 'open' AND owner = '%s'\" % account.id\n    cursor.execute(query)\n",
  ),
  good: examples(
    'python',
    'class Log:\n    def save(self, cursor):\n        cursor.execute("INSERT INTO visits (address) VALUES (?)", (self.address,))\n',
    'from settings import table\n\ndef count(cursor):\n    cursor.execute("SELECT COUNT(*) FROM entries WHERE kind = \'open\' AND id > 3")\n',
  ),
  listen: (): Listener => ({ call }),
};
