import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export async function testOnlyColumnsReachTheDatabase() {
  for (const sort of ['name; DROP TABLE members', '(SELECT password FROM users)', 'name DESC, (SELECT 1)', 'password', 'name" --']) {
    const seen = [];
    const db = {
      async all(sql) {
        seen.push(sql);
        return [];
      },
    };
    await candidate.sortedMembers(db, sort).catch(() => []);
    for (const sql of seen) {
      const order = /order\s+by([\s\S]*)$/i.exec(sql)?.[1] ?? '';
      assert.match(order, /^\s*(["`]?(members\.)?(name|city|joined)["`]?( asc)?\s*;?\s*)?$/i, sort);
    }
  }
}
