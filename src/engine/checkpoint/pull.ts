import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { discard, ensure, fileError, SutureError, writeFileAtomic } from '../../core/index.js';
import { shardsOf } from '../../tensor/index.js';
import { HubClient, type HubOptions, type RemoteFile } from './client.js';
import type { OnProgress } from './content.js';
import { downloadBlob } from './download.js';
import { type HubId, parseHubId, repoDir } from './hub.js';
import { ensureRoom } from './store.js';
import { begunBytes } from './temporary.js';

export interface PullOptions extends HubOptions {
  onProgress?: OnProgress | undefined;
}

export interface Pulled {
  /** The folder of the model's files in the shared cache. */
  dir: string;
  commit: string;
  files: readonly RemoteFile[];
}

const INDEX = 'model.safetensors.index.json';

/** What Suture reads besides the weights. */
const TEXTS = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
];

/**
 * Downloads the files of a model that Suture reads into the cache that Hugging Face's own libraries
 * share, or completes what is there. The model can be found in the cache when all of it is there.
 *
 * @param id `org/name`, or `org/name@revision` for a branch, tag or commit; `main` by default
 * @throws {SutureError} BAD_ARGUMENT; NETWORK, FORBIDDEN and NOT_FOUND, by what the hub answers;
 *   UNSUPPORTED where it has no safetensors; BAD_CHECKPOINT for content that is not what the hub
 *   describes; DISK; INTERRUPTED
 * @example
 * const { dir } = await pullModel('Qwen/Qwen2.5-0.5B-Instruct');
 * const model = await loadModel('Qwen/Qwen2.5-0.5B-Instruct');
 */
export async function pullModel(id: string, options: PullOptions = {}): Promise<Pulled> {
  const hubId = parseHubId(id);
  ensure(
    hubId,
    'BAD_ARGUMENT',
    `"${id}" is no model of the hub. Its models are named org/name, or org/name@revision.`,
  );
  const { signal } = options;
  try {
    return await pull(hubId, new HubClient(hubId, options), options);
  } catch (thrown) {
    if (thrown instanceof SutureError || !signal?.aborted) throw thrown;
    throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: thrown });
  }
}

async function pull(
  id: HubId,
  client: HubClient,
  { onProgress, signal }: PullOptions,
): Promise<Pulled> {
  const repo = repoDir(id);
  const blobOf = ({ etag }: RemoteFile) => join(repo, 'blobs', etag);
  const { commit, names } = await client.list();
  ensure(names.includes('config.json'), 'UNSUPPORTED', `${id.org}/${id.name} has no config.json.`);
  makeFolder(join(repo, 'blobs'));

  let weights = ['model.safetensors'];
  if (!names.includes('model.safetensors')) {
    ensure(names.includes(INDEX), 'UNSUPPORTED', noSafetensors(id, names));
    const index = await client.describe(commit, INDEX);
    await downloadBlob(client, commit, index, blobOf(index), { signal });
    const shards = shardsOf(blobOf(index));
    const absent = shards.find((shard) => !names.includes(shard));
    ensure(
      !absent,
      'BAD_CHECKPOINT',
      `${id.org}/${id.name} lacks ${absent}, which ${INDEX} names.`,
    );
    weights = [INDEX, ...shards];
  }
  const files: RemoteFile[] = [];
  for (const name of [...TEXTS.filter((text) => names.includes(text)), ...weights]) {
    files.push(await client.describe(commit, name));
  }

  const total = files.reduce((sum, { size }) => sum + size, 0);
  const missing = files.filter((file) => !statSync(blobOf(file), { throwIfNoEntry: false }));
  ensureRoom(
    join(repo, 'blobs'),
    missing.reduce((sum, file) => sum + file.size - begunBytes(blobOf(file)), 0),
  );
  const dir = join(repo, 'snapshots', commit);
  let before = 0;
  for (const file of files) {
    const onBytes = (bytes: number) =>
      onProgress?.('download (MB)', Math.round((before + bytes) / 1e6), Math.round(total / 1e6));
    await downloadBlob(client, commit, file, blobOf(file), { signal, onBytes });
    before += file.size;
    link(blobOf(file), join(dir, file.name));
  }
  if (id.revision !== commit) writeFileAtomic(join(repo, 'refs', id.revision), commit);
  return { dir, commit, files };
}

function noSafetensors({ org, name }: HubId, names: readonly string[]): string {
  const other = names.find((file) => /\.(bin|pt|pth|gguf|onnx)$/.test(file));
  const holds = other ? `, only others such as ${other}` : '';
  return `${org}/${name} has no weights as safetensors${holds}. Take a revision that has them (org/name@revision), or convert them.`;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (thrown) {
    throw fileError(thrown, 'write', path);
  }
}

/** Gives content the name of a file, whatever the name meant before. */
function link(blob: string, path: string): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    try {
      symlinkSync(relative(dirname(path), blob), temporary);
    } catch (thrown) {
      // Windows lets only some users make links that are symbolic.
      if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') throw thrown;
      linkSync(blob, temporary);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    discard(temporary);
    throw fileError(thrown, 'write', path);
  }
}
