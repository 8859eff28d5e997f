import { z } from 'zod';
import { readJson, SutureError, writeFileAtomic } from '../../core/index.js';
import { type ControlVector, checkDirections } from './control-vector.js';

/** A control vector as JSON; fields beside these are left alone. */
const schema = z.object({
  /** `model_type` in the model's config.json. */
  model_type: z.string().optional(),
  /** What Suture binds a vector to; absent in files of others. */
  suture: z.record(z.string(), z.string()).optional(),
  /** By block, counted from 0: d_model numbers, added to what comes out of it. */
  directions: z.record(z.string().regex(/^\d+$/), z.array(z.number())),
});

/** @throws {SutureError} DISK */
export function writeJsonVector(
  path: string,
  { family, directions, texts }: Omit<ControlVector, 'numbersUnsure'>,
): void {
  checkDirections(directions, path);
  const fields = [
    ...(family === undefined ? [] : [`"model_type": ${JSON.stringify(family)}`]),
    ...(texts === undefined ? [] : [`"suture": ${JSON.stringify(texts, null, 2)}`]),
    `"directions": {\n${[...directions].map(([layer, data]) => `"${layer}": ${numbers(data)}`).join(',\n')}\n}`,
  ];
  writeFileAtomic(path, `{\n${fields.join(',\n')}\n}\n`);
}

/** Every float32 as the shortest decimal of its double; JSON.stringify would lose the sign of -0. */
const numbers = (data: Float32Array) =>
  `[${Array.from(data, (x) => (Object.is(x, -0) ? '-0' : String(x))).join(', ')}]`;

/** @throws {SutureError} NOT_FOUND, BAD_DATA; BAD_VECTOR where it is no control vector */
export function readJsonVector(path: string): ControlVector {
  const parsed = schema.safeParse(readJson(path));
  if (!parsed.success) {
    throw new SutureError(
      'BAD_VECTOR',
      `${path} is not a control vector: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { model_type: family, suture: texts, directions: lists } = parsed.data;
  const directions = new Map(
    Object.entries(lists).map(([layer, list]) => [Number(layer), Float32Array.from(list)]),
  );
  checkDirections(directions, path);
  return { family, directions, texts, numbersUnsure: false };
}
