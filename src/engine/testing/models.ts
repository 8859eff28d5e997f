import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { readSafetensors, type Tensor, writeSafetensors } from '../../tensor/index.js';

/** A folder of the reference checkpoints: `llama_f32/model`. */
export const fixture = (path: string) =>
  fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));

const root = mkdtempSync(join(tmpdir(), 'suture-engine-'));
process.env.SUTURE_CACHE = join(root, 'cache');
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A copy of a fixture's folder, to be changed at will. */
export function copyOf(path: string): string {
  const dir = join(root, String(count++));
  cpSync(fixture(path), dir, { recursive: true });
  return dir;
}

/** Changes fields of a JSON file. */
export function changeJson(path: string, changes: Record<string, unknown>): void {
  const json = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...json, ...changes }));
}

/** Changes the tensors of a safetensors file, and stores them as `dtype`. */
export function changeTensors(
  path: string,
  dtype: 'f32' | 'bf16',
  change: (tensors: Map<string, Tensor>) => void,
): void {
  const tensors = readSafetensors(path);
  change(tensors);
  writeSafetensors(path, tensors, { dtype });
}
