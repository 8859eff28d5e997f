// The parent's end of an engine's process; `serve.js` is the other.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TORCH = 'torch_engine.py';
/** Pythons that may have PyTorch: the user's, and the one that the system's packages are for. */
const PYTHONS = ['python3', '/usr/bin/python3'];

/** An engine in a process of its own. */
export class Engine {
  #child;
  #ended;
  #answers;

  /**
   * @param {string} command @param {string} script
   * @param {{ env?: Record<string, string>, prints?: 'ignore' | 2 }} [options] what it prints goes to stderr
   */
  constructor(command, script, { env = {}, prints = 2 } = {}) {
    this.#child = spawn(command, [fileURLToPath(new URL(script, import.meta.url))], {
      stdio: ['pipe', prints, prints, 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', resolve).once('error', resolve);
    });
    this.#child.stdin?.on('error', () => {}); // the next answer tells that it has ended
    const channel = /** @type {import('node:stream').Readable} */ (this.#child.stdio[3]);
    this.#answers = createInterface({ input: channel })[Symbol.asyncIterator]();
  }

  /** @param {string} cache where it keeps what it makes of checkpoints */
  static suture(cache) {
    return new Engine(process.execPath, 'suture.js', { env: { SUTURE_CACHE: cache } });
  }

  static llama() {
    return new Engine(process.execPath, 'llama.js');
  }

  /** @param {string} python */
  static torch(python) {
    // Threads of OpenMP that wait by spinning take the cores from those of OpenBLAS: a quarter of the speed.
    return new Engine(python, TORCH, { env: { OMP_WAIT_POLICY: 'passive' } });
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  async call(method, params = {}) {
    this.#child.stdin?.write(`${JSON.stringify({ method, params })}\n`);
    const { value: line, done } = await this.#answers.next();
    if (done) throw new Error(`its process ended with ${await this.#ended}`);
    const { value, error } = JSON.parse(line);
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** Gibibytes that the process has had at most. */
  async memory() {
    return (await this.call('memory')) / 2 ** 30;
  }

  async close() {
    this.#child.stdin?.end();
    await this.#ended;
  }
}

/** The first Python that has PyTorch, and which PyTorch it is; nothing where there is none. */
export async function findTorch() {
  for (const python of PYTHONS) {
    const engine = new Engine(python, TORCH, { prints: 'ignore' });
    try {
      return { python, version: await engine.call('version') };
    } catch {
      // No such Python, or one without PyTorch: the next may have it.
    } finally {
      await engine.close();
    }
  }
  return undefined;
}
