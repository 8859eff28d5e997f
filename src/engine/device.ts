import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import { messageOf, SutureError } from '../core/index.js';
import { add, Graph, serialize } from '../graph/index.js';

/** A tensor on its way to or from the worker. */
export type DeviceTensor =
  | { dtype: 'f32'; dims: readonly number[]; data: Float32Array }
  | { dtype: 'i64'; dims: readonly number[]; data: BigInt64Array }
  | { dtype: 'bool'; dims: readonly number[]; data: Uint8Array };

/** What an input of a graph is fed: a tensor, or a buffer that lives in the worker. */
export type Feed = DeviceTensor | { buffer: string };

/** New keys or values, an output [n_kv_heads, b, s, head_dim], to be written into a buffer. */
export interface Append {
  output: string;
  /** A buffer [n_kv_heads, rows, capacity, head_dim]. */
  into: string;
  /** For each of the b rows of the output: the row of the buffer that it continues, */
  rows: readonly number[];
  /** the first free slot there, */
  at: readonly number[];
  /** and how many of the s new slots are real. */
  counts: readonly number[];
  /** What the buffer's capacity must be: it is made larger where it is not. */
  capacity: number;
}

export interface RunOptions {
  /** Outputs to be returned. */
  fetch?: readonly string[];
  /** Outputs to be kept in the worker: output -> buffer name. Their old content is replaced. */
  keep?: Record<string, string>;
  appends?: readonly Append[];
}

export type Request =
  | { type: 'load'; bytes: Uint8Array; options: InferenceSession.SessionOptions }
  | { type: 'unload'; session: number }
  | {
      type: 'run';
      session: number;
      feeds: Record<string, Feed>;
      fetch: readonly string[];
      keep: Record<string, string>;
      appends: readonly Append[];
    }
  | { type: 'put'; name: string; tensor: DeviceTensor }
  | { type: 'read'; name: string }
  | { type: 'allocate'; names: readonly string[]; dims: readonly number[] }
  | { type: 'rearrange'; names: readonly string[]; rows: readonly number[]; capacity: number }
  | {
      type: 'copyRows';
      from: readonly string[];
      into: readonly string[];
      pairs: readonly { from: number; into: number }[];
      capacity: number;
    }
  | { type: 'drop'; names: readonly string[] };

/** What ONNX Runtime can compute on, by the names of its providers. `cpu` is the reference. */
export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'directml', 'coreml'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** ONNX Runtime's own names, and what each provider needs. */
const PROVIDER: Record<Provider, { name: string; needs: string }> = {
  cpu: { name: 'cpu', needs: '' },
  webgpu: { name: 'webgpu', needs: 'a GPU with a Vulkan, Metal or Direct3D 12 driver' },
  cuda: {
    name: 'cuda',
    needs:
      "an NVIDIA GPU, CUDA 12 and ONNX Runtime's CUDA libraries, which are not installed by default: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node",
  },
  directml: { name: 'dml', needs: 'Windows and a GPU with DirectX 12' },
  coreml: { name: 'coreml', needs: 'macOS on Apple silicon' },
};

const CLOSED = 'The engine has been closed.';

export interface DeviceOptions {
  /** Defaults to `cpu`. What a GPU cannot compute falls back to the CPU. */
  provider?: Provider;
  /** Threads of ONNX Runtime. Defaults to the number of cores, at most 8. */
  threads?: number;
}

/**
 * ONNX Runtime in a worker thread, with buffers that stay there.
 *
 * The worker keeps the process alive only while a request is pending.
 */
export class Device {
  readonly threads: number;
  readonly provider: Provider;
  /**
   * Slots that a cache of keys and values has at least, though none be filled: the kernels for
   * GPUs crash on products with an empty inner dimension.
   */
  readonly leastSlots: 0 | 1;
  readonly #worker: Worker;
  readonly #pending = new Map<
    number,
    { resolve(value: unknown): void; reject(e: unknown): void }
  >();
  #nextId = 1;
  #failure: SutureError | undefined;

