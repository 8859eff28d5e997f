import { join } from 'node:path';
import { z } from 'zod';
import { ensure, readJson, SutureError, sha256 } from '../core/index.js';
import { loraModules, type ModelConfig } from '../models/index.js';
import { readSafetensors, type Tensor } from '../tensor/index.js';

/** A low-rank adapter (Hu et al. 2021): for each linear layer, `y += factor * (x A^T) B^T`. */
export interface Adapter {
  /** Changes with the content. */
  hash: string;
  modules: ReadonlyMap<string, { a: Tensor; b: Tensor; factor: number }>;
}

const adapterConfig = z.object({
  peft_type: z.literal('LORA'),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  bias: z.string().default('none'),
  rank_pattern: z.record(z.string(), z.int()).default({}),
  alpha_pattern: z.record(z.string(), z.number()).default({}),
  modules_to_save: z.array(z.string()).nullish(),
});

/**
 * Reads a PEFT folder (`adapter_config.json`, `adapter_model.safetensors`).
 *
 * @throws {SutureError} BAD_ADAPTER where it does not fit the model; UNSUPPORTED, by name, for
 *   what is not plain LoRA on linear layers
 */
export function readAdapter(dir: string, config: ModelConfig): Adapter {
  const path = join(dir, 'adapter_config.json');
  const parsed = adapterConfig.safeParse(readJson(path));
  if (!parsed.success) {
    throw new SutureError('BAD_ADAPTER', `${path}: ${z.prettifyError(parsed.error)}`);
  }
  const settings = parsed.data;
  const refuse = (condition: boolean, what: string) =>
    ensure(!condition, 'UNSUPPORTED', `${path}: ${what} is not supported.`);
  refuse(settings.use_dora, 'DoRA ("use_dora")');
  refuse(settings.bias !== 'none', `"bias": "${settings.bias}"`);
  refuse((settings.modules_to_save ?? []).length > 0, '"modules_to_save"');
  refuse(Object.keys(settings.rank_pattern).length > 0, '"rank_pattern"');
  refuse(Object.keys(settings.alpha_pattern).length > 0, '"alpha_pattern"');

  const { r, lora_alpha, use_rslora } = settings;
  const factor = lora_alpha / (use_rslora ? Math.sqrt(r) : r);
  const file = join(dir, 'adapter_model.safetensors');
  const tensors = readSafetensors(file);
  const known = loraModules(config);
  const modules = new Map<string, { a: Tensor; b: Tensor; factor: number }>();
  for (const [name, a] of tensors) {
    const module = /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(name)?.[1];
    if (module === undefined) {
      const partner = name.replace('.lora_B.', '.lora_A.');
      ensure(
        partner !== name && tensors.has(partner),
        'BAD_ADAPTER',
        `${file}: ${name} is not half of a LoRA pair.`,
      );
      continue;
    }
    const b = tensors.get(name.replace('.lora_A.', '.lora_B.'));
    const widths = known.get(module);
    ensure(widths, 'BAD_ADAPTER', `${file}: this model has no linear layer ${module}.`);
    ensure(b, 'BAD_ADAPTER', `${file}: ${name} has no lora_B beside it.`);
    ensure(
      a.dims.join() === `${r},${widths.in}` && b.dims.join() === `${widths.out},${r}`,
      'BAD_ADAPTER',
      `${file}: ${module} has A [${a.dims.join(', ')}] and B [${b.dims.join(', ')}]; this model and rank ${r} need [${r}, ${widths.in}] and [${widths.out}, ${r}].`,
    );
    modules.set(module, { a, b, factor });
  }
  ensure(modules.size > 0, 'BAD_ADAPTER', `${file} holds no LoRA weights.`);
  return { hash: hashOf(modules), modules };
}

function hashOf(modules: Adapter['modules']): string {
  const parts = [...modules].map(([name, { a, b, factor }]) => [
    name,
    factor,
    sha256(new Uint8Array(a.data.buffer, a.data.byteOffset, a.data.byteLength)),
    sha256(new Uint8Array(b.data.buffer, b.data.byteOffset, b.data.byteLength)),
  ]);
  return sha256(JSON.stringify(parts));
}
