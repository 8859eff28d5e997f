import type { PythonRule } from './flow-python.js';

const SINKS = new Set([
  '.execute',
  '.executemany',
  '.executescript',
  '.read_sql',
  '.read_sql_query',
  '.raw',
  // Gives the text that another call is to run.
  '.mogrify',
]);
/** CWE-089, SQL injection: the text of a query is the program's own, values go in as parameters. */
export const sqlInjection: PythonRule = {
  call({ name, args, keywords }) {
    // Also of a connection that lies outside of the function: `cur.execute`, `g.db.execute`.
    if (!SINKS.has(name.slice(Math.max(0, name.lastIndexOf('.'))))) return undefined;
    const query =
      args[0] ??
      ['sql', 'query', 'operation', 'statement'].flatMap((name) => keywords.get(name) ?? [])[0];
    if (!query) return undefined;
    const what = name.replace(/^\./, '');
    switch (query.taint.sql) {
      case 2:
        return { status: 'unsafe', reason: `${what} runs a query built from untrusted data` };
      case 1:
        return { status: 'unknown', reason: `where the query of ${what} comes from is not known` };
      default:
        return { status: 'safe', reason: `the query of ${what} holds no untrusted text` };
    }
  },
};
