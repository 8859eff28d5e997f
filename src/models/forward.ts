import type { Build, ForwardInputs, ForwardOutputs } from './build.js';
import type { ModelConfig } from './config.js';
import { FAMILIES } from './families/index.js';
import { Pass } from './pass.js';

/** Builds the forward pass of a model's family. */
export function forward(build: Build, config: ModelConfig, inputs: ForwardInputs): ForwardOutputs {
  return FAMILIES.get(config.family)!.forward(new Pass(build, config, inputs));
}
