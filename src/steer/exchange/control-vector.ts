import { ensure } from '../../core/index.js';

/** What files of other programs hold: directions by layer, and a word on the model. */
export interface ControlVector {
  /** The model's family, where the file says. */
  family: string | undefined;
  /** By the number that the file gives them: [d_model] each. */
  directions: ReadonlyMap<number, Float32Array>;
  /** What Suture wrote beside them, where it did: the texts of a vector file. */
  texts: Readonly<Record<string, string>> | undefined;
  /** Whether the file looks like llama-cvector-generator's, whose numbers may be one too high. */
  numbersUnsure: boolean;
}

/** Suture's texts in the metadata of other formats go by this prefix; other programs pass over them. */
const PREFIX = 'suture.';

export const tagged = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [PREFIX + name, text]));

/** Suture's texts among others; nothing where there are none. */
export function untagged(
  metadata: Readonly<Record<string, unknown>>,
): Record<string, string> | undefined {
  const own = Object.entries(metadata).filter(([name]) => name.startsWith(PREFIX));
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map(([name, text]) => [name.slice(PREFIX.length), String(text)]));
}

/** @throws {SutureError} BAD_VECTOR where there is no direction, or one that no model could add */
export function checkDirections(directions: ReadonlyMap<number, Float32Array>, path: string): void {
  ensure(
    directions.size > 0,
    'BAD_VECTOR',
    `${path} holds no direction: there is no tensor named direction.{layer}.`,
  );
  const [[, { length }]] = [...directions] as [[number, Float32Array]];
  for (const [layer, direction] of directions) {
    ensure(
      direction.length === length && length > 0,
      'BAD_VECTOR',
      `${path}: the direction of layer ${layer} has ${direction.length} values, another ${length}.`,
    );
    ensure(
      direction.every(Number.isFinite),
      'BAD_VECTOR',
      `${path}: the direction of layer ${layer} holds values that are not finite.`,
    );
  }
}
