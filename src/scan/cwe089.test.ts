import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.js';

const scanner = await Scanner.load();

function check(outcome: string, source: string): void {
  const verdict = scanner.classify(source, 'python', 'CWE-089');
  expect(verdict, verdict.reason).toMatchObject({ outcome, problems: [] });
}

function find(...lines: string[]): string {
  return [
    'def find(conn, name, ids=(), table="t"):',
    '    cur = conn.cursor()',
    ...lines.map((line) => `    ${line}`),
    '    return cur.fetchall()',
    '',
  ].join('\n');
}

const INSECURE: Record<string, string> = {
  'f-string': find('cur.execute(f"SELECT * FROM users WHERE name = \'{name}\'")'),
  concatenation: find('cur.execute("SELECT * FROM users WHERE name = \'" + name + "\'")'),
  percent: find('cur.execute("SELECT * FROM users WHERE name = \'%s\'" % name)'),
  'percent of a tuple': find(
    'cur.execute("SELECT * FROM users WHERE name = \'%s\' AND a = %d" % (name, 3))',
  ),
  format: find('cur.execute("SELECT * FROM users WHERE name = \'{}\'".format(name))'),
  'format with a name': find(
    'cur.execute("SELECT * FROM users WHERE name = \'{n}\'".format(n=name))',
  ),
  'through a variable': find(
    'query = f"SELECT * FROM users WHERE name = \'{name}\'"',
    'cur.execute(query)',
  ),
  'augmented assignment': find(
    'query = "SELECT * FROM users WHERE name = "',
    'query += "\'" + name + "\'"',
    'cur.execute(query)',
  ),
  join: find('cur.execute("SELECT * FROM users WHERE id IN (" + ",".join(ids) + ")")'),
  'join of a list that was filled': find(
    'parts = ["SELECT 1 FROM users WHERE"]',
    'parts.append("name = \'" + name + "\'")',
    'cur.execute(" ".join(parts))',
  ),
  'a placeholder and a concatenation': find(
    'cur.execute("SELECT * FROM users WHERE a = ? AND b = " + name, (1,))',
  ),
  'a concatenation in executescript': find(
    'cur.executescript("DELETE FROM users WHERE name = \'" + name + "\'")',
  ),
  'one way of two': find(
    'query = "SELECT * FROM users"',
    'if name:',
    '    query += f" WHERE name = \'{name}\'"',
    'cur.execute(query)',
  ),
  'the connection itself': find('conn.execute(f"DELETE FROM users WHERE name = \'{name}\'")'),
  'a check of something else': find(
    'if table not in ("a", "b"):',
    '    raise ValueError(table)',
    'cur.execute(f"SELECT * FROM {table} WHERE name = \'{name}\'")',
  ),
  'str() makes nothing safe': find('cur.execute("SELECT * FROM users WHERE id = " + str(name))'),
  'the safe call first': find('cur.execute("SELECT ?", (name,))', 'cur.execute("SELECT " + name)'),
  'a function that is given to others':
    'def find(pool, name):\n    def work(cur):\n        cur.execute(f"SELECT * FROM t WHERE name = \'{name}\'")\n    return pool.run(work)\n',
  'a lambda that is given to others':
    'def find(pool, name):\n    return pool.run(lambda cur: cur.execute("SELECT * FROM t WHERE name = " + name))\n',
  'a handler within the function that makes an application':
    'def application(app, db):\n    @app.route("/<name>")\n    def show(name):\n        return db.execute("SELECT * FROM t WHERE name = \'%s\'" % name)\n    return app\n',
  'a query by its keyword': find('cur.execute(statement="SELECT * FROM t WHERE a = " + name)'),
  'a query whose values are put in, and more behind it': find(
    'query = cur.mogrify("SELECT * FROM t WHERE a = %s", (name,))',
    'cur.execute(query + b" AND b = " + name)',
  ),
};

const SECURE: Record<string, string> = {
  'placeholder and tuple': find('cur.execute("SELECT * FROM users WHERE name = ?", (name,))'),
  'percent placeholder': find('cur.execute("SELECT * FROM users WHERE name = %s", (name,))'),
  'named placeholder': find(
    'cur.execute("SELECT * FROM users WHERE name = :name", {"name": name})',
  ),
  'a like pattern among the values': find(
    'cur.execute("SELECT * FROM users WHERE name LIKE ?", (f"%{name}%",))',
  ),
  'through a variable': find(
    'query = "SELECT * FROM users WHERE name = ?"',
    'cur.execute(query, (name,))',
  ),
  'placeholders for a list': find(
    'marks = ",".join("?" for _ in ids)',
    'cur.execute(f"SELECT * FROM users WHERE id IN ({marks})", tuple(ids))',
  ),
  'placeholders repeated': find(
    'marks = ", ".join(["?"] * len(ids))',
    'cur.execute("SELECT * FROM users WHERE id IN (" + marks + ")", ids)',
  ),
  'a number': find('cur.execute(f"SELECT * FROM users LIMIT {int(name)}")'),
  'a number format': find('cur.execute("SELECT * FROM users WHERE id = %d" % name)'),
  'an allowed name': find(
    'if table not in ("users", "groups"):',
    '    raise ValueError(table)',
    'cur.execute(f"SELECT * FROM {table} WHERE name = ?", (name,))',
  ),
  'an allowed name of the file': `ALLOWED = {"users", "groups"}\n${find('if table in ALLOWED:', '    cur.execute("SELECT * FROM " + table)', 'else:', '    cur.execute("SELECT 1")')}`,
  'an allowed name by dictionary': find(
    'columns = {"a": "name", "b": "age"}',
    'column = columns.get(table, "name")',
    'cur.execute(f"SELECT {column} FROM users")',
  ),
  executemany: find('cur.executemany("INSERT INTO users VALUES (?, ?)", ids)'),
  'a constant query': find('cur.execute("SELECT * FROM users")'),
  'text and conditions that are constant': find(
    'query = "SELECT * FROM users"',
    'params = []',
    'if name:',
    '    query += " WHERE name = ?"',
    '    params.append(name)',
    'cur.execute(query, params)',
  ),
  'the risky call in a comment and a string': find(
    '# cur.execute("SELECT " + name)',
    'note = "cur.execute(f\'{name}\')"',
    'cur.execute("SELECT ?", (note,))',
  ),
  'a context manager':
    'def find(conn, name):\n    with conn.cursor() as cur:\n        cur.execute("SELECT * FROM t WHERE a = %s", (name,))\n        return cur.fetchone()\n',
  'a function that is given to others':
    'def find(pool, name):\n    def work(cur):\n        cur.execute("SELECT * FROM t WHERE name = %s", (name,))\n    return pool.run(work)\n',
  'a query whose values are put in by the driver': find(
    'query = cur.mogrify("SELECT * FROM t WHERE a = %s", (name,))',
    'cur.execute(query)',
  ),
  'a name that the driver quotes':
    'from psycopg2 import sql\n\ndef find(cur, table):\n    cur.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))\n',
};

const OTHER: Record<string, string> = {
  'no query': 'def find(conn, name):\n    return name\n',
  'a query that something else builds':
    'from builder import build\n\ndef find(conn, name):\n    cur = conn.cursor()\n    cur.execute(build(name))\n    return cur.fetchall()\n',
};

describe('CWE-089', () => {
  it.each(Object.entries(INSECURE))('insecure: %s', (_, source) => check('insecure', source));
  it.each(Object.entries(SECURE))('secure: %s', (_, source) => check('secure', source));
  it.each(Object.entries(OTHER))('other: %s', (_, source) => check('other', source));
});
