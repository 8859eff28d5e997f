// Speaks between the tests and the program, which live in two threads with nothing of JavaScript in
// common. Plain values cross by copy, so that they are made of the receiver's own objects; functions
// stay where they are and are called there. A call waits, serving what the other side asks meanwhile.
import { Buffer } from 'node:buffer';
import { isDeepStrictEqual, types } from 'node:util';
import { receiveMessageOnPort } from 'node:worker_threads';

const { getPrototypeOf, getOwnPropertyNames, getOwnPropertyDescriptor, defineProperty } = Object;
const { keys, prototype: objectPrototype } = Object;
const { add, load, notify, wait } = Atomics;
const { isArray } = Array;

/** Where the bell says that the program's thread has ended. */
export const ENDED = 2;

export class Peer {
  #port;
  #bell;
  #mine;
  #theirs;
  #exported = new Map();
  #ids = new WeakMap();
  #stubs = new WeakMap();
  #promises = new Map();
  #next = 1;

  /** @param bell Int32Array of three: messages for the tests, for the program, whether the program ended */
  constructor(port, bell, mine, theirs) {
    this.#port = port;
    this.#bell = bell;
    this.#mine = mine;
    this.#theirs = theirs;
    port.on('message', (message) => this.#receive(message));
  }

  /** What the other side returns, or throws, for a call of what it has exported as `id`. */
  call(id, args) {
    this.#send(['call', id, args.map((arg) => this.#encode(arg, []))]);
    for (;;) {
      const seen = load(this.#bell, this.#mine);
      const received = receiveMessageOnPort(this.#port);
      if (!received) {
        if (load(this.#bell, ENDED) === 1) throw new Error('the program has ended');
        wait(this.#bell, this.#mine, seen);
        continue;
      }
      const [kind, value, changed] = received.message;
      if (kind !== 'value' && kind !== 'thrown') {
        this.#receive(received.message);
        continue;
      }
      if (kind === 'thrown') throw this.#decode(value, args);
      for (const [at, now] of changed) overwrite(args[at], this.#decode(now, args));
      return this.#decode(value, args);
    }
  }

  /** Makes a function callable from the other side. @returns its id */
  export(call, self) {
    let id = this.#ids.get(call);
    if (id === undefined) {
      id = this.#next++;
      this.#ids.set(call, id);
      this.#exported.set(id, { call, self });
    }
    return id;
  }

  #send(message) {
    this.#port.postMessage(message);
    add(this.#bell, this.#theirs, 1);
    notify(this.#bell, this.#theirs);
  }

  #receive([kind, id, content, held]) {
    if (kind === 'call') this.#serve(id, content);
    if (kind === 'settled') {
      const waiting = this.#promises.get(id);
      this.#promises.delete(id);
      const value = this.#decode(content, []);
      if (held) waiting?.resolve(value);
      else waiting?.reject(value);
    }
  }

  #serve(id, coded) {
    const { call, self } = this.#exported.get(id);
    const args = coded.map((arg) => this.#decode(arg, []));
    const before = args.map((arg) => this.#encode(arg, []));
    let answer;
    try {
      const value = Reflect.apply(call, self, args);
      const changed = args.flatMap((arg, at) => {
        const now = this.#encode(arg, []);
        return isDeepStrictEqual(now, before[at]) ? [] : [[at, now]];
      });
      answer = ['value', this.#encode(value, args), changed];
    } catch (thrown) {
      answer = ['thrown', this.#encode(thrown, [])];
    }
    this.#send(answer);
  }

  /** @param args what the other side gave: it gets the same back, not a copy */
  #encode(value, args, within = []) {
    if (typeof value === 'symbol') return { plain: undefined };
    if (typeof value === 'function') {
      const theirs = this.#stubs.get(value);
      return theirs === undefined ? { ours: this.export(value, within.at(-1)) } : { yours: theirs };
    }
    if (typeof value !== 'object' || value === null) return { plain: value };
    if (args.includes(value)) return { argument: args.indexOf(value) };
    if (types.isPromise(value)) return this.#promise(value);
    if (Buffer.isBuffer(value)) return { bytes: new Uint8Array(value) };
    if (types.isNativeError(value)) return { error: describe(value) };
    if (types.isDate(value) || types.isRegExp(value) || types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) {
      return { plain: value };
    }
    if (within.includes(value)) throw new TypeError('a value that holds itself cannot cross');
    const inside = [...within, value];
    const inner = (part) => this.#encode(part, args, inside);
    if (isArray(value)) return { array: value.map(inner) };
    if (types.isMap(value)) return { map: [...value].map(([k, v]) => [inner(k), inner(v)]) };
    if (types.isSet(value)) return { set: [...value].map(inner) };
    const prototype = getPrototypeOf(value);
    const names = [...keys(value), ...methodsOf(prototype)];
    return { object: names.map((name) => [name, inner(value[name])]), bare: prototype === null };
  }

  #promise(promise) {
    const id = this.#next++;
    promise.then(
      (value) => this.#send(['settled', id, this.#encode(value, []), true]),
      (reason) => this.#send(['settled', id, this.#encode(reason, []), false]),
    );
    return { promise: id };
  }

  #decode(coded, args) {
    const [[kind, content]] = Object.entries(coded);
    const inner = (part) => this.#decode(part, args);
    switch (kind) {
      case 'plain':
        return content;
      case 'argument':
        return args[content];
      case 'bytes':
        return Buffer.from(content);
      case 'error':
        return rebuilt(content);
      case 'yours':
        return this.#exported.get(content).call;
      case 'ours':
        return this.#stub(content);
      case 'promise':
        return new Promise((resolve, reject) => this.#promises.set(content, { resolve, reject }));
      case 'array':
        return content.map(inner);
      case 'map':
        return new Map(content.map(([k, v]) => [inner(k), inner(v)]));
      case 'set':
        return new Set(content.map(inner));
      case 'object': {
        const made = coded.bare ? Object.create(null) : {};
        for (const [name, part] of content) own(made, name, inner(part));
        return made;
      }
      default:
        throw new TypeError('a message is malformed');
    }
  }

  #stub(id) {
    const stub = (...args) => this.call(id, args);
    this.#stubs.set(stub, id);
    return stub;
  }
}

/** Also a property called `__proto__`. */
const own = (object, name, value) =>
  defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });

/** Methods that an object has from its class. */
function methodsOf(prototype) {
  if (prototype === null || prototype === objectPrototype) return [];
  const names = getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && typeof getOwnPropertyDescriptor(prototype, name).value === 'function',
  );
  return [...names, ...methodsOf(getPrototypeOf(prototype))];
}

const NATIVE = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

const describe = (error) => ({
  name: String(error.name),
  message: String(error.message),
  code: typeof error.code === 'string' ? error.code : undefined,
});

function rebuilt({ name, message, code }) {
  const made = new (Object.hasOwn(NATIVE, name) ? NATIVE[name] : Error)(message);
  if (made.name !== name) own(made, 'name', name);
  if (code !== undefined) own(made, 'code', code);
  return made;
}

/** What the other side has done in place to something that crossed by copy. */
function overwrite(old, now) {
  if (isArray(old)) old.splice(0, old.length, ...now);
  else if (types.isMap(old) || types.isSet(old)) {
    old.clear();
    for (const entry of now) types.isMap(old) ? old.set(...entry) : old.add(entry);
  } else if (typeof old === 'object' && old !== null && typeof now === 'object') {
    for (const name of keys(old)) if (!Object.hasOwn(now, name)) delete old[name];
    for (const name of keys(now)) own(old, name, now[name]);
  }
}
