import { examples } from './rule.js';
import { taintRule } from './taint.js';

export const sqlInjectionJavaScript = taintRule({
  id: 'sql-injection',
  cwe: 'CWE-089',
  title: 'SQL injection',
  severity: 'critical',
  catches:
    'Untrusted text that becomes part of the text of a query (mysql, pg, sqlite3, knex, sequelize, Prisma).',
  misses: 'Queries that are put together in another file.',
  remedy: 'Put placeholders into the query and give the values apart.',
  danger: 'runs a query built from',
  safe: 'runs a query that holds no untrusted text',
  tables: {
    javascript: {
      sinks: [
        {
          names:
            '.query .execute .raw .whereRaw .orderByRaw .$queryRawUnsafe .$executeRawUnsafe .prepare',
          // `{ text, values }` and `{ sql, values }` hold the query beside its values.
          select: ({ args: [query] }) =>
            query?.entries?.get('text') ??
            query?.entries?.get('sql') ??
            (query?.entries ? undefined : query),
        },
        {
          names: '.all .get .run .each .exec',
          when: ({ args: [query] }) =>
            /^\s*(?:select|insert|update|delete|replace|create|drop|alter|pragma|with)\b/i.test(
              query?.text ?? '',
            ),
        },
      ],
    },
  },
  cleaners: {
    javascript:
      'mysql.escape mysql2.escape mysql.escapeId sqlstring.escape .escapeLiteral .escapeIdentifier pg-format',
  },
  bad: examples(
    'javascript',
    'function find(db, name, done) {\n  db.query("SELECT * FROM users WHERE name = \'" + name + "\'", done);\n}\n',
    "app.get('/user', async (req, res) => {\n  const { id } = req.query;\n  const sql = `SELECT * FROM users WHERE id = ${id}`;\n  res.json(await pool.query(sql));\n});\n",
    "function find(db, ids) {\n  const list = ids.map((id) => `'${id}'`).join(',');\n  return db.all('SELECT * FROM users WHERE id IN (' + list + ')');\n}\n",
  ),
  good: examples(
    'javascript',
    "function find(db, name, done) {\n  db.query('SELECT * FROM users WHERE name = ?', [name], done);\n}\n",
    'function find(db, id) {\n  return db.query(`SELECT * FROM users WHERE id = ${Number(id)}`);\n}\n',
    "const COLUMNS = ['name', 'age'];\nfunction sorted(db, column) {\n  if (!COLUMNS.includes(column)) throw new Error('column');\n  return db.query('SELECT * FROM users ORDER BY ' + column);\n}\n",
  ),
});
