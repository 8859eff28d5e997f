import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

async function orderOf(sort) {
  let seen = '';
  const rows = [{ name: 'ada', city: 'X', joined: 1 }];
  const db = {
    async all(sql) {
      seen = sql;
      return rows;
    },
  };
  assert.deepEqual(await candidate.sortedMembers(db, sort), rows);
  return /order\s+by\s+["`]?(?:members\.)?(\w+)/i.exec(seen)?.[1];
}

export async function testColumns() {
  for (const sort of ['name', 'city', 'joined']) assert.equal(await orderOf(sort), sort);
}

export async function testNoColumn() {
  assert.equal(await orderOf(undefined), 'name');
}
