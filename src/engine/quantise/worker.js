// A worker thread that rounds weights; `rounders.ts` is its other end.
import { parentPort } from 'node:worker_threads';
import { quantiseRows } from './rounding.js';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

port.on('message', (/** @type {import('./rounders.js').Task} */ { id, values, k, format }) => {
  const result = quantiseRows(values, k, format);
  const transfer = result ? [result.codes.buffer, result.scales.buffer, result.zeros.buffer] : [];
  port.postMessage({ id, result }, /** @type {ArrayBuffer[]} */ (transfer));
});
