import { Random } from '../dist/core/index.js';
import { openModel } from '../dist/engine/checkpoint.js';
import { Device } from '../dist/engine/index.js';
import { routeVectors } from '../dist/steer/index.js';
import { Bench } from './decoder.js';
import { median, noise, report, THREADS, timed } from './measure.js';
import { withModel } from './model.js';

const CWES = /** @type {const} */ ([
  'CWE-787',
  'CWE-119',
  'CWE-134',
  'CWE-089',
  'CWE-078',
  'CWE-079',
]);
/** What an edit costs does not depend on what lies beneath it: one slim block lets it stand out from the noise. */
const SHALLOW = { num_hidden_layers: 1, intermediate_size: 64, vocab_size: 1000 };
const SESSIONS = 8;
const ROUNDS = 500;

/** @typedef {'plain' | 'again' | 'vector' | 'gated' | 'asked'} Arm */

/**
 * What a vector at the last block, and a gate that tells six weaknesses apart, add to a token: in microseconds at the
 * width of Qwen2.5-0.5B, and as shares of a token of its whole depth.
 *
 * Where a session's buffers lie makes some per cent between equal graphs, so each arm has several sessions, and a second
 * plain graph shows what is noise.
 */
export async function benchEdits() {
  const token = await withModel(fullToken);
  console.log(
    `\nEdits, width of Qwen2.5-0.5B, ${THREADS} threads; a token there takes ${token.toFixed(1)} ms`,
  );
  const costs = await withModel(addedTimes, SHALLOW);
  const tell = (/** @type {Exclude<Arm, 'plain'>} */ name) => {
    const own = costs[name];
    const mean = own.reduce((a, b) => a + b) / own.length;
    const error = Math.sqrt(
      own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (own.length - 1) / own.length,
    );
    const share = (/** @type {number} */ us) => (us / token / 10).toFixed(2);
    return `${mean.toFixed(0)} ± ${error.toFixed(0)} us: ${share(mean)} ± ${share(error)} %`;
  };
  report('a vector at the last block', tell('vector'), '0.5 %');
  report('behind a gate that abstained, before six vectors', tell('gated'), '1 %');
  report('a token at which the gate is asked', tell('asked'), '1 %');
  report('  a second graph without either: noise', tell('again'));
}

/** Milliseconds of a token at the whole shape (median). @param {string} dir */
async function fullToken(dir) {
  const device = new Device({ threads: THREADS });
  const bench = await Bench.create(device, await openModel(dir));
  const program = bench.program();
  const times = [];
  for (let i = 0; i < 20; i++) times.push(await timed(() => bench.step(program)));
  await device.close();
  return median(times);
}

/**
 * Microseconds that each arm takes beyond the plain one, by session (medians of pairs).
 * @param {string} dir
 */
async function addedTimes(dir) {
  const checkpoint = await openModel(dir);
  const { interventions, gate } = routed(checkpoint.config);
  const hook = String(gate.hook);
  const off = [new Map(interventions.map((edit) => [edit, 0]))];
  const at = { prompt: 0, sample: 0, tokens: 0 };
  const vector = noise(checkpoint.config.dModel, 1);
  /** @type {Record<Exclude<Arm, 'plain'>, number[]>} */
  const costs = { again: [], vector: [], gated: [], asked: [] };
  for (let session = 0; session < SESSIONS; session++) {
    const device = new Device({ threads: THREADS });
    // All graphs read the same weights, in the file's pages, so that none finds its own in a cache.
    const load = device.load.bind(device);
    device.load = (bytes) => load(bytes, { disable_prepacking: '1' });
    const bench = await Bench.create(device, checkpoint);
    const [plain, again] = [bench.program(), bench.program([], ['hook_embed'])];
    const steered = bench.program([
      {
        hook: 'blocks.-1.hook_resid_post',
        op: 'add',
        vector,
        positions: 'last_prompt_and_generated',
      },
    ]);
    const gated = bench.program(interventions, [hook]);
    /** @type {Record<Arm, () => Promise<unknown>>} */
    const arms = {
      plain: () => bench.step(plain),
      again: () => bench.step(again, { fetch: ['logits'] }),
      vector: () => bench.step(steered),
      gated: () => bench.step(gated, { ended: off, fetch: ['logits'] }),
      asked: async () => {
        const [, state] = await bench.step(gated, { ended: off });
        gate.choose(/** @type {Float32Array} */ (state?.data), at);
      },
    };
    const names = /** @type {Arm[]} */ (Object.keys(arms));
    /** @type {Record<Arm, number[]>} */
    const times = { plain: [], again: [], vector: [], gated: [], asked: [] };
    for (let round = 0; round < ROUNDS; round++) {
      // Interleaved, in an order of chance, so that drift of the machine and what ran before fall on all alike.
      const order = new Random('edits', session, round).shuffle(names);
      for (const name of order) times[name].push(await timed(arms[name]));
    }
    for (const name of /** @type {(keyof typeof costs)[]} */ (Object.keys(costs))) {
      const added = times[name].map((t, i) => 1000 * (t - /** @type {number} */ (times.plain[i])));
      costs[name].push(median(added.slice(ROUNDS / 10)));
    }
    await device.close();
  }
  return costs;
}

/** Six random vectors at the last block, and a gate that abstains. @param {import('../dist/engine/index.js').Checkpoint['config']} config */
function routed(config) {
  const { dModel, nLayers } = config;
  const bound = { model: 'bench', family: 'qwen2', model_hash: '', tokenizer_hash: '' };
  const made = { ...bound, template_hash: '', data_hash: '', method: 'probe' };
  const head = { weights: noise(dModel, 1), intercept: 0 };
  const none = { hits: 0, total: 0, low: 0, high: 1 };
  const evaluation = { falseAlarms: none, missed: none, misrouted: none, layers: [] };
  const threshold = { value: 1e9, budget: 0.01, prompts: 0, bases: 0, alarms: 0, bound: 1 };
  return routeVectors(
    {
      metadata: { ...made, method: 'probe', layer: 0, threshold, evaluation },
      heads: { alarm: head, routes: new Map(CWES.map((cwe) => [cwe, head])) },
    },
    CWES.map((cwe) => ({
      directions: new Map([[nLayers - 1, noise(dModel, 1)]]),
      metadata: {
        ...made,
        cwe,
        site: 'decision',
        strength: 1,
        positions: 'last_prompt_and_generated',
      },
    })),
    { id: 'bench', dModel, nLayers, hash: '', config, tokenizer: undefined },
    { force: true },
  );
}
