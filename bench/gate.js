import { openModel } from '../dist/engine/checkpoint.js';
import { Device } from '../dist/engine/index.js';
import { routeVectors } from '../dist/steer/index.js';
import { Bench, withModel } from './decoder.js';
import { median, noise, report, THREADS, timed } from './measure.js';

const CWES = /** @type {const} */ ([
  'CWE-787',
  'CWE-119',
  'CWE-134',
  'CWE-089',
  'CWE-078',
  'CWE-079',
]);
const LAYER = 12;
const SESSIONS = 6;
const ROUNDS = 40;

/** @typedef {'plain' | 'again' | 'gated' | 'asked'} Arm */

/** What a gate that tells six weaknesses apart, each with a vector, costs a prompt that it abstains on. */
export const benchGate = () => withModel(run);

/**
 * Where a session's buffers lie makes some per cent between equal graphs, so each arm has several
 * sessions, and a second plain graph shows what is noise.
 * @param {string} dir
 */
async function run(dir) {
  const checkpoint = await openModel(dir);
  console.log(`\nA gate before six vectors, Qwen2.5-0.5B shape, ${THREADS} threads`);
  const { interventions, gate } = routed(checkpoint.config);
  const hook = String(gate.hook);
  const off = [new Map(interventions.map((edit) => [edit, 0]))];
  const at = { prompt: 0, sample: 0, tokens: 0 };
  /** @type {Record<Exclude<Arm, 'plain'>, number[]>} */
  const costs = { again: [], gated: [], asked: [] };
  for (let session = 0; session < SESSIONS; session++) {
    const device = new Device({ threads: THREADS });
    // As in `decoder.js`: all graphs read the same weights, in the file's pages.
    const load = device.load.bind(device);
    device.load = (bytes) => load(bytes, { disable_prepacking: '1' });
    const bench = await Bench.create(device, checkpoint);
    const [plain, again] = [bench.program(), bench.program([], ['hook_embed'])];
    const gated = bench.program(interventions, [hook]);
    /** @type {Record<Arm, () => Promise<unknown>>} */
    const arms = {
      plain: () => bench.step(plain),
      again: () => bench.step(again, { fetch: ['logits'] }),
      gated: () => bench.step(gated, { ended: off, fetch: ['logits'] }),
      asked: async () => {
        const [, state] = await bench.step(gated, { ended: off });
        gate.choose(/** @type {Float32Array} */ (state?.data), at);
      },
    };
    const names = /** @type {Arm[]} */ (Object.keys(arms));
    /** @type {Record<Arm, number[]>} */
    const times = { plain: [], again: [], gated: [], asked: [] };
    for (let round = 0; round < ROUNDS; round++) {
      // Interleaved, and in another order every time, so that drift of the machine falls on all alike.
      for (let i = 0; i < names.length; i++) {
        const name = /** @type {Arm} */ (names[(i + round + session) % names.length]);
        times[name].push(await timed(arms[name]));
      }
    }
    for (const name of /** @type {(keyof typeof costs)[]} */ (Object.keys(costs))) {
      const ratios = times[name].map((t, i) => t / /** @type {number} */ (times.plain[i]));
      costs[name].push(100 * (median(ratios.slice(4)) - 1));
    }
    await device.close();
  }
  const tell = (/** @type {keyof typeof costs} */ name) => {
    const mean = costs[name].reduce((a, b) => a + b) / SESSIONS;
    const each = costs[name].toSorted((a, b) => a - b).map((cost) => cost.toFixed(1));
    return `${mean.toFixed(2)} % (${each.join(', ')})`;
  };
  report('a token behind a gate that abstained (mean of medians of pairs)', tell('gated'), '1 %');
  report('a token at which the gate is asked', tell('asked'), '1 %');
  report('  the same for a graph without a gate: noise', tell('again'));
}

/** Six random vectors at the last block, and a gate in the middle that abstains. @param {import('../dist/engine/index.js').Checkpoint['config']} config */
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
      metadata: { ...made, method: 'probe', layer: LAYER, threshold, evaluation },
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
