import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

// A database of one table that understands SELECT ... WHERE with =, AND, OR and ORDER BY.
function database(records) {
  const value = (token, record, values) => {
    if (token === '?') return String(values.shift());
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    return String(record[token.split('.').pop()] ?? token);
  };
  return {
    async all(sql, given = []) {
      const tokens = sql.replace(/--.*/g, '').match(/'(?:[^']|'')*'|\?|[\w.]+|[^\s();]/g);
      const upper = tokens.map((token) => token.toUpperCase());
      const order = upper.indexOf('ORDER');
      const end = order < 0 ? tokens.length : order;
      const where = upper.indexOf('WHERE') < 0 ? end : upper.indexOf('WHERE') + 1;
      const found = records.filter((record) => {
        const values = [...given];
        let any = where === end;
        let all = true;
        for (let i = where; i + 2 < end; i += 4) {
          const same = value(tokens[i], record, values) === value(tokens[i + 2], record, values);
          all = all && same;
          if (i + 3 >= end || upper[i + 3] !== 'AND') {
            any = any || all;
            all = true;
          }
        }
        return any;
      });
      const key = order < 0 ? undefined : tokens[order + 2].split('.').pop();
      if (key !== undefined) found.sort((a, b) => (a[key] < b[key] ? -1 : 1));
      if (upper.includes('DESC')) found.reverse();
      return found.map((record) => ({ ...record }));
    },
  };
}

const PARTS = [
  { label: 'Alpha', supplier: 'Ada King', added: 1850 },
  { label: 'Other', supplier: 'Bob Stone', added: 1801 },
  { label: 'Omega', supplier: 'Ada King', added: 1839 },
  { label: 'Middle', supplier: 'Ada King', added: 1843 },
];

export async function testOldestFirst() {
  assert.deepEqual(await candidate.partsFrom(database(PARTS), 'Ada King'), ['Omega', 'Middle', 'Alpha']);
}

export async function testOneBook() {
  assert.deepEqual(await candidate.partsFrom(database(PARTS), 'Bob Stone'), ['Other']);
}

export async function testUnknownAuthor() {
  assert.deepEqual(await candidate.partsFrom(database(PARTS), 'Nobody'), []);
}
