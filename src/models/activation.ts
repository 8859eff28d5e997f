import { SutureError } from '../core/index.js';
import { gelu, geluTanh, quickGelu, relu, silu, type Value } from '../graph/index.js';

export type Activation = (x: Value) => Value;

/** The names that Hugging Face's configs give to activations (`transformers.activations.ACT2FN`). */
const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map([
  ['gelu', gelu],
  ['gelu_python', gelu],
  ['gelu_new', geluTanh],
  ['gelu_fast', geluTanh],
  ['gelu_accurate', geluTanh],
  ['gelu_pytorch_tanh', geluTanh],
  ['gelu_python_tanh', geluTanh],
  ['quick_gelu', quickGelu],
  ['relu', relu],
  ['silu', silu],
  ['swish', silu],
]);

/**
 * The activation that a config names.
 *
 * @param field where it is named, for messages: `hidden_act`
 * @throws {SutureError} UNSUPPORTED
 */
export function activation(name: string, field: string, from: string): Activation {
  const known = ACTIVATIONS.get(name);
  if (known) return known;
  throw new SutureError(
    'UNSUPPORTED',
    `${from}: ${field} "${name}" is not supported; supported: ${[...ACTIVATIONS.keys()].join(', ')}.`,
  );
}
