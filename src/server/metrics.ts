import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ContinuousBatch } from '../engine/index.js';
import type { Vectors } from './vectors.js';

/** What Prometheus is told: each server has its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = this.#counter('requests_total', 'Requests by path and status', [
    'path',
    'status',
  ]);
  readonly #tokens = this.#counter('tokens_total', 'Tokens of prompts and completions', ['kind']);
  readonly #findings = this.#counter('findings_total', 'Weaknesses found in completions', ['cwe']);
  readonly #withheld = this.#counter('withheld_total', 'Completions that were not handed out', []);
  readonly #seconds = this.#histogram('request_seconds', 'Duration of requests', ['path']);
  readonly #first = this.#histogram('first_text_seconds', 'From a request to its first text', []);

  constructor(batch: ContinuousBatch, vectors: Vectors) {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name: `suture_${name}`,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    gauge('rows_active', 'Completions that are computed', () => batch.load.active);
    gauge('rows_waiting', 'Completions that wait', () => batch.load.waiting);
    gauge('vectors', 'Vectors that are registered', () => vectors.all.length);
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @param path of a known route, never what a client made up */
  request(path: string, status: number, seconds: number): void {
    this.#requests.inc({ path, status });
    this.#seconds.observe({ path }, seconds);
  }

  tokens(prompt: number, completion: number): void {
    this.#tokens.inc({ kind: 'prompt' }, prompt);
    this.#tokens.inc({ kind: 'completion' }, completion);
  }

  scanned(cwes: readonly string[], withheld: boolean): void {
    for (const cwe of cwes) this.#findings.inc({ cwe });
    if (withheld) this.#withheld.inc();
  }

  firstText(seconds: number): void {
    this.#first.observe(seconds);
  }

  /** The text that Prometheus reads. */
  async text(): Promise<{ type: string; body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #counter(name: string, help: string, labelNames: string[]) {
    return new Counter({ name: `suture_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labelNames: string[]) {
    const buckets = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];
    const registers = [this.#registry];
    return new Histogram({ name: `suture_${name}`, help, labelNames, buckets, registers });
  }
}
