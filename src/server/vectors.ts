import { ensure } from '../core/index.js';
import type { CompletionOptions, Intervention, Model } from '../engine/index.js';
import { applyVector, type GateFile, routeVectors, type VectorFile } from '../steer/index.js';
import type { SteeringRequest } from './bodies.js';
import { ApiError } from './errors.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The name of the model whose vectors a gate chooses. */
const AUTO = 'auto';
/** Names that models have for other ways of repair. */
const KEPT = [AUTO, 'guard'];

export interface VectorRules {
  /** Takes vectors that were made for another model. Defaults to false. */
  force?: boolean | undefined;
  /** Takes scales below 0, which turn a repair into an attack. Defaults to false. */
  allowNegative?: boolean | undefined;
  /** Takes only vectors that the owner of this public key (Ed25519 as PEM) signed. Defaults to all. */
  signedBy?: string | undefined;
}

/** How completions are steered: all interventions act, or those that the gate chooses. */
export type Steering = Required<Pick<CompletionOptions, 'interventions'>> &
  Pick<CompletionOptions, 'gate'>;

/**
 * Vectors by name. Each makes a model `base+name`; requests may name them themselves too. With a gate
 * there is also `base+auto`, for which it chooses one of those against the weaknesses that it tells apart, or none.
 */
export class Vectors {
  readonly #model: Model;
  readonly #base: string;
  readonly #rules: VectorRules;
  #files: ReadonlyMap<string, VectorFile> = new Map();
  #gate: GateFile | undefined;
  /** The vectors that the gate chooses among, made once: requests share them. */
  #routed: ReturnType<typeof routeVectors> | undefined;

  /** @param base name of the model as it is */
  constructor(model: Model, base: string, rules: VectorRules = {}) {
    this.#model = model;
    this.#base = base;
    this.#rules = rules;
  }

  /**
   * Registers a vector, in the place of one that has the name.
   * @throws {ApiError} for a name that is none; {SutureError} BAD_VECTOR for another model's,
   *   BAD_ARGUMENT where the gate could not choose it
   */
  add(name: string, file: VectorFile): void {
    if (!NAME.test(name) || KEPT.includes(name)) {
      throw new ApiError(
        400,
        'invalid_value',
        `"${name}" cannot be the name of a vector: letters, digits, ".", "_" and "-", at most 64, and not ${KEPT.join(' or ')}.`,
        { param: 'name' },
      );
    }
    applyVector(file, this.#model, this.#rules);
    this.#put(new Map(this.#files).set(name, file), this.#gate);
  }

  /**
   * @returns whether there was one
   * @throws {SutureError} BAD_ARGUMENT for one that the gate needs
   */
  remove(name: string): boolean {
    const left = new Map(this.#files);
    const was = left.delete(name);
    this.#put(left, this.#gate);
    return was;
  }

  /**
   * Serves `base+auto`, with vectors that are registered.
   * @throws {SutureError} BAD_DATA for another model's gate; BAD_ARGUMENT where there is no vector against a
   *   weakness that it tells apart, or several, or one that it cannot go with
   */
  choose(gate: GateFile): void {
    this.#put(this.#files, gate);
  }

  #put(files: ReadonlyMap<string, VectorFile>, gate: GateFile | undefined): void {
    this.#routed = gate && this.#route(files, gate);
    this.#files = files;
    this.#gate = gate;
  }

  #route(files: ReadonlyMap<string, VectorFile>, gate: GateFile) {
    const known = [...gate.heads.routes.keys()];
    const own = [...files.values()].filter(({ metadata: { cwe } }) => cwe && known.includes(cwe));
    const routed = routeVectors(gate, own, this.#model, this.#rules);
    const missing = known.filter((cwe) => own.every(({ metadata }) => metadata.cwe !== cwe));
    ensure(
      missing.length === 0,
      'BAD_ARGUMENT',
      `The gate tells ${known.join(', ')} apart, and no vector is registered against ${missing.join(', ')}: give one for each (--vector), or train a gate for fewer weaknesses ("suture gate train --cwe").`,
    );
    return routed;
  }

  get all(): { name: string; file: VectorFile }[] {
    return [...this.#files].map(([name, file]) => ({ name, file }));
  }

  /** Where they are added. */
  get hooks(): string[] {
    const edits = this.all.flatMap(({ file }) => applyVector(file, this.#model, this.#rules));
    return [...new Set(edits.map(({ hook }) => String(hook)))];
  }

  /** Where the gate reads. */
  get gateHooks(): string[] {
    return this.#routed ? [String(this.#routed.gate.hook)] : [];
  }

  /** Names of models: `base`, one for each vector, and that of the gate. */
  get models(): string[] {
    const names = [...this.#files.keys(), ...(this.#gate ? [AUTO] : [])];
    return [this.#base, ...names.map((name) => `${this.#base}+${name}`)];
  }

  /**
   * What a model's name and a request's own vectors ask for, in that order.
   * @throws {ApiError} 404 for an unknown model; 400 for an unknown vector, a layer that is not there, or
   *   vectors beside those that the gate chooses
   */
  steering(model: string, own: readonly SteeringRequest[] = []): Steering {
    if (this.#routed && model === `${this.#base}+${AUTO}`) {
      if (own.length > 0) {
        const message = `"${model}" chooses its vector itself: for others name another model.`;
        throw new ApiError(400, 'invalid_value', message, { param: 'steering' });
      }
      return this.#routed;
    }
    const [base, ...names] = model.split('+');
    if (base !== this.#base || names.some((name) => !this.#files.has(name))) {
      throw new ApiError(
        404,
        'model_not_found',
        `There is no model ${JSON.stringify(model)}; there are ${this.models.join(', ')}. Several vectors are joined by "+".`,
        { param: 'model' },
      );
    }
    const asked: SteeringRequest[] = names.map((name) => ({ name }) as SteeringRequest);
    return { interventions: [...asked, ...own].flatMap((one) => this.#edit(one)) };
  }

  #edit({ name, scale, layers, positions }: SteeringRequest): Intervention[] {
    const file = this.#files.get(name);
    if (!file) {
      const known = [...this.#files.keys()].join(', ') || 'none';
      throw new ApiError(
        400,
        'vector_not_found',
        `There is no vector ${JSON.stringify(name)}; there are: ${known}.`,
        { param: 'steering' },
      );
    }
    const placed = layers ? { ...file, directions: this.#at(file, name, layers) } : file;
    const edits = applyVector(placed, this.#model, { ...this.#rules, strength: scale });
    return positions ? edits.map((edit) => ({ ...edit, positions })) : edits;
  }

  /** A vector of one layer may be added after any; one of several has a direction for each of its own. */
  #at({ directions }: VectorFile, name: string, layers: readonly number[]) {
    const only = directions.size === 1 ? [...directions.values()][0] : undefined;
    const { nLayers } = this.#model;
    return new Map(
      layers.map((given) => {
        const layer = given < 0 ? given + nLayers : given;
        const direction = directions.get(layer) ?? only;
        if (layer < 0 || layer >= nLayers || !direction) {
          throw new ApiError(
            400,
            'invalid_value',
            `The vector ${JSON.stringify(name)} cannot be added after block ${given}: this model has blocks 0 to ${nLayers - 1}, the vector directions for ${[...directions.keys()].join(', ')}.`,
            { param: 'steering' },
          );
        }
        return [layer, direction] as const;
      }),
    );
  }
}
