// The cache that Hugging Face's own libraries share:
//
//   <hub>/models--<org>--<name>/refs/<revision>            a commit
//                              /snapshots/<commit>/<file>   a link to
//                              /blobs/<hash>                the content, once
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SutureError } from '../../core/index.js';

/** A model on the hub. */
export interface HubId {
  org: string;
  name: string;
  /** Branch, tag or commit. */
  revision: string;
}

const ID = /^([\w.-]+)\/([\w.-]+?)(?:@(.+))?$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** Reads `org/name` or `org/name@revision`; gives nothing where it is not of that form. */
export function parseHubId(text: string): HubId | undefined {
  const [, org, name, revision = 'main'] = ID.exec(text) ?? [];
  if (org === undefined || name === undefined) return undefined;
  return [org, name].every(isPlain) && revision.split('/').every(isPlain)
    ? { org, name, revision }
    : undefined;
}

/** Whether a part of a name can be a file's name: it cannot lead elsewhere, nor split a folder's name. */
const isPlain = (part: string) => /^\w[\w.-]*$/.test(part) && !/\.\.|--/.test(part);

/** `org/name`, with `@revision` where it is not the default. */
export const showHubId = ({ org, name, revision }: HubId) =>
  `${org}/${name}${revision === 'main' ? '' : `@${revision}`}`;

/** Where the shared cache is, by the variables that Hugging Face's libraries read. */
export function hubDir(): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(home, 'hub');
}

/** The folder of a model in the shared cache, whether it is there or not. */
export const repoDir = ({ org, name }: HubId) => join(hubDir(), `models--${org}--${name}`);

/** The folder of a model's files in the shared cache, where it has been pulled. */
export function findSnapshot(id: HubId): string | undefined {
  const repo = repoDir(id);
  const ref = join(repo, 'refs', id.revision);
  const commit = COMMIT.test(id.revision) ? id.revision : readRef(ref);
  if (commit === undefined) return undefined;
  const dir = join(repo, 'snapshots', commit);
  return existsSync(dir) ? dir : undefined;
}

function readRef(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const commit = readFileSync(path, 'utf8').trim();
  if (COMMIT.test(commit)) return commit;
  throw new SutureError('BAD_CHECKPOINT', `${path} does not hold a commit. Pull the model again.`);
}
