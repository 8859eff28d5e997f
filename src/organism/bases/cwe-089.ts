// CWE-089, SQL injection. Decisions: f-string (2 bases), + (2), % (2) or str.format (1) against a
// placeholder; three of the pairs part in the middle of the query text.
import { type Base, lines } from './base.js';

const common = { cwe: 'CWE-089', language: 'python', prelude: 'import sqlite3\n\n\n' } as const;

const conn = ['conn', 'db', 'base'];
const fix = 'Use a placeholder.';
const intoText = '$key is put into the query text.';
const bound = '$key is bound to a placeholder.';
const constant = 'The query is constant.';
const number = '$key is made a number first.';
const besides = '$key is put into the text beside a placeholder.';

export const CWE_089: readonly Base[] = [
  {
    ...common,
    id: '089-user-login', // early
    signature: 'def $fn($conn, $key):',
    goal: 'return the id of the user called $key',
    pools: {
      fn: ['find_user', 'user_id', 'load_user', 'get_user', 'login_id', 'look_up_user'],
      conn,
      key: ['name', 'login', 'user', 'owner'],
    },
    api: { insecure: 'an f-string', secure: 'a placeholder' },
    insecure: {
      code: `return $conn.execute(f"SELECT id FROM users WHERE name = '{$key}'").fetchone()`,
      why: intoText,
    },
    secure: {
      code: 'return $conn.execute("SELECT id FROM users WHERE name = ?", ($key,)).fetchone()',
      why: bound,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: `return $conn.execute(f"SELECT id FROM users WHERE name = '{$key}' AND role = ?", ("user",)).fetchone()`,
          why: besides,
        },
        {
          code: `return $conn.execute("SELECT id FROM users WHERE role = ? AND name = '" + $key + "'", ("user",)).fetchone()`,
          why: besides,
        },
        {
          code: lines(
            'table = $key',
            'return $conn.execute(f"SELECT id FROM {table} WHERE role = ?", ("user",)).fetchone()',
          ),
          why: besides,
        },
      ],
      secure: [
        {
          code: 'return $conn.execute(f"SELECT id FROM users WHERE id = {int($key)}").fetchone()',
          why: number,
        },
        {
          code: lines(
            'table = "users"',
            'return $conn.execute(f"SELECT id FROM {table}").fetchone()',
          ),
          why: constant,
        },
        {
          code: 'return $conn.execute(f"SELECT id FROM users WHERE id = {int($key)} AND role = ?", ("user",)).fetchone()',
          why: number,
        },
      ],
    },
  },
  {
    ...common,
    id: '089-product-search', // middle
    signature: 'def $fn($conn, $key):',
    goal: 'return all items labelled $key',
    pools: {
      fn: ['search_items', 'find_items', 'list_items', 'items_by', 'match_items', 'get_items'],
      conn,
      key: ['label', 'word', 'item', 'tag', 'title'],
    },
    api: { insecure: 'an f-string', secure: 'a placeholder' },
    insecure: {
      code: lines(
        'cur = $conn.cursor()',
        `cur.execute(f"SELECT * FROM items WHERE label = '{$key}'")`,
        'return cur.fetchall()',
      ),
      why: intoText,
    },
    secure: {
      code: lines(
        'cur = $conn.cursor()',
        'cur.execute("SELECT * FROM items WHERE label = ?", ($key,))',
        'return cur.fetchall()',
      ),
      why: bound,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'cur = $conn.cursor()',
            `cur.execute(f"SELECT * FROM items WHERE label = '{$key}' AND kind = ?", ("book",))`,
            'return cur.fetchall()',
          ),
          why: besides,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            `cur.execute("SELECT * FROM items WHERE kind = ? AND label = '" + $key + "'", ("book",))`,
            'return cur.fetchall()',
          ),
          why: besides,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'table = $key',
            'cur.execute(f"SELECT * FROM {table} WHERE kind = ?", ("book",))',
            'return cur.fetchall()',
          ),
          why: besides,
        },
      ],
      secure: [
        {
          code: lines(
            'cur = $conn.cursor()',
            'cur.execute(f"SELECT * FROM items WHERE id = {int($key)}")',
            'return cur.fetchall()',
          ),
          why: number,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'table = "items"',
            'cur.execute(f"SELECT * FROM {table}")',
            'return cur.fetchall()',
          ),
          why: constant,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'cur.execute(f"SELECT * FROM items WHERE id = {int($key)} AND kind = ?", ("book",))',
            'return cur.fetchall()',
          ),
          why: number,
        },
      ],
    },
  },
  {
    ...common,
    id: '089-order-history', // middle
    signature: 'def $fn($conn, $key):',
    goal: 'return the orders of $key',
    pools: {
      fn: ['orders_of', 'list_orders', 'find_orders', 'order_ids', 'get_orders', 'past_orders'],
      conn,
      key: ['owner', 'user', 'name', 'login'],
    },
    api: { insecure: 'string concatenation', secure: 'a placeholder' },
    insecure: {
      code: lines(
        `sql = "SELECT id FROM orders WHERE owner = '" + $key + "'"`,
        'return $conn.execute(sql).fetchall()',
      ),
      why: intoText,
    },
    secure: {
      code: lines(
        'sql = "SELECT id FROM orders WHERE owner = ?"',
        'return $conn.execute(sql, ($key,)).fetchall()',
      ),
      why: bound,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            `sql = "SELECT id FROM orders WHERE state = ? AND owner = '" + $key + "'"`,
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: besides,
        },
        {
          code: lines(
            `sql = f"SELECT id FROM orders WHERE owner = '{$key}' AND state = ?"`,
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: besides,
        },
        {
          code: lines(
            'sql = "SELECT id FROM " + $key + " WHERE state = ?"',
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: besides,
        },
      ],
      secure: [
        {
          code: lines(
            'sql = "SELECT id FROM orders WHERE id = " + str(int($key))',
            'return $conn.execute(sql).fetchall()',
          ),
          why: number,
        },
        {
          code: lines('sql = "SELECT id " + "FROM orders"', 'return $conn.execute(sql).fetchall()'),
          why: constant,
        },
        {
          code: lines(
            'sql = "SELECT id FROM orders WHERE state = ? AND id = " + str(int($key))',
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: number,
        },
      ],
    },
  },
  {
    ...common,
    id: '089-end-session', // late
    signature: 'def $fn($conn, $key):',
    goal: 'delete the session with the token $key and commit',
    pools: {
      fn: ['end_session', 'log_out', 'drop_session', 'close_session', 'stop_session', 'sign_out'],
      conn,
      key: ['token', 'key', 'code', 'session'],
    },
    api: { insecure: 'string concatenation', secure: 'a placeholder' },
    insecure: {
      code: lines(
        'cur = $conn.cursor()',
        `cur.execute("DELETE FROM sessions WHERE token = '" + $key + "'")`,
        '$conn.commit()',
      ),
      why: intoText,
    },
    secure: {
      code: lines(
        'cur = $conn.cursor()',
        'cur.execute("DELETE FROM sessions WHERE token = ?", ($key,))',
        '$conn.commit()',
      ),
      why: bound,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'cur = $conn.cursor()',
            `cur.execute("DELETE FROM sessions WHERE kind = ? AND token = '" + $key + "'", ("web",))`,
            '$conn.commit()',
          ),
          why: besides,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            `cur.execute("DELETE FROM sessions WHERE token = '%s' AND kind = ?" % $key, ("web",))`,
            '$conn.commit()',
          ),
          why: besides,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'old = int("1")',
            `cur.execute("DELETE FROM sessions WHERE old = ? AND token = '" + $key + "'", (old,))`,
            '$conn.commit()',
          ),
          why: besides,
        },
      ],
      secure: [
        {
          code: lines(
            'cur = $conn.cursor()',
            'cur.execute("DELETE FROM sessions WHERE id = " + str(int($key)))',
            '$conn.commit()',
          ),
          why: number,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'cur.execute("DELETE FROM sessions " + "WHERE old = 1")',
            '$conn.commit()',
          ),
          why: constant,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'cur.execute("DELETE FROM sessions WHERE kind = ? AND id = " + str(int($key)), ("web",))',
            '$conn.commit()',
          ),
          why: number,
        },
      ],
    },
  },
  {
    ...common,
    id: '089-log-entry', // middle
    signature: 'def $fn($conn, $key):',
    goal: 'add $key to the logs',
    pools: {
      fn: ['log_entry', 'add_log', 'write_log', 'store_log', 'save_log', 'note_log'],
      conn,
      key: ['text', 'note', 'line', 'msg'],
    },
    api: { insecure: 'the % operator', secure: 'a placeholder' },
    insecure: {
      code: lines(
        `$conn.execute("INSERT INTO logs (text) VALUES ('%s')" % $key)`,
        '$conn.commit()',
      ),
      why: intoText,
    },
    secure: {
      code: lines('$conn.execute("INSERT INTO logs (text) VALUES (?)", ($key,))', '$conn.commit()'),
      why: bound,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            `$conn.execute("INSERT INTO logs (text, kind) VALUES ('%s', ?)" % $key, ("web",))`,
            '$conn.commit()',
          ),
          why: besides,
        },
        {
          code: lines(
            `$conn.execute("INSERT INTO logs (kind, text) VALUES (?, '" + $key + "')", ("web",))`,
            '$conn.commit()',
          ),
          why: besides,
        },
        {
          code: lines(
            'level = int("1")',
            `$conn.execute("INSERT INTO logs (text, level) VALUES ('%s', ?)" % $key, (level,))`,
            '$conn.commit()',
          ),
          why: besides,
        },
      ],
      secure: [
        {
          code: lines(
            '$conn.execute("INSERT INTO logs (text) VALUES (%d)" % int($key))',
            '$conn.commit()',
          ),
          why: number,
        },
        {
          code: lines(
            `$conn.execute("INSERT INTO logs (text) VALUES ('%s')" % "start")`,
            '$conn.commit()',
          ),
          why: constant,
        },
        {
          code: lines(
            '$conn.execute("INSERT INTO logs (text, kind) VALUES (%d, ?)" % int($key), ("web",))',
            '$conn.commit()',
          ),
          why: number,
        },
      ],
    },
  },
  {
    ...common,
    id: '089-admin-delete', // late
    signature: 'def $fn($conn, $key):',
    goal: 'delete the user called $key and return how many rows went',
    pools: {
      fn: ['delete_user', 'remove_user', 'drop_user', 'erase_user', 'purge_user', 'kick_user'],
      conn,
      key: ['name', 'login', 'user', 'owner'],
    },
    api: { insecure: 'the % operator', secure: 'a placeholder' },
    insecure: {
      code: lines(
        'cur = $conn.cursor()',
        `cur.execute("DELETE FROM users WHERE name = '%s'" % $key)`,
        'return cur.rowcount',
      ),
      why: intoText,
    },
    secure: {
      code: lines(
        'cur = $conn.cursor()',
        'cur.execute("DELETE FROM users WHERE name = ?", ($key,))',
        'return cur.rowcount',
      ),
      why: bound,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'cur = $conn.cursor()',
            `cur.execute("DELETE FROM users WHERE name = '%s' AND role = ?" % $key, ("user",))`,
            'return cur.rowcount',
          ),
          why: besides,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            `cur.execute(f"DELETE FROM users WHERE role = ? AND name = '{$key}'", ("user",))`,
            'return cur.rowcount',
          ),
          why: besides,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'old = int("1")',
            `cur.execute("DELETE FROM users WHERE name = '%s' AND old = ?" % $key, (old,))`,
            'return cur.rowcount',
          ),
          why: besides,
        },
      ],
      secure: [
        {
          code: lines(
            'cur = $conn.cursor()',
            'cur.execute("DELETE FROM users WHERE id = %d" % int($key))',
            'return cur.rowcount',
          ),
          why: number,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            `cur.execute("DELETE FROM users WHERE name = '%s'" % "guest")`,
            'return cur.rowcount',
          ),
          why: constant,
        },
        {
          code: lines(
            'cur = $conn.cursor()',
            'cur.execute("DELETE FROM users WHERE id = %d AND role = ?" % int($key), ("user",))',
            'return cur.rowcount',
          ),
          why: number,
        },
      ],
    },
  },
  {
    ...common,
    id: '089-report-filter', // middle
    signature: 'def $fn($conn, $key):',
    goal: 'return the reports of the kind $key',
    pools: {
      fn: [
        'filter_reports',
        'reports_by',
        'list_reports',
        'find_reports',
        'get_reports',
        'reports',
      ],
      conn,
      key: ['kind', 'label', 'title', 'tag', 'word'],
    },
    api: { insecure: 'str.format', secure: 'a placeholder' },
    insecure: {
      code: lines(
        `sql = "SELECT * FROM reports WHERE kind = '{}'".format($key)`,
        'return $conn.execute(sql).fetchall()',
      ),
      why: intoText,
    },
    secure: {
      code: lines(
        'sql = "SELECT * FROM reports WHERE kind = ?"',
        'return $conn.execute(sql, ($key,)).fetchall()',
      ),
      why: bound,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            `sql = "SELECT * FROM reports WHERE kind = '{}' AND state = ?".format($key)`,
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: besides,
        },
        {
          code: lines(
            `sql = "SELECT * FROM reports WHERE state = ? AND kind = '" + $key + "'"`,
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: besides,
        },
        {
          code: lines(
            'sql = "SELECT * FROM {} WHERE state = ?".format($key)',
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: besides,
        },
      ],
      secure: [
        {
          code: lines(
            'sql = "SELECT * FROM reports WHERE id = {}".format(int($key))',
            'return $conn.execute(sql).fetchall()',
          ),
          why: number,
        },
        {
          code: lines(
            'sql = "SELECT * FROM {}".format("reports")',
            'return $conn.execute(sql).fetchall()',
          ),
          why: constant,
        },
        {
          code: lines(
            'sql = "SELECT * FROM reports WHERE id = {} AND state = ?".format(int($key))',
            'return $conn.execute(sql, ("open",)).fetchall()',
          ),
          why: number,
        },
      ],
    },
  },
];
