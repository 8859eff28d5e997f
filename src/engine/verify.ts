import { ensure, SutureError } from '../core/index.js';
import { hookKind, hookNames, type ModelConfig, matchHooks } from '../models/index.js';
import {
  readIntegers,
  readSafetensorsHeader,
  readTensor,
  relMax,
  sizeOf,
  type Tensor,
  type TensorEntry,
} from '../tensor/index.js';
import type { Model } from './model.js';

/** How one tensor of a reference compares with what the model computes. */
export interface Comparison {
  /** Its name in the file. */
  tensor: string;
  prompt: number;
  /** The hook point that it was compared with. */
  hook: string;
  /** max |ours - theirs| / max |theirs| */
  relMax: number;
  /** The first position at which the difference is beyond the tolerance; of a pattern, the first query. */
  partsAt: number | undefined;
}

/** The same of greedy tokens. */
export interface TokenComparison {
  tensor: string;
  prompt: number;
  tokens: number;
  /** How many agree before the first that does not. */
  equal: number;
}

export interface Verification {
  tolerance: number;
  /** By prompt, in the order of the forward pass. */
  comparisons: Comparison[];
  greedy: TokenComparison[];
  /** The first place, in that order, at which the two part. */
  parts: Comparison | TokenComparison | undefined;
  /** Tensors of the file that have no known name. */
  unknown: string[];
}

export interface VerifyOptions {
  /** The largest `relMax` that counts as equal. Defaults to 2e-5, a few times float32's noise. */
  tolerance?: number;
  signal?: AbortSignal;
}

/** A tensor of the file, and what it is compared with. */
interface Expected {
  entry: TensorEntry;
  hook: string;
}

interface Prompt {
  number: number;
  ids: readonly number[];
  expected: Expected[];
  greedy: TensorEntry | undefined;
}

/**
 * Compares a model with activations that something else computed of it, such as Hugging Face's
 * `transformers`. docs/hooks.md has the names that tensors have in the file, and how to export one.
 *
 * @param path a safetensors file
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT for a file that cannot be read; BAD_DATA where it
 *   has nothing to compare, or shapes or token ids of another model; INTERRUPTED
 * @example
 * const { parts } = await verify(model, 'reference.safetensors');
 * if (parts) console.log(`they part at ${parts.tensor}`);
 */
export async function verify(
  model: Model,
  path: string,
  { tolerance = 2e-5, signal }: VerifyOptions = {},
): Promise<Verification> {
  ensure(tolerance > 0, 'BAD_ARGUMENT', `The tolerance must be above 0; got ${tolerance}.`);
  const { prompts, unknown } = readReference(path, model.config);
  const comparisons: Comparison[] = [];
  const greedy: TokenComparison[] = [];
  for (const prompt of prompts) {
    if (signal?.aborted)
      throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
    const capture = [...new Set(prompt.expected.map(({ hook }) => hook))];
    const { cache } = await model.forward([prompt.ids], { capture, logits: [] });
    for (const { entry, hook } of prompt.expected) {
      const found = compare(cache.get(hook)!, readTensor(entry), entry, hook, tolerance);
      comparisons.push({ tensor: entry.name, prompt: prompt.number, hook, ...found });
    }
    if (prompt.greedy) greedy.push(await compareGreedy(model, prompt, prompt.greedy, signal));
  }
  const parts =
    comparisons.find(({ partsAt }) => partsAt !== undefined) ??
    greedy.find(({ equal, tokens }) => equal < tokens);
  return { tolerance, comparisons, greedy, parts, unknown };
}

/** The prompts of a reference, and what is known of each in the order of the forward pass. */
function readReference(
  path: string,
  config: ModelConfig,
): { prompts: Prompt[]; unknown: string[] } {
  const { tensors } = readSafetensorsHeader(path);
  const order = hookNames(config);
  const byPrompt = new Map<number, Expected[]>();
  const greedy = new Map<number, TensorEntry>();
  const unknown: string[] = [];
  for (const entry of tensors.values()) {
    const [, greedyOf] = /^greedy\.(\d+)$/.exec(entry.name) ?? [];
    const known = meaning(entry.name, config);
    if (greedyOf !== undefined) greedy.set(Number(greedyOf), entry);
    else if (known) {
      const others = byPrompt.get(known.prompt) ?? [];
      byPrompt.set(known.prompt, [...others, { entry, hook: known.hook }]);
    } else if (!entry.name.startsWith('input_ids.')) unknown.push(entry.name);
  }
  const numbers = [...new Set([...byPrompt.keys(), ...greedy.keys()])].sort((a, b) => a - b);
  ensure(
    numbers.length > 0,
    'BAD_DATA',
    `${path} has nothing to compare: its tensors are none of logits.i, hidden.i.l, {i}.blocks.l.hook_... and those in docs/hooks.md.`,
  );
  const prompts = numbers.map((number): Prompt => {
    const ids = tensors.get(`input_ids.${number}`);
    if (!ids) {
      throw new SutureError(
        'BAD_DATA',
        `${path} has tensors of prompt ${number} but no input_ids.${number}.`,
      );
    }
    ensure(
      ids.dims.at(-1) === sizeOf(ids.dims),
      'BAD_DATA',
      `${path}: ${ids.name} has shape [${ids.dims.join(', ')}]; it must be the ids of one prompt.`,
    );
    const expected = byPrompt.get(number) ?? [];
    expected.sort((a, b) => order.indexOf(a.hook) - order.indexOf(b.hook));
    return { number, ids: readIntegers(ids), expected, greedy: greedy.get(number) };
  });
  return { prompts, unknown };
}

