import { join } from 'node:path';
import { ensure, Random, writeFileAtomic } from '../core/index.js';
import { loraModules, type ModelConfig } from '../models/index.js';
import { type Tensor, writeSafetensors } from '../tensor/index.js';
import { loraNames } from './model.js';

export interface LoraSettings {
  rank: number;
  alpha: number;
  /** Last parts of the module paths, e.g. `q_proj`. */
  targetModules: readonly string[];
  /** Scale by alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023). Defaults to false. */
  rslora?: boolean;
  /** Of what goes into the adapters, in training. Defaults to 0. */
  dropout?: number;
}

/**
 * The linear layers that the settings address, with the rank and factor of each.
 *
 * @throws {SutureError} BAD_ARGUMENT where the model has no layer of a given name
 */
export function loraTargets(
  config: ModelConfig,
  { rank, alpha, targetModules, rslora = false }: LoraSettings,
): Map<string, { rank: number; factor: number }> {
  const factor = alpha / (rslora ? Math.sqrt(rank) : rank);
  const modules = [...loraModules(config).keys()];
  const lastPart = (module: string) => module.split('.').at(-1)!;
  const known = new Set(modules.map(lastPart));
  const unknown = targetModules.find((name) => !known.has(name));
  ensure(
    unknown === undefined && targetModules.length > 0,
    'BAD_ARGUMENT',
    `${unknown === undefined ? 'No target modules are given' : `No linear layer is called ${unknown}`}; there are: ${[...known].join(', ')}.`,
  );
  const targets = modules.filter((module) => targetModules.includes(lastPart(module)));
  return new Map(targets.map((module) => [module, { rank, factor }]));
}

/** An adapter that changes nothing yet: A uniform within 1 / sqrt(in) (Kaiming, as PEFT), B zero. */
export function initialLora(
  config: ModelConfig,
  targets: ReadonlyMap<string, { rank: number }>,
  seed: number,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const widths = loraModules(config);
  for (const [module, { rank }] of targets) {
    const { in: into, out } = widths.get(module)!;
    const names = loraNames(module);
    const random = new Random(seed, 'lora', module);
    const bound = 1 / Math.sqrt(into);
    const a = Float32Array.from({ length: rank * into }, () => bound * (2 * random.float() - 1));
    tensors.set(names.a, { dims: [rank, into], data: a });
    tensors.set(names.b, { dims: [out, rank], data: new Float32Array(out * rank) });
  }
  return tensors;
}

/** Writes a PEFT folder that Hugging Face's `peft` and Suture's `adapter` option read. */
export function writeAdapter(
  dir: string,
  parameters: ReadonlyMap<string, Tensor>,
  settings: LoraSettings & { baseModel: string },
): void {
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of parameters) tensors.set(`base_model.model.${name}.weight`, tensor);
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: settings.baseModel,
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout ?? 0,
    target_modules: settings.targetModules,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: settings.rslora ?? false,
    use_dora: false,
    inference_mode: true,
  };
  writeSafetensors(join(dir, 'adapter_model.safetensors'), tensors, { dtype: 'f32' });
  writeFileAtomic(join(dir, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
}
