import { Device, type DeviceOptions } from '../../engine/index.js';
import { Graph, serialize, softmax } from '../../graph/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type AnalyserShape, analyserOf } from './analyser.js';

/** What was read of some places. */
export interface Reading {
  /** Probabilities of the classes [n, classes]. */
  classes: Float32Array;
  /** What candidates are compared with, [n, width]. */
  query: Float32Array;
}

/** An analyser whose parameters are known, to read hidden states with. */
export class ContextualScorer {
  readonly #device: Device;
  readonly #session: number;
  readonly #shape: AnalyserShape;

  private constructor(device: Device, session: number, shape: AnalyserShape) {
    this.#device = device;
    this.#session = session;
    this.#shape = shape;
  }

  /** @param parameters those that `Analyser.read` asks for */
  static async create(
    shape: AnalyserShape,
    parameters: ReadonlyMap<string, Tensor>,
    options: DeviceOptions = {},
  ): Promise<ContextualScorer> {
    const graph = new Graph();
    const states = graph.input('states', 'f32', ['n', shape.layers, shape.dModel]);
    const { risk, query } = analyserOf(graph, shape, parameters).read(states);
    graph.output('classes', softmax(risk));
    graph.output('query', query);
    const device = new Device(options);
    try {
      return new ContextualScorer(device, await device.load(serialize(graph)), shape);
    } catch (thrown) {
      await device.close();
      throw thrown;
    }
  }

  /** @param states residual streams [n, layers, d_model] */
  async read(states: Float32Array): Promise<Reading> {
    const { layers, dModel } = this.#shape;
    const n = states.length / (layers * dModel);
    const [classes, query] = await this.#device.run(
      this.#session,
      { states: { dtype: 'f32', dims: [n, layers, dModel], data: states } },
      { fetch: ['classes', 'query'] },
    );
    return { classes: classes!.data, query: query!.data };
  }

  async close(): Promise<void> {
    await this.#device.close();
  }
}
