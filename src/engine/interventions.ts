import { ensure } from '../core/index.js';
import type { Graph, Value } from '../graph/index.js';
import { hookKind, type ModelConfig, matchHooks, reachesCache } from '../models/index.js';
import type { Feed } from './device.js';
import { checkIntervention, geometry, type Intervention } from './interventions/intervention.js';
import { firstPosition } from './interventions/positions.js';
import { type RunShape, Site, siteKind } from './interventions/site.js';

export { editsByPrompt, type Intervention } from './interventions/intervention.js';
export type { Positions } from './interventions/positions.js';

/** An intervention plan, checked against a model: what it adds to the graph, and what it feeds. */
export class CompiledPlan {
  readonly #sites: Site[] = [];
  readonly #config: ModelConfig;

  /**
   * @param prompts how many prompts the batch has
   * @throws {SutureError} BAD_ARGUMENT for an unknown hook, op or position word, a row or head that
   *   is not there, or a value whose shape does not fit; BAD_VECTOR for a vector of the wrong
   *   width, or not finite
   */
  constructor(plan: readonly Intervention[], config: ModelConfig, prompts: number) {
    this.#config = config;
    for (const intervention of plan) {
      for (const hook of matchHooks(intervention.hook, config)) {
        const kind = hookKind(hook);
        ensure(
          kind !== 'pattern',
          'BAD_ARGUMENT',
          `${hook} can only be captured; to change what attention does, edit attn.hook_z or hook_attn_out.`,
        );
        const at = geometry(kind, config);
        checkIntervention(intervention, hook, at, prompts);
        const site = this.#siteFor(intervention, hook);
        if (site) {
          site.join(intervention);
        } else {
          const number = this.#sites.filter((other) => other.hook === hook).length;
          const made = new Site(`${hook}.edit${number}`, hook, siteKind(intervention), at);
          made.join(intervention);
          this.#sites.push(made);
        }
      }
    }
  }

  /** A site that an edit can join without changing places with one that acts on the same prompt. */
  #siteFor(edit: Intervention, hook: string): Site | undefined {
    for (const site of this.#sites.toReversed()) {
      if (site.hook !== hook) continue;
      if (site.takes(edit)) return site;
      if (site.meets(edit)) return undefined;
    }
    return undefined;
  }

  /** Plans of equal structure share a graph, whatever their vectors, strengths, rows and positions. */
  get structure(): string {
    const parts = this.#sites.map(({ name, kind }) => `${kind} at ${name}`);
    return parts.sort().join('; ');
  }

  /** Adds this plan's edits at one hook: called while the graph is built. */
  apply(graph: Graph, hook: string, x: Value): Value {
    return this.#sites
      .filter((site) => site.hook === hook)
      .reduce((value, site) => site.apply(graph, value), x);
  }

  /**
   * The first token of the prompt of `row` that the plan gives other keys and values, or the
   * prompt's length where there is none. What is cached of the tokens before it can be shared with
   * every other prompt that begins with them.
   *
   * @throws {SutureError} BAD_ARGUMENT where a listed position is outside the prompt
   */
  firstChanged(row: number, promptLength: number): number {
    const firsts = this.#sites.flatMap((site) => {
      const places = site.on(row).map(({ positions }) => firstPosition(positions, promptLength));
      return reachesCache(site.hook, this.#config) ? places : [];
    });
    return Math.min(promptLength, ...firsts);
  }

  /**
   * What the sites are fed in one run.
   * @throws {SutureError} BAD_ARGUMENT where a listed position is outside its prompt
   */
  feeds(run: RunShape): Record<string, Feed> {
    return Object.assign({}, ...this.#sites.map((site) => site.feeds(run)));
  }
}