/** Short names of hook points of a layer. */
const SHORT: Record<string, string> = {
  attn_out: 'hook_attn_out',
  resid_mid: 'hook_resid_mid',
  mlp_out: 'hook_mlp_out',
  attn_probs: 'attn.hook_pattern',
};

/** The prompt and the hook point that a tensor's name means, if it is a known one. */
function meaning(name: string, config: ModelConfig): { prompt: number; hook: string } | undefined {
  const [, word, prompt, layer] = /^([a-z_]+)\.(\d+)(?:\.(\d+))?$/.exec(name) ?? [];
  const [, own, hook] = /^(\d+)\.(.+)$/.exec(name) ?? [];
  if (hook !== undefined) return single(Number(own), hook, config);
  if (prompt === undefined) return undefined;
  if (layer === undefined) {
    const last = `blocks.${config.nLayers - 1}.hook_resid_post`;
    const names: Record<string, string> = { logits: 'logits', resid_final_pre_norm: last };
    return names[word!] === undefined ? undefined : { prompt: Number(prompt), hook: names[word!]! };
  }
  if (word === 'hidden') return single(Number(prompt), `hidden_states.${layer}`, config);
  const short = SHORT[word!];
  return short === undefined
    ? undefined
    : single(Number(prompt), `blocks.${layer}.${short}`, config);
}

/** A hook point by its name or another library's; a name that is none, or several, is unknown. */
function single(
  prompt: number,
  name: string,
  config: ModelConfig,
): { prompt: number; hook: string } | undefined {
  try {
    const [hook, ...more] = matchHooks(name, config);
    return more.length === 0 ? { prompt, hook: hook! } : undefined;
  } catch (thrown) {
    if (thrown instanceof SutureError) return undefined;
    throw thrown;
  }
}

/** @param ours [1, s, ...], of a pattern [1, n_heads, s, t]; theirs may leave the 1 out, or join heads */
function compare(
  ours: Tensor,
  theirs: Tensor,
  { name, dims, file }: TensorEntry,
  hook: string,
  tolerance: number,
): Pick<Comparison, 'relMax' | 'partsAt'> {
  const shape = ours.dims.slice(1);
  const joined = [shape[0]!, shape.slice(1).reduce((a, b) => a * b)]; // heads on one axis
  const fits = [shape, joined].some((each) =>
    [each, [1, ...each]].some((d) => `${d}` === `${dims}`),
  );
  ensure(
    fits,
    'BAD_DATA',
    `${file}: ${name} has shape [${dims.join(', ')}]; this model's ${hook} has [${shape.join(', ')}]. It is of another model or another prompt.`,
  );
  const difference = relMax(ours.data, theirs.data);
  if (difference <= tolerance) return { relMax: difference, partsAt: undefined };
  return { relMax: difference, partsAt: firstApart(ours, theirs, hook, tolerance) };
}

/** The first position at which a difference is beyond the tolerance. */
function firstApart(
  ours: Tensor,
  theirs: Tensor,
  hook: string,
  tolerance: number,
): number | undefined {
  const pattern = hookKind(hook) === 'pattern';
  const groups = pattern ? ours.dims[1]! : 1;
  const positions = ours.dims[pattern ? 2 : 1]!;
  const width = ours.data.length / (groups * positions);
  const largest = theirs.data
    .filter(Number.isFinite)
    .reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const apart = (position: number) => {
    for (let group = 0; group < groups; group++) {
      const from = (group * positions + position) * width;
      for (let i = from; i < from + width; i++) {
        const difference = Math.abs(ours.data[i]! - theirs.data[i]!);
        if (difference !== 0 && !(difference / largest <= tolerance)) return true;
      }
    }
    return false;
  };
  return Array.from({ length: positions }, (_, position) => position).find(apart);
}

async function compareGreedy(
  model: Model,
  { number, ids }: Prompt,
  entry: TensorEntry,
  signal: AbortSignal | undefined,
): Promise<TokenComparison> {
  const want = readIntegers(entry);
  const { samples } = await model.generate(
    { tokens: [ids] },
    { maxNewTokens: want.length, eosIds: [], ...(signal && { signal }) },
  );
  const first = want.findIndex((token, i) => samples[0]!.tokens[i] !== token);
  const equal = first < 0 ? want.length : first;
  return { tensor: entry.name, prompt: number, tokens: want.length, equal };
}
