// The worker thread that owns ONNX Runtime. `run` blocks its thread, so nothing else lives here but
// what must lie beside it: sessions, and buffers that stay from one run to the next (weights under
// training, key-value caches), which are fed without a copy. `device.ts` is its other end.
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';

/**
 * @typedef {import('./device.js').Request} Request
 * @typedef {import('./device.js').DeviceTensor} DeviceTensor
 */

/** @type {Map<number, ort.InferenceSession>} */
const sessions = new Map();
/** @type {Map<string, DeviceTensor>} */
const buffers = new Map();
let nextSession = 1;

const ORT_TYPE = /** @type {const} */ ({ f32: 'float32', i64: 'int64', bool: 'bool' });

/** @param {string} name */
function buffer(name) {
  const found = buffers.get(name);
  if (!found) throw new Error(`there is no buffer called ${name}`);
  return found;
}

/** @param {import('./device.js').Feed} feed */
function toOrt(feed) {
  const { dtype, dims, data } = 'buffer' in feed ? buffer(feed.buffer) : feed;
  return new ort.Tensor(ORT_TYPE[dtype], /** @type {any} */ (data), dims);
}

/**
 * Writes new keys or values [kv, b, s, hd] into rows of a buffer [kv, rows, capacity, hd].
 * @param {Float32Array} data
 * @param {readonly number[]} dims
 * @param {import('./device.js').Append} append
 */
function appendTo(data, dims, { into, rows, at, counts, capacity }) {
  const [kv, b, s, hd] = /** @type {[number, number, number, number]} */ (dims);
  const { data: target, dims: whole } = withCapacity(into, capacity);
  const all = /** @type {number} */ (whole[1]);
  for (const [i, row] of rows.entries()) {
    const count = /** @type {number} */ (counts[i]) * hd;
    for (let head = 0; head < kv; head++) {
      const from = (head * b + i) * s * hd;
      const to = ((head * all + row) * capacity + /** @type {number} */ (at[i])) * hd;
      /** @type {Float32Array} */ (target).set(data.subarray(from, from + count), to);
    }
  }
}

/**
 * A buffer [kv, b, capacity, hd] made over: other rows, another capacity.
 * @param {DeviceTensor} old
 * @param {readonly number[]} rows which old row each new row is a copy of
 * @param {number} capacity
 * @returns {DeviceTensor}
 */
function rearrange(old, rows, capacity) {
  const [kv, , , hd] = /** @type {[number, number, number, number]} */ (old.dims);
  const dims = [kv, rows.length, capacity, hd];
  const data = new Float32Array(kv * rows.length * capacity * hd);
  const made = /** @type {DeviceTensor} */ ({ dtype: 'f32', dims, data });
  copyRows(
    old,
    made,
    rows.map((from, into) => ({ from, into })),
  );
  return made;
}

/**
 * A key-value buffer, made larger if it has to be.
 * @param {string} name
 * @param {number} capacity
 */
function withCapacity(name, capacity) {
  const old = buffer(name);
  if (old.dims[2] === capacity) return old;
  const rows = Array.from({ length: /** @type {number} */ (old.dims[1]) }, (_, row) => row);
  const larger = rearrange(old, rows, capacity);
  buffers.set(name, larger);
  return larger;
}

/**
 * Copies rows of one buffer [kv, b, capacity, hd] into another, as far as both capacities go.
 * @param {DeviceTensor} source
 * @param {DeviceTensor} target
 * @param {readonly { from: number, into: number }[]} pairs
 */
function copyRows(source, target, pairs) {
  const [kv, rowsFrom, from, hd] = /** @type {[number, number, number, number]} */ (source.dims);
  const [, rowsInto, into] = /** @type {[number, number, number, number]} */ (target.dims);
  const slots = Math.min(from, into) * hd;
  for (const pair of pairs) {
    for (let head = 0; head < kv; head++) {
      const start = (head * rowsFrom + pair.from) * from * hd;
      const row = /** @type {Float32Array} */ (source.data).subarray(start, start + slots);
      /** @type {Float32Array} */ (target.data).set(row, (head * rowsInto + pair.into) * into * hd);
    }
  }
}

/** @type {{ [K in Request['type']]: (request: Extract<Request, { type: K }>) => Promise<unknown> }} */
const handlers = {
  async load({ bytes, options }) {
    const session = await ort.InferenceSession.create(bytes, options);
    sessions.set(nextSession, session);
    return nextSession++;
  },
  async unload({ session }) {
    await sessions.get(session)?.release();
    sessions.delete(session);
  },
  async run({ session, feeds, fetch, keep, appends }) {
    const found = sessions.get(session);
    if (!found) throw new Error(`there is no session ${session}`);
    const names = [...fetch, ...Object.keys(keep), ...appends.map(({ output }) => output)];
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, f]) => [name, toOrt(f)]));
    const results = await found.run(inputs, names);
    /** @param {string} name */
    const result = (name) => {
      const { dims, data } = /** @type {ort.Tensor} */ (results[name]);
      return { dims, data: /** @type {Float32Array} */ (data) };
    };
    for (const append of appends) {
      const { dims, data } = result(append.output);
      appendTo(data, dims, append);
    }
    for (const [output, name] of Object.entries(keep)) {
      buffers.set(name, { dtype: 'f32', ...result(output) });
    }
    return fetch.map((name) => result(name));
  },
  async put({ name, tensor }) {
    buffers.set(name, tensor);
  },
  async read({ name }) {
    return buffer(name);
  },
  async allocate({ names, dims }) {
    const size = dims.reduce((a, b) => a * b, 1);
    for (const name of names) {
      buffers.set(name, { dtype: 'f32', dims, data: new Float32Array(size) });
    }
  },
  async rearrange({ names, rows, capacity }) {
    for (const name of names) buffers.set(name, rearrange(buffer(name), rows, capacity));
  },
  async copyRows({ from, into, pairs, capacity }) {
    for (const [i, name] of into.entries()) {
      copyRows(buffer(/** @type {string} */ (from[i])), withCapacity(name, capacity), pairs);
    }
  },
  async drop({ names }) {
    for (const name of names) buffers.delete(name);
  },
};

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
/** @param {Request & { id: number }} request */
async function serve(request) {
  try {
    const value = await /** @type {any} */ (handlers)[request.type](request);
    // Outputs are handed over, not copied; what stays in a buffer must be copied.
    const transfer =
      request.type === 'run' ? value.map((/** @type {DeviceTensor} */ t) => t.data.buffer) : [];
    port.postMessage({ id: request.id, value }, [...new Set(transfer)]);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    port.postMessage({ id: request.id, error: message });
  }
}

// One after the other: ONNX Runtime begins a run later than it is asked to, and what the run needs
// must not be released before.
let turn = Promise.resolve();
port.on('message', (request) => {
  turn = turn.then(() => serve(request));
});
