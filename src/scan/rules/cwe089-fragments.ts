import type { Call } from '../dataflow/index.js';
import { HOLE } from '../dataflow/index.js';
import { statementOf } from './cwe089-wrappers.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

/** Part of a condition that a text was put into. */
const CONDITION = new RegExp(`(?:[=<>]|\\b(?:like|in|between))\\s*\\(?\\s*['"%]*${HOLE}`, 'i');

/** Whole statements are judged by a rule of their own. */
const isFragment = (call: Call): boolean => statementOf(call) === undefined;

export const sqlFragmentsPython = taintRule({
  id: 'sql-injection-fragments',
  cwe: 'CWE-089',
  title: 'SQL injection through a part of a query',
  severity: 'high',
  catches:
    "Untrusted text in parts of queries: Django's `extra` and `RawSQL`, SQLAlchemy's `text` and `literal_column`, peewee's `SQL`, `copy_expert`, and conditions as text in `where`, `having`, `filter`, `order_by`, `group_by`.",
  misses:
    'Parts of queries that other libraries take, and columns that are named by untrusted text.',
  remedy:
    'Leave a placeholder in the text and give the value apart (`params`, `bindparams`), or use the objects of the library.',
  danger: 'is given a part of a query built from',
  safe: 'is given a part of a query that holds no untrusted text',
  tables: {
    python: {
      sinks: [
        {
          names: '.extra',
          arguments: [0, 1, 3, 4],
          keywords: ['select', 'where', 'tables', 'order_by'],
        },
        {
          names:
            'django.db.models.RawSQL django.db.models.expressions.RawSQL peewee.SQL playhouse.peewee.SQL sqlalchemy.text sqlalchemy.sql.text sqlalchemy.sql.expression.text sqlalchemy.literal_column sqlalchemy.sql.literal_column sqlalchemy.sql.expression.literal_column .copy_expert',
          keywords: ['sql', 'text'],
          when: isFragment,
        },
        {
          names: '.where .having .filter .order_by .group_by',
          select: ({ args }) => args.find(({ text }) => CONDITION.test(text ?? '')),
          when: isFragment,
        },
        {
          names: '.select .update .delete',
          select: ({ keywords }) => {
            const where = keywords.get('where');
            return CONDITION.test(where?.text ?? '') ? where : undefined;
          },
          when: isFragment,
        },
      ],
    },
  },
  bad: examples(
    'python',
    'def find(request):\n    name = request.GET["name"]\n    return User.objects.extra(where=["name = \'%s\'" % name])\n',
    'from django.db.models.expressions import RawSQL\n\ndef find(key):\n    return User.objects.annotate(rank=RawSQL("ranks ->> \'" + key + "\'", []))\n',
    'from sqlalchemy import text\n\ndef find(session, column):\n    return session.query(User).order_by(text(column)).all()\n',
    'from sqlalchemy import literal_column\n\ndef find(session, column):\n    return session.query(literal_column(column)).all()\n',
    'from peewee import SQL\n\ndef find(name):\n    return User.select().where(SQL(f"name = \'{name}\'"))\n',
    'def find(query, least):\n    return query.having("count(*) > %s" % least)\n',
    'def find(db, name):\n    return db.select("users", where="name = \'" + name + "\'")\n',
    'def dump(cursor, name, file):\n    cursor.copy_expert("COPY (SELECT * FROM users WHERE name = \'" + name + "\') TO STDOUT", file)\n',
  ),
  good: examples(
    'python',
    'def find(request):\n    return User.objects.extra(where=["name = %s"], params=[request.GET["name"]])\n',
    'from django.db.models.expressions import RawSQL\n\ndef find(key):\n    return User.objects.annotate(rank=RawSQL("ranks ->> %s", (key,)))\n',
    'from sqlalchemy import text\n\ndef find(session, name):\n    return session.query(User).filter(text("name = :name").bindparams(name=name)).all()\n',
    'from peewee import SQL\n\ndef find(name):\n    return User.select().where(SQL("name = %s", (name,)))\n',
    'def find(query, least):\n    return query.having("count(*) > %s" % int(least))\n',
    'def find(db, age):\n    return db.select("users", where="age > " + str(int(age)))\n',
  ),
});
