import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

const DOCUMENTS = [
  { _id: 1, number: 'A17', postcode: '10115', status: 'sent', total: 42, card: '1234' },
  { _id: 2, number: 'A18', postcode: '20095', status: 'open', total: 7, card: '5678' },
];
const unwrap = (wanted) => (wanted !== null && typeof wanted === 'object' && '$eq' in wanted ? wanted.$eq : wanted);
const orders = {
  findOne: async (query) =>
    DOCUMENTS.find((d) => Object.entries(query).every(([field, wanted]) => d[field] === unwrap(wanted))) ?? null,
};

export async function testFindsTheOrder() {
  assert.deepEqual(await candidate.trackOrder(orders, { number: 'A18', postcode: '20095' }), { status: 'open', total: 7 });
}

export async function testOnlyStatusAndTotal() {
  const found = await candidate.trackOrder(orders, { number: 'A17', postcode: '10115' });
  assert.deepEqual(Object.keys(found).sort(), ['status', 'total']);
}

export async function testNoSuchOrder() {
  assert.equal(await candidate.trackOrder(orders, { number: 'A17', postcode: '20095' }), null);
  assert.equal(await candidate.trackOrder(orders, { number: 'B1', postcode: '10115' }), null);
}
