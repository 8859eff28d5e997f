import type { ModelConfig } from '../models/index.js';
import { TextCodec } from '../text/index.js';
import { resolveModel } from './checkpoint/resolve.js';
import { readModel, weightsHash } from './checkpoint.js';

/** What a model is, as far as what was made for it must know. A loaded `Model` is one too. */
export interface ModelIdentity {
  id: string;
  config: ModelConfig;
  nLayers: number;
  dModel: number;
  /** SHA-256 over the weights. */
  hash: string;
  tokenizer: Pick<TextCodec, 'hash' | 'chatTemplateHash'> | undefined;
}

/** What binds a file to a model: names and hashes, as its metadata. */
export const boundTo = ({ id, config, hash, tokenizer }: ModelIdentity) => ({
  model: id,
  family: config.family,
  ...hashesOf({ hash, tokenizer }),
});

const hashesOf = ({ hash, tokenizer }: Pick<ModelIdentity, 'hash' | 'tokenizer'>) => ({
  model_hash: hash,
  tokenizer_hash: tokenizer?.hash ?? '',
  template_hash: tokenizer?.chatTemplateHash ?? '',
});

const PARTS = [
  ['weights', 'model_hash'],
  ['tokenizer', 'tokenizer_hash'],
  ['chat template', 'template_hash'],
] as const;

/** What of a model is not what a file was made for; nothing where all is. */
export function mismatches(
  bound: ReturnType<typeof hashesOf>,
  model: Pick<ModelIdentity, 'hash' | 'tokenizer'>,
): string[] {
  const here = hashesOf(model);
  return PARTS.flatMap(([what, field]) => (bound[field] === here[field] ? [] : [what]));
}

/**
 * Reads what a model is without making it ready to run: the weights are read once, for their hash.
 *
 * @param id a folder, `org/name[@revision]` of a model that was pulled, or `organism`
 * @throws {SutureError} NOT_FOUND, BAD_CONFIG, BAD_CHECKPOINT, UNSUPPORTED
 * @example
 * const { hash, nLayers, dir } = identifyModel('organism');
 */
export function identifyModel(id: string): ModelIdentity & { dir: string } {
  const dir = resolveModel(id);
  const { config, stored } = readModel(dir);
  const { nLayers, dModel } = config;
  return {
    id,
    dir,
    config,
    nLayers,
    dModel,
    hash: weightsHash({ stored }),
    tokenizer: TextCodec.load(dir),
  };
}
