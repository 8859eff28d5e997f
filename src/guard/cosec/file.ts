import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, readJson, SutureError, writeFileAtomic } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import { ensureFits, hashOf } from '../bound.js';

/** What an expert's adapter was made from and for. */
const schema = z.object({
  format: z.literal('suture.expert'),
  version: z.literal(1),
  model: z.string(),
  model_hash: z.string(),
  tokenizer_hash: z.string(),
  template_hash: z.string(),
  /** Of the pairs' tokens. */
  data_hash: z.string(),
  /** SHA-256 of the adapter's tensors' file beside it. */
  adapter_hash: z.string(),
  /** How it was trained. */
  training: z.looseObject({}),
});
export type ExpertMetadata = z.infer<typeof schema>;

const FILE = 'expert.json';

export const adapterHash = (dir: string): string => hashOf(join(dir, 'adapter_model.safetensors'));

/** Writes `expert.json` into a folder that has the adapter already. */
export function writeExpert(
  dir: string,
  about: Omit<ExpertMetadata, 'format' | 'version' | 'adapter_hash'>,
): void {
  const metadata: ExpertMetadata = {
    format: 'suture.expert',
    version: 1,
    ...about,
    adapter_hash: adapterHash(dir),
  };
  writeFileAtomic(join(dir, FILE), `${JSON.stringify(metadata, null, 2)}\n`);
}

/**
 * Checks that an expert is for a model. An adapter that PEFT made has no `expert.json`: it is taken as it is.
 *
 * @param force lets one pass that was made for another model
 * @throws {SutureError} BAD_ADAPTER where it was made for another model, or stands beside another adapter
 */
export function ensureExpertFits(
  dir: string,
  model: Pick<Model, 'hash' | 'tokenizer'>,
  force = false,
): void {
  const path = join(dir, FILE);
  if (!existsSync(path)) return;
  const parsed = schema.safeParse(readJson(path));
  if (!parsed.success)
    throw new SutureError(
      'BAD_ADAPTER',
      `${path} was not written by this version of Suture: ${z.prettifyError(parsed.error)}`,
    );
  const metadata = parsed.data;
  ensureFits(path, 'expert', { metadata, tensors: new Map() }, new Map(), model, force);
  ensure(
    force || metadata.adapter_hash === adapterHash(dir),
    'BAD_ADAPTER',
    `The adapter in ${dir} is not the one that ${FILE} was written for.`,
  );
}
