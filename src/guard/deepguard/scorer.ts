import { Device, type DeviceOptions } from '../../engine/index.js';
import { Graph, serialize } from '../../graph/index.js';
import type { ModelConfig } from '../../models/index.js';
import { scores } from './analyser.js';
import type { DeepGuardFile } from './file.js';

/** Scores hidden states by a trained guard, whose weights are read in place. */
export class DeepGuardScorer {
  readonly #device: Device;
  readonly #session: number;
  readonly #layers: number;
  readonly #dModel: number;

  private constructor(device: Device, session: number, layers: number, dModel: number) {
    this.#device = device;
    this.#session = session;
    this.#layers = layers;
    this.#dModel = dModel;
  }

  static async create(
    { settings, parameters }: Pick<DeepGuardFile, 'settings' | 'parameters'>,
    config: ModelConfig,
    options: DeviceOptions = {},
  ): Promise<DeepGuardScorer> {
    const graph = new Graph();
    const states = graph.input('states', 'f32', ['n', settings.layers, config.dModel]);
    const tokens = graph.input('tokens', 'i64', ['n']);
    const scored = scores(states, tokens, config, settings, (name, dims) => {
      const { file, offset, byteLength } = parameters.get(name)!;
      return graph.external(name, 'f32', dims, { file, offset, length: byteLength });
    });
    graph.output('scores', scored);
    const device = new Device(options);
    try {
      const session = await device.load(serialize(graph));
      return new DeepGuardScorer(device, session, settings.layers, config.dModel);
    } catch (thrown) {
      await device.close();
      throw thrown;
    }
  }

  /**
   * How secure each token looks, from 0 to 1.
   * @param states [n, layers, d_model]  @param tokens [n]
   */
  async score(states: Float32Array, tokens: readonly number[]): Promise<Float32Array> {
    const n = tokens.length;
    const [scored] = await this.#device.run(
      this.#session,
      {
        states: { dtype: 'f32', dims: [n, this.#layers, this.#dModel], data: states },
        tokens: { dtype: 'i64', dims: [n], data: BigInt64Array.from(tokens, BigInt) },
      },
      { fetch: ['scores'] },
    );
    return scored!.data;
  }

  async close(): Promise<void> {
    await this.#device.close();
  }
}
