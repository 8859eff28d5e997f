import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { isConstant } from '../dataflow/index.js';
import { examples, PYTHON, type Rule } from './rule.js';
import { lastName } from './say.js';
import { judge } from './taint.js';

/** A whole statement: prose seldom reads so. */
const STATEMENT =
  /^\s*\(?(?:select\s[\s\S]*\sfrom\s|insert\s+(?:or\s+\w+\s+|ignore\s+)?into\s|replace\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|(?:create|drop|alter|truncate)\s+(?:table|view|index|database|schema|user|role)\s|with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s*\(|call\s+[\w.]+\s*\()/i;
/** These are judged by a rule of their own. */
export const KNOWN = /^(?:execute|executemany|executescript|read_sql|read_sql_query|raw)$/;
/** What only shows a text, or makes another of it. */
const HARMLESS =
  /^(?:print|format|join|append|extend|insert|replace|strip|lstrip|rstrip|split|lower|upper|encode|decode|str|repr|len|dedent|debug|info|warning|warn|error|exception|critical|log|write|mogrify|isinstance|type|add|pprint|secho|echo|put|sub|match|search|Exception|\w*Error|add_argument|startswith|endswith|assertEqual|_|gettext)$/;

const words = {
  danger: 'is given a query built from',
  safe: 'is given a query that holds no untrusted text',
};

/** The statement that a call is given to run: one with holes, or any that values stand beside. */
export function statementOf({ name, args, keywords, at }: Call): Value | undefined {
  const method = lastName(name);
  const query = [...args, ...keywords.values()].find(({ text }) => STATEMENT.test(text ?? ''));
  if (!query || KNOWN.test(method)) return query;
  // `db.add(query)` runs it; `queries.add(text)` keeps it.
  const runs =
    /^(?:add|insert|write)$/.test(method) &&
    /(?:^|\.)(?:_*db|database|conn\w*|cur\w*)\./i.test(`.${at.text.split('(')[0]}`);
  if (HARMLESS.test(method) && !runs) return undefined;
  // A statement without holes may be anything: it is judged where values are given beside it.
  return isConstant(query) && args.length + keywords.size < 2 ? undefined : query;
}

function call(given: Call): Judgement | undefined {
  const method = lastName(given.name);
  const query = KNOWN.test(method) ? undefined : statementOf(given);
  return query && judge(words, 'CWE-089', method || 'the function', query, given.at);
}

export const sqlWrappersPython: Rule = {
  id: 'sql-injection-wrappers',
  cwe: 'CWE-089',
  title: 'SQL injection through other functions',
  languages: PYTHON,
  severity: 'high',
  catches:
    'Untrusted text in what reads as a statement of SQL and is given to a function that lies elsewhere: `db.query(…)`, `fetch_all(…)`, `text(…)`.',
  misses:
    'Fragments that do not read as a statement, and functions that escape what they are given.',
  remedy: 'Put placeholders into the query and give the values apart.',
  bad: examples(
    'python',
    'def find(db, name):\n    return db.query("SELECT * FROM users WHERE name = \'%s\'" % name)\n',
    'from storage import fetch_all\n\ndef find(name):\n    sql = "SELECT id FROM users WHERE name = \'{}\'".format(name)\n    return fetch_all(sql)\n',
    'from sqlalchemy import text\n\ndef find(session, name):\n    return session.scalars(text(f"SELECT id FROM users WHERE name = \'{name}\'"))\n',
    'class Users:\n    def remove(self, name):\n        sql = "DELETE FROM users WHERE name = \'" + name + "\'"\n        self.db.exec(sql)\n',
  ),
  good: examples(
    'python',
    'def find(db, name):\n    return db.query("SELECT * FROM users WHERE name = %s", (name,))\n',
    'from storage import fetch_all\n\ndef find(number):\n    sql = "SELECT id FROM users WHERE number = {}".format(int(number))\n    return fetch_all(sql)\n',
    'import asyncpg\n\nasync def find(pool, name):\n    return await pool.fetchrow("SELECT id FROM users WHERE name = $1", name)\n',
    'COLUMNS = {"name", "age"}\n\ndef find(db, column):\n    if column not in COLUMNS:\n        raise ValueError(column)\n    return db.fetch(f"SELECT id FROM users ORDER BY {column}")\n',
  ),
  listen: (): Listener => ({ call }),
};
