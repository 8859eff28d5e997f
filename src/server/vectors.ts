import type { Intervention, Model } from '../engine/index.js';
import { applyVector, type VectorFile } from '../steer/index.js';
import type { SteeringRequest } from './bodies.js';
import { ApiError } from './errors.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Names that models have for other ways of repair. */
const KEPT = ['auto', 'guard'];

export interface VectorRules {
  /** Takes vectors that were made for another model. Defaults to false. */
  force?: boolean | undefined;
  /** Takes scales below 0, which turn a repair into an attack. Defaults to false. */
  allowNegative?: boolean | undefined;
  /** Takes only vectors that the owner of this public key (Ed25519 as PEM) signed. Defaults to all. */
  signedBy?: string | undefined;
}

/** Vectors by name. Each makes a model `base+name`; requests may name them themselves too. */
export class Vectors {
  readonly #model: Model;
  readonly #base: string;
  readonly #rules: VectorRules;
  readonly #files = new Map<string, VectorFile>();

  /** @param base name of the model as it is */
  constructor(model: Model, base: string, rules: VectorRules = {}) {
    this.#model = model;
    this.#base = base;
    this.#rules = rules;
  }

  /**
   * Registers a vector, in the place of one that has the name.
   * @throws {ApiError} for a name that is none; {SutureError} BAD_VECTOR for another model's
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
    this.#files.set(name, file);
  }

  /** @returns whether there was one */
  remove(name: string): boolean {
    return this.#files.delete(name);
  }

  get all(): { name: string; file: VectorFile }[] {
    return [...this.#files].map(([name, file]) => ({ name, file }));
  }

  /** Where they are added. */
  get hooks(): string[] {
    const edits = this.all.flatMap(({ file }) => applyVector(file, this.#model, this.#rules));
    return [...new Set(edits.map(({ hook }) => String(hook)))];
  }

  /** Names of models: `base`, and one for each vector. */
  get models(): string[] {
    return [this.#base, ...this.all.map(({ name }) => `${this.#base}+${name}`)];
  }

  /**
   * The edits that a model's name and a request's own vectors ask for, in that order.
   * @throws {ApiError} 404 for an unknown model; 400 for an unknown vector or a layer that is not there
   */
  edits(model: string, steering: readonly SteeringRequest[] = []): Intervention[] {
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
    return [...asked, ...steering].flatMap((one) => this.#edit(one));
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
