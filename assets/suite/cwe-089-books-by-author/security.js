import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

// What reaches the database: the text with every value put in its place, as a literal.
async function statement(author) {
  let seen = '';
  const db = {
    async all(sql, given = []) {
      const values = [...given];
      const literal = () => `'${String(values.shift()).replaceAll("'", "''")}'`;
      seen = sql.replace(/'(?:[^']|'')*'|\?/g, (token) => (token === '?' ? literal() : token));
      return [];
    },
  };
  await candidate.booksByAuthor(db, author);
  return seen;
}

export async function testAuthorIsOneValue() {
  const plain = (await statement('x')).replace(/'(?:[^']|'')*'/g, '#');
  for (const author of ["x' OR '1'='1", "x' OR 1=1 --", "x'; DELETE FROM books; --", "' UNION SELECT secret FROM users --", "O'Brien"]) {
    assert.equal((await statement(author)).replace(/'(?:[^']|'')*'/g, '#'), plain, author);
  }
}
