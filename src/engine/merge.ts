import { ensure } from '../core/index.js';
import { loraModules } from '../models/index.js';
import { fromF32, readPieces, type StreamedTensor, type Tensor, toF32 } from '../tensor/index.js';
import { readAdapter } from './adapter.js';
import type { WorkOptions } from './checkpoint/content.js';
import {
  refuseExisting,
  type StoredWeight,
  storedNames,
  storedWeights,
  writeVariant,
} from './checkpoint/variant.js';
import { identifyModel } from './identity.js';

export interface Merged {
  dir: string;
  /** The weights that are changed, by their names in the files. */
  weights: string[];
  /**
   * What of the adapter is lost by rounding to the type of the weights: length of the error as a share of the length of
   * what it adds.
   */
  rounding: number;
}

/** Bytes of a weight in memory at a time. */
const PIECE = 16 << 20;

/**
 * Writes a copy of a model with a LoRA adapter in its weights, W + factor B A, in the type that they have, so that any
 * program runs it at no further cost. Other weights keep their bytes; the folder appears whole or not at all.
 *
 * @param id the model: a folder, `org/name[@revision]` of one that was pulled, or `organism`
 * @param adapterDir a PEFT folder
 * @param out a folder that is not there yet
 * @throws {SutureError} BAD_ADAPTER, UNSUPPORTED (what is not plain LoRA; an unembedding that shares its weight; weights
 *   that are no floats), BAD_ARGUMENT where the folder is there, DISK, INTERRUPTED
 * @example
 * await mergeAdapter('organism', 'guards/mine', 'merged');
 */
export async function mergeAdapter(
  id: string,
  adapterDir: string,
  out: string,
  options: WorkOptions = {},
): Promise<Merged> {
  refuseExisting(out);
  const model = identifyModel(id);
  const adapter = readAdapter(adapterDir, model.config);
  const stored = storedWeights(model.dir);
  const asStored = storedNames(stored, model.config);
  const shapes = loraModules(model.config);
  const added: Added = { squares: 0, lost: 0 };
  const weights = new Map(
    [...adapter.modules].map(([module, site]): [string, StreamedTensor] => {
      const name = asStored(`${module}.weight`);
      const entry = stored.get(name);
      ensure(
        entry,
        'UNSUPPORTED',
        `${adapterDir} changes ${module}, which has no weight of its own in ${model.dir}: it shares that of the embedding.`,
      );
      return [name, mergedWeight(entry, site, shapes.get(module)!.layout, added)];
    }),
  );
  await writeVariant(
    model.dir,
    out,
    {
      weights,
      shardOf: (name) => stored.get(name)!.shard,
      record: ['suture_adapter.json', { into: model.hash, adapter: adapter.hash }],
    },
    options,
  );
  const rounding = added.squares === 0 ? 0 : Math.sqrt(added.lost / added.squares);
  return { dir: out, weights: [...weights.keys()], rounding };
}

/** Over all values: squares of what was added, and of what rounding lost of it. */
interface Added {
  squares: number;
  lost: number;
}

function mergedWeight(
  entry: StoredWeight,
  site: { a: Tensor; b: Tensor; factor: number },
  layout: 'out_in' | 'in_out',
  added: Added,
): StreamedTensor {
  const { dtype, dims, name } = entry;
  ensure(
    dtype === 'f32' || dtype === 'f16' || dtype === 'bf16',
    'UNSUPPORTED',
    `${name} is stored as ${dtype}: an adapter can be merged into f32, f16 and bf16.`,
  );
  const type = dtype;
  const columns = dims[1]!;
  function* pieces() {
    let at = 0; // in values; pieces hold whole ones
    let row = -1;
    let delta: Float64Array = new Float64Array(0);
    for (const piece of readPieces(entry, PIECE)) {
      const values = toF32(type, piece);
      const exact = new Float64Array(values.length);
      for (let i = 0; i < values.length; i++, at++) {
        const own = Math.floor(at / columns);
        if (own !== row) {
          row = own;
          delta = deltaRow(site, layout, row);
        }
        const change = delta[at % columns]!;
        exact[i] = values[i]! + change;
        added.squares += change * change;
      }
      const bytes = fromF32(type, Float32Array.from(exact));
      const kept = toF32(type, bytes);
      for (let i = 0; i < kept.length; i++) added.lost += (kept[i]! - exact[i]!) ** 2;
      yield bytes;
    }
  }
  return { dtype, dims, pieces };
}

/** One row of factor B A, [out, in], or of its transpose. A: [r, in], B: [out, r] */
function deltaRow(
  { a, b, factor }: { a: Tensor; b: Tensor; factor: number },
  layout: 'out_in' | 'in_out',
  row: number,
): Float64Array {
  const [r, width] = a.dims as [number, number];
  const height = b.dims[0]!;
  const delta = new Float64Array(layout === 'out_in' ? width : height);
  for (let k = 0; k < r; k++) {
    if (layout === 'out_in') {
      const weight = factor * b.data[row * r + k]!;
      for (let j = 0; j < width; j++) delta[j]! += weight * a.data[k * width + j]!;
    } else {
      const weight = factor * a.data[k * width + row]!;
      for (let i = 0; i < height; i++) delta[i]! += weight * b.data[i * r + k]!;
    }
  }
  return delta;
}
