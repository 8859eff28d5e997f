import type { ForwardOutputs } from '../build.js';
import type { ModelConfig } from '../config.js';
import type { Pass } from '../pass.js';

/** An architecture: how its `config.json` is read, and its forward pass. */
export interface Family<C extends ModelConfig = ModelConfig> {
  /** `model_type` in `config.json`. */
  readonly type: string;
  /**
   * @param json the parsed content of `config.json`
   * @param from its path, for messages
   * @throws {SutureError} BAD_CONFIG, UNSUPPORTED
   */
  parse(json: unknown, from: string): C;
  forward(pass: Pass<C>): ForwardOutputs;
}