  constructor(options: DeviceOptions = {}) {
    const { provider = 'cpu', threads = Math.min(availableParallelism(), 8) } = options;
    this.provider = provider;
    this.leastSlots = provider === 'cpu' ? 0 : 1;
    this.threads = threads;
    this.#worker = new Worker(new URL('./device-worker.js', import.meta.url));
    this.#worker.on('message', ({ id, value, error }) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#worker.unref();
      if (error === undefined) pending?.resolve(value);
      else pending?.reject(new SutureError('ENGINE', `ONNX Runtime: ${error}`));
    });
    const fail = (reason: string) => {
      this.#failure = new SutureError('ENGINE', reason);
      for (const { reject } of this.#pending.values()) reject(this.#failure);
      this.#pending.clear();
    };
    this.#worker.on('error', (thrown) => fail(`The engine's thread failed: ${messageOf(thrown)}`));
    this.#worker.on('exit', () => fail(CLOSED));
    this.#worker.unref();
  }

  /**
   * A device whose provider is known to work here.
   * @throws {SutureError} UNSUPPORTED, with what the provider needs, where it does not
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    const device = new Device(options);
    if (device.provider === 'cpu') return device;
    const graph = new Graph();
    graph.output('y', add(graph.input('x', 'f32', [1]), graph.scalar(1)));
    try {
      await device.load(serialize(graph));
      return device;
    } catch (thrown) {
      await device.close();
      throw new SutureError(
        'UNSUPPORTED',
        `The device "${device.provider}" does not work here. It needs ${PROVIDER[device.provider].needs}. Without it, use "cpu". (${messageOf(thrown).split(' was false. ').at(-1)!.trim()})`,
        { cause: thrown },
      );
    }
  }

  /** Makes a session of a serialised graph. Weights in files are named by their absolute path. */
  load(bytes: Uint8Array, extra: Record<string, string> = {}): Promise<number> {
    const options: InferenceSession.SessionOptions = {
      executionProviders: [...new Set([PROVIDER[this.provider].name, 'cpu'])],
      intraOpNumThreads: this.threads,
      logSeverityLevel: 3,
      extra: {
        session: {
          model_external_initializers_file_folder_path: '/',
          set_denormal_as_zero: '1',
          force_spinning_stop: '1',
          ...extra,
        },
      },
    };
    return this.#request({ type: 'load', bytes, options }) as Promise<number>;
  }

  async unload(session: number): Promise<void> {
    await this.#request({ type: 'unload', session });
  }

  /** Runs a session; returns the fetched outputs in their order. */
  async run(
    session: number,
    feeds: Record<string, Feed>,
    { fetch = [], keep = {}, appends = [] }: RunOptions,
  ): Promise<{ dims: number[]; data: Float32Array }[]> {
    const request = { type: 'run', session, feeds, fetch, keep, appends } as const;
    return (await this.#request(request)) as { dims: number[]; data: Float32Array }[];
  }

  /** Puts a tensor into a buffer. */
  async put(name: string, tensor: DeviceTensor): Promise<void> {
    await this.#request({ type: 'put', name, tensor });
  }

  /** A copy of a buffer. */
  async read(name: string): Promise<DeviceTensor> {
    return (await this.#request({ type: 'read', name })) as DeviceTensor;
  }

  /** Makes buffers of zeros. */
  async allocate(names: readonly string[], dims: readonly number[]): Promise<void> {
    await this.#request({ type: 'allocate', names, dims });
  }

  /** Makes key-value buffers over: `rows[i]` is the old row that new row i copies. */
  async rearrange(names: readonly string[], rows: readonly number[], capacity: number) {
    await this.#request({ type: 'rearrange', names, rows, capacity });
  }

  /** Copies rows of key-value buffers into rows of others, whose capacity is to be `capacity`. */
  async copyRows(
    from: readonly string[],
    into: readonly string[],
    pairs: readonly { from: number; into: number }[],
    capacity: number,
  ): Promise<void> {
    await this.#request({ type: 'copyRows', from, into, pairs, capacity });
  }

  async drop(names: readonly string[]): Promise<void> {
    await this.#request({ type: 'drop', names });
  }

  async close(): Promise<void> {
    // A thread that is ended while it loads ONNX Runtime or computes would take the process with it.
    const idle = this.#request({ type: 'drop', names: [] }).catch(() => {});
    this.#failure ??= new SutureError('ENGINE', CLOSED);
    await idle;
    await this.#worker.terminate();
  }

  #request(request: Request): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }
}
