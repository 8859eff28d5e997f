import { z } from 'zod';
import { ensure, jsonText, SutureError } from '../../core/index.js';
import { type ModelIdentity, mismatches } from '../../engine/index.js';
import { CWES, type Cwe } from '../../scan/index.js';
import { readSafetensorsHeader, writeSafetensors } from '../../tensor/index.js';
import { checksum, directionTensors, readDirections } from '../vector-file.js';
import { GATE_METHODS, type Head, type Heads } from './heads.js';

/** A share, and its 95 % interval, bootstrapped over bases. */
const rateSchema = z.object({
  hits: z.number(),
  total: z.number(),
  low: z.number(),
  high: z.number(),
});

const metadataSchema = z.object({
  method: z.enum(GATE_METHODS),
  /** Where it reads: `blocks.{layer}.hook_resid_post`, at the last token. */
  layer: z.coerce.number().int().nonnegative(),
  threshold: jsonText(
    z.object({
      value: z.number(),
      budget: z.number(),
      prompts: z.number(),
      bases: z.number(),
      alarms: z.number(),
      bound: z.number(),
    }),
  ),
  model: z.string(),
  family: z.string(),
  model_hash: z.string(),
  tokenizer_hash: z.string(),
  template_hash: z.string(),
  data_hash: z.string(),
  /** What the method did with bases and wordings that it was not trained on, and the layer of each fold. */
  evaluation: jsonText(
    z.object({
      falseAlarms: rateSchema,
      missed: rateSchema,
      misrouted: rateSchema,
      layers: z.array(z.number()),
    }),
  ),
});

/** Heads and intercepts: the alarm's first, then one for each weakness. */
const headsSchema = z.object({
  cwes: jsonText(z.array(z.enum(CWES)).min(1)),
  intercepts: jsonText(z.array(z.number())),
});

export type GateMetadata = z.infer<typeof metadataSchema>;
export type GateRate = z.infer<typeof rateSchema>;

/** A gate with what it is bound to. */
export interface GateFile {
  metadata: GateMetadata;
  heads: Heads;
}

const FORMAT = 'suture.gate';
const VERSION = '1';

/** Everything a gate file says beside its weights, with a checksum over both. */
export function gateTexts({ metadata, heads }: GateFile): Record<string, string> {
  const { threshold, evaluation, layer, ...plain } = metadata;
  const all = [heads.alarm, ...heads.routes.values()];
  const texts = {
    format: FORMAT,
    version: VERSION,
    ...plain,
    layer: String(layer),
    threshold: JSON.stringify(threshold),
    evaluation: JSON.stringify(evaluation),
    cwes: JSON.stringify([...heads.routes.keys()]),
    intercepts: JSON.stringify(all.map(({ intercept }) => intercept)),
  };
  return { ...texts, checksum: checksum(texts, weightsOf(heads)) };
}

const weightsOf = ({ alarm, routes }: Heads): Map<number, Float32Array> =>
  new Map([alarm, ...routes.values()].map(({ weights }, i) => [i, weights]));

/** Writes a gate as safetensors: a tensor `heads.{i}` for each head, the rest as metadata. */
export function writeGate(path: string, gate: GateFile): void {
  const tensors = directionTensors(weightsOf(gate.heads), 'heads');
  writeSafetensors(path, tensors, { dtype: 'f32', metadata: gateTexts(gate) });
}

/**
 * Reads a gate.
 * @throws {SutureError} NOT_FOUND; BAD_CHECKPOINT where it is truncated; BAD_VECTOR where a head has
 *   several axes; BAD_DATA where it is no gate or was changed
 */
export function readGate(path: string): GateFile {
  const { metadata: texts } = readSafetensorsHeader(path);
  ensure(
    texts.format === FORMAT && texts.version === VERSION,
    'BAD_DATA',
    `${path} is not a gate written by this version of Suture: make one with "suture gate train".`,
  );
  const weights = readDirections(path, /^heads\.(\d+)$/);
  ensure(
    texts.checksum === checksum(texts, weights),
    'BAD_DATA',
    `${path} was changed after it was written: its checksum is not that of its content. Take it again from where it came from.`,
  );
  const parsed = metadataSchema.and(headsSchema).safeParse(texts);
  if (!parsed.success) {
    throw new SutureError('BAD_DATA', `${path} is not a gate: ${z.prettifyError(parsed.error)}`);
  }
  const { cwes, intercepts, ...metadata } = parsed.data;
  const heads = intercepts.map((intercept, i) => ({
    weights: weights.get(i) ?? new Float32Array(),
    intercept,
  }));
  const known = new Set(cwes).size;
  ensure(
    heads.length === known + 1 && heads.length === weights.size,
    'BAD_DATA',
    `${path} has ${weights.size} heads; its ${known} weaknesses need ${known + 1}.`,
  );
  const [{ weights: first }] = heads as [Head];
  ensure(
    heads.every(
      (head) => head.weights.length === first.length && head.weights.every(Number.isFinite),
    ),
    'BAD_DATA',
    `${path} has heads that are not finite, or not equally wide.`,
  );
  const [alarm, ...others] = heads;
  const routes = new Map<Cwe, (typeof others)[number]>(cwes.map((cwe, i) => [cwe, others[i]!]));
  return { metadata, heads: { alarm: alarm!, routes } };
}

/**
 * @param force takes another model's gate, if only its width and depth fit
 * @throws {SutureError} BAD_DATA where the gate was made for another model
 */
export function checkGate(
  { metadata, heads }: GateFile,
  model: ModelIdentity,
  force = false,
): void {
  const width = heads.alarm.weights.length;
  ensure(
    width === model.dModel && metadata.layer < model.nLayers,
    'BAD_DATA',
    `The gate reads ${width} values at layer ${metadata.layer}; this model has d_model ${model.dModel} and ${model.nLayers} layers.`,
  );
  const others = mismatches(metadata, model);
  ensure(
    force || others.length === 0,
    'BAD_DATA',
    `The gate was made for another model (${metadata.model}): the ${others.join(', ')} differ. Train one for this model with "suture gate train", or force it.`,
  );
}
