import { ensure } from '../../core/index.js';
import type { Gate, Intervention, ModelIdentity } from '../../engine/index.js';
import type { Cwe } from '../../scan/index.js';
import { type ApplyVectorOptions, applyVector } from '../apply-vector.js';
import { layersOf, type VectorFile } from '../vector-file.js';
import { checkGate, type GateFile } from './file.js';
import { routeOf, scoreOf } from './heads.js';

/** What a gate made of a state. */
export interface Decision {
  /** Score of the alarm; the gate acts where it is above the threshold. */
  score: number;
  threshold: number;
  /** The weakness that the prompt is taken to concern; undefined where the gate abstains. */
  cwe: Cwe | undefined;
  /** Whether there is a vector against it. */
  acts: boolean;
}

export interface RouteOptions extends ApplyVectorOptions {
  /** Asked again after so many tokens. Defaults to never: the prompt decides. */
  every?: number | undefined;
  onDecision?: (decision: Decision, at: Parameters<Gate['choose']>[1]) => void;
}

/**
 * What `Model.generate` needs to steer prompts by the vector against the weakness that they concern,
 * and to leave all others as they are to the bit.
 *
 * @param vectors each against another weakness, of those that the gate tells apart
 * @throws {SutureError} BAD_DATA for another model's gate; BAD_ARGUMENT for vectors that do not go
 *   with it; as `applyVector`
 * @example
 * const routed = routeVectors(readGate('gate.safetensors'), [readVector('cwe-787.safetensors')], model);
 * await model.generate({ messages }, routed);
 */
export function routeVectors(
  file: GateFile,
  vectors: readonly VectorFile[],
  model: ModelIdentity,
  options: RouteOptions = {},
): { interventions: Intervention[]; gate: Gate } {
  const { metadata, heads } = file;
  const { every, onDecision, force } = options;
  checkGate(file, model, force);
  const interventions: Intervention[] = [];
  const indices = new Map<Cwe, number[]>();
  for (const vector of vectors) {
    const { cwe } = vector.metadata;
    ensure(
      cwe !== undefined && heads.routes.has(cwe),
      'BAD_ARGUMENT',
      `A vector here is against ${cwe ?? 'no weakness that it names'}; the gate tells apart ${[...heads.routes.keys()].join(', ')}.`,
    );
    ensure(!indices.has(cwe), 'BAD_ARGUMENT', `Two vectors are against ${cwe}: give one.`);
    const [first] = layersOf(vector.directions);
    ensure(
      vector.metadata.positions !== 'all' || first === model.nLayers - 1,
      'BAD_ARGUMENT',
      `The vector against ${cwe} acts on every token of the prompt, and a gate decides at its last one: derive one that acts from there on, or at the last block alone.`,
    );
    const edits = applyVector(vector, model, options);
    indices.set(
      cwe,
      edits.map((_, i) => interventions.length + i),
    );
    interventions.push(...edits);
  }
  const choose: Gate['choose'] = (state, at) => {
    const score = scoreOf(heads.alarm, state);
    const threshold = metadata.threshold.value;
    const cwe = score > threshold ? routeOf(heads, state) : undefined;
    const chosen = (cwe && indices.get(cwe)) ?? [];
    onDecision?.({ score, threshold, cwe, acts: chosen.length > 0 }, at);
    return chosen;
  };
  const hook = `blocks.${metadata.layer}.hook_resid_post`;
  return { interventions, gate: { hook, choose, ...(every !== undefined && { every }) } };
}
