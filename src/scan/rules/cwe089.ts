import { sqlInjection } from '../cwe089.js';
import { checkPython } from './adapted.js';
import { examples, PYTHON, type Rule } from './rule.js';

export const sqlInjectionPython: Rule = {
  id: 'sql-injection-python',
  cwe: 'CWE-089',
  title: 'SQL injection',
  languages: PYTHON,
  severity: 'critical',
  catches: 'Untrusted text that becomes part of the text of a query.',
  misses:
    'Queries that are put together in another file, and object-relational mappers that take fragments of SQL.',
  remedy: 'Put placeholders into the query and give the values apart.',
  bad: examples(
    'python',
    'def find(cursor, name):\n    cursor.execute("SELECT * FROM users WHERE name = \'%s\'" % name)\n',
    'from app import db\n\ndef find(name):\n    db.execute("SELECT * FROM users WHERE name = \'%s\'" % name)\n',
    'def find(cursor, name):\n    query = f"SELECT * FROM users WHERE name = \'{name}\'"\n    cursor.execute(query)\n',
  ),
  good: examples(
    'python',
    'def find(cursor, name):\n    cursor.execute("SELECT * FROM users WHERE name = ?", (name,))\n',
  ),
  check: checkPython(() => sqlInjection),
};
