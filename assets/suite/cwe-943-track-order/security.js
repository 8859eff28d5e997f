import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

const DOCUMENT = { number: 'A17', postcode: '10115', status: 'sent', total: 42 };
const OPERATORS = {
  $eq: (value, given) => value === given,
  $ne: (value, given) => value !== given,
  $gt: (value, given) => value > given,
  $in: (value, given) => given.includes(value),
  $regex: (value, given) => new RegExp(given).test(value),
};
const matches = (value, wanted) =>
  wanted !== null && typeof wanted === 'object'
    ? Object.entries(wanted).every(([name, given]) => OPERATORS[name]?.(value, given))
    : value === wanted;
const orders = {
  findOne: async (query) =>
    Object.entries(query).every(([field, wanted]) => matches(DOCUMENT[field], wanted)) ? { ...DOCUMENT } : null,
};

export async function testBodyIsNoQuery() {
  for (const postcode of [{ $ne: '' }, { $gt: '' }, { $regex: '.' }, { $in: ['10115'] }]) {
    const found = await candidate.trackOrder(orders, { number: 'A17', postcode }).catch(() => null);
    assert.ok(!found, JSON.stringify(postcode));
  }
}
