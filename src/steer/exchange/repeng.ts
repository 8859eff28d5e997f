import { ensure } from '../../core/index.js';
import { readSafetensorsHeader, writeSafetensors } from '../../tensor/index.js';
import { directionTensors, FORMAT, readDirections } from '../vector-file.js';
import { type ControlVector, checkDirections, tagged, untagged } from './control-vector.js';

/**
 * Writes the two fields of repeng's `ControlVector` as safetensors: `model_type` as metadata, and
 * `directions` as tensors `direction.{layer}`, the names that its GGUF files have.
 *
 * @throws {SutureError} DISK
 */
export function writeRepeng(
  path: string,
  { family, directions, texts = {} }: Omit<ControlVector, 'numbersUnsure'>,
): void {
  checkDirections(directions, path);
  const metadata = { ...(family !== undefined && { model_type: family }), ...tagged(texts) };
  writeSafetensors(path, directionTensors(directions, 'direction'), { metadata });
}

/**
 * Reads such a file; tensors of other names are left alone.
 *
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_VECTOR where it holds no direction
 */
export function readRepeng(path: string): ControlVector {
  const { metadata } = readSafetensorsHeader(path);
  ensure(
    metadata.format !== FORMAT,
    'BAD_VECTOR',
    `${path} is a steering vector of Suture already: there is nothing to import.`,
  );
  const directions = readDirections(path, /^direction\.(\d+)$/);
  checkDirections(directions, path);
  return {
    family: metadata.model_type,
    directions,
    texts: untagged(metadata),
    numbersUnsure: false,
  };
}
