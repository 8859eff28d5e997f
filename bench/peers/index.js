// `npm run bench -- --peers`: Suture's speed beside llama.cpp (through node-llama-cpp, installed
// here on demand) and PyTorch (where Python has it), in one run, with the same random weights.
//
//   --shape 0.5b|1.5b|7b            the model whose shape is taken; 0.5b
//   --dtype f32,int8,int4           precisions; all, of the 7b int4
//   --only prefill,decode,overhead,load,job   parts; all
//   --rounds 5                      how often each figure is taken, the engines by turns
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, THREADS } from '../measure.js';
import { Engine, findTorch } from './engine.js';
import { ggufFile } from './gguf.js';
import { SHAPES } from './shapes.js';
import { FOLDER, randomCheckpoint } from './weights.js';

/**
 * An engine with a model in some precision, ready to be started.
 * @typedef {{ title: string, start: () => Engine, load: object }} Entrant
 * @typedef {{ title: string, engine: Engine }} Started
 * @typedef {{ rounds: number, vocabulary: number, layers: number, cache: string }} Setting
 */

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** llama.cpp's type with as many bits. */
const GGML = /** @type {const} */ ({ int8: 'q8_0', int4: 'q4_0' });
const DTYPES = /** @type {const} */ (['f32', 'int8', 'int4']);
const PARTS = { prefill, decode, overhead, load, job };

/** @param {string[]} args */
export async function benchPeers(args) {
  const { shape, dtypes, only, rounds } = parse(args);
  install();
  const { title, config } = SHAPES[shape];
  const torch = await findTorch();
  await printSetting(title, torch?.version);
  const dir = await randomCheckpoint(shape);
  for (const dtype of dtypes) {
    const cache = `${FOLDER}/${shape}.${dtype}`;
    /** @type {Entrant[]} */
    const entrants = [
      {
        title: `Suture ${dtype}`,
        start: () => Engine.suture(cache),
        load: { dir, dtype, threads: THREADS },
      },
    ];
    if (dtype !== 'f32') {
      const file = await ggufFile(dir, GGML[dtype]);
      const load = { file, threads: THREADS };
      entrants.push({ title: `llama.cpp ${GGML[dtype]}`, start: Engine.llama, load });
    } else if (torch) {
      const load = { dir, threads: THREADS };
      entrants.push({ title: 'PyTorch f32', start: () => Engine.torch(torch.python), load });
    }
    const setting = {
      rounds,
      vocabulary: config.vocab_size,
      layers: config.num_hidden_layers,
      cache,
    };
    for (const part of only) await PARTS[part](entrants, setting);
  }
}

/** @param {string[]} args */
function parse(args) {
  const { values } = parseArgs({
    args,
    options: {
      peers: { type: 'boolean' },
      shape: { type: 'string', default: '0.5b' },
      dtype: { type: 'string' },
      only: { type: 'string', default: Object.keys(PARTS).join() },
      rounds: { type: 'string', default: '5' },
    },
  });
  const shape = choice('--shape', values.shape, Object.keys(SHAPES));
  const dtypes = values.dtype ?? (shape === '7b' ? 'int4' : DTYPES.join());
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be 1 or more.');
  return {
    shape: /** @type {import('./shapes.js').Shape} */ (shape),
    dtypes: dtypes.split(',').map((name) => choice('--dtype', name, DTYPES)),
    only: values.only
      .split(',')
      .map(
        (name) => /** @type {keyof typeof PARTS} */ (choice('--only', name, Object.keys(PARTS))),
      ),
    rounds,
  };
}

/**
 * @template {string} T
 * @param {string} option @param {string} value @param {readonly T[]} known @returns {T}
 */
function choice(option, value, known) {
  const found = known.find((name) => name === value);
  if (!found) throw new Error(`${option} ${value}: use one of ${known.join(', ')}.`);
  return found;
}

/** Installs the peers where they are not there. */
function install() {
  if (existsSync(`${HERE}node_modules/node-llama-cpp`)) return;
  console.log('installing node-llama-cpp into bench/peers ...');
  // Not `npm ci`: the lock file of a package with binaries for every platform names those that the
  // registry had for the one it was made on.
  const { status } = spawnSync('npm', ['install', '--no-save'], {
    cwd: HERE,
    stdio: 'inherit',
    shell: platform() === 'win32',
  });
  if (status !== 0) throw new Error('The peers could not be installed.');
}

/** @param {string} title @param {string | undefined} torch */
async function printSetting(title, torch) {
  const llama = Engine.llama();
  const release_ = await llama.call('version');
  await llama.close();
  const packageOf = (/** @type {string} */ folder) =>
    JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version;
  const ort = packageOf(`${HERE}../../node_modules/onnxruntime-node`);
  const [cpu] = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  console.log(`\n${title} shape, random weights, ${THREADS} threads`);
  console.log(
    `  ${cpu?.model} x ${cpus().length}, ${memory}, ${platform()} ${release()} ${arch()}`,
  );
  console.log(
    `  Suture ${packageOf(`${HERE}../..`)} (ONNX Runtime ${ort}), Node ${process.version}`,
  );
  const llamaPackage = packageOf(`${HERE}node_modules/node-llama-cpp`);
  console.log(`  llama.cpp ${release_} (node-llama-cpp ${llamaPackage})`);
  console.log(torch ? `  PyTorch ${torch}` : '  no PyTorch: f32 stands alone (python3-torch)');
}

/** Tokens taken in at once, to the logits of the last. @param {Entrant[]} entrants @param {Setting} setting */
async function prefill(entrants, { rounds, vocabulary }) {
  await together(entrants, async (started) => {
    for (const length of [256, 1024]) {
      const tokens = prompt(length, vocabulary);
      const nexts = [];
      for (const { engine } of started) nexts.push((await engine.call('prefill', { tokens })).next);
      const rates = await byTurns(started, rounds, async ({ engine }) => {
        return (1000 * length) / (await engine.call('prefill', { tokens })).ms;
      });
      beside(`prefill, ${length} tokens`, started, rates);
      console.log(`  most probable next token: ${nexts.join(', ')}`);
    }
  });
}

/** Greedy decoding of one sequence. @param {Entrant[]} entrants @param {Setting} setting */
async function decode(entrants, { rounds, vocabulary }) {
  await together(entrants, async (started) => {
    for (const context of [256, 1700]) {
      const tokens = prompt(context, vocabulary);
      const rates = await byTurns(started, rounds, async ({ engine }) => {
        return 1000 / median((await engine.call('decode', { tokens, steps: 24 })).ms);
      });
      beside(`decode, ${context} tokens before`, started, rates);
    }
  });
}

/**
 * What hooks cost: the median of the pairs' ratios, with its 95 % interval (by order statistics: no
 * shape of the noise is assumed). Each in a new process: a graph has its own copy of the weights,
 * and more than two would not fit for a large model.
 * @param {Entrant[]} entrants @param {Setting} setting
 */
async function overhead(entrants, { rounds, vocabulary, layers }) {
  const tokens = prompt(256, vocabulary);
  let peak = 0;
  const cost = (
    /** @type {'passPairs' | 'stepPairs'} */ method,
    /** @type {string} */ what,
    edit = {},
    target = '',
  ) =>
    together(
      entrants.slice(0, 1),
      async ([suture]) => {
        if (!suture) return;
        // A step takes a twentieth of a pass, so there can be more of them.
        const pairs = (method === 'passPairs' ? 6 : 60) * rounds;
        const { ratios } = await suture.engine.call(method, { tokens, pairs, ...edit });
        const sorted = ratios.toSorted((/** @type {number} */ a, /** @type {number} */ b) => a - b);
        const half = sorted.length / 2;
        const reach = 0.98 * Math.sqrt(sorted.length);
        const figures = [half - reach, half, half + reach].map(
          (i) => 100 * (sorted[Math.min(Math.max(Math.floor(i), 0), sorted.length - 1)] - 1),
        );
        row(what, suture.title, figures, '%', target);
        peak = Math.max(peak, await suture.engine.memory());
      },
      false,
    );
  const captured = { capture: 'blocks.*.hook_resid_post' };
  await cost('passPairs', 'capture all residuals, pass over 256', captured, 'goal < 5 %');
  for (const steer of [0, Math.floor(layers / 2), layers - 1]) {
    await cost('passPairs', `steer layer ${steer}, pass over 256`, { steer }, 'goal < 1 %');
    await cost('stepPairs', `steer layer ${steer}, decode`, { steer }, 'goal < 1 %');
  }
  await cost('passPairs', '  noise: another graph, same work', { capture: 'hook_embed' });
  await cost('stepPairs', '  noise: two plain sequences, decode');
  row('  peak memory', entrants[0]?.title ?? '', [peak], 'GiB');
}

/** From the call that loads to the first token, in new processes. @param {Entrant[]} entrants @param {Setting} setting */
async function load(entrants, { rounds, vocabulary, cache }) {
  const tokens = prompt(16, vocabulary);
  const first = async (/** @type {Entrant} */ entrant) => {
    /** @type {number[]} */
    const seconds = [];
    let memory = 0;
    await together(
      [entrant],
      async ([started]) => {
        if (!started) return;
        const { ms } = await started.engine.call('prefill', { tokens });
        seconds.push((started.loadMs + ms) / 1000);
        memory = await started.engine.memory();
      },
      false,
    );
    return { seconds, memory };
  };
  const [suture] = entrants;
  if (suture) {
    rmSync(cache, { recursive: true, force: true });
    const { seconds, memory } = await first(suture);
    if (seconds.length === 0) return;
    row('convert, load, first token', suture.title, seconds, 's', `peak ${memory.toFixed(2)} GiB`);
  }
  /** @type {Map<string, number[]>} */
  const times = new Map(entrants.map(({ title }) => [title, []]));
  for (let round = 0; round < rounds; round++) {
    for (const entrant of entrants) {
      times.get(entrant.title)?.push(...(await first(entrant)).seconds);
    }
  }
  for (const [title, seconds] of times) {
    row(
      'load from a warm cache, first token',
      title,
      seconds,
      's',
      title === 'Suture int8' ? 'goal < 1 s at 0.5b' : '',
    );
  }
}

/** The sweep that Suture is for. @param {Entrant[]} entrants @param {Setting} setting */
async function job(entrants, { vocabulary }) {
  await together(entrants.slice(0, 1), async ([suture]) => {
    if (!suture) return;
    const sweep = { samples: 20, strengths: 8, controls: 4, newTokens: 64 };
    const { ms, tokens, alone } = await suture.engine.call('job', {
      tokens: prompt(256, vocabulary),
      ...sweep,
      alone: 3,
    });
    const rate = (1000 * tokens) / ms;
    const rates = alone.map((/** @type {number} */ time) => (1000 * sweep.newTokens) / time);
    row(
      '20 samples x 8 strengths x 4 controls',
      suture.title,
      [rate],
      'tokens/s',
      `${(rate / median(rates)).toFixed(1)} x row by row`,
    );
    row('  row by row', suture.title, rates, 'tokens/s');
  });
}

/**
 * Starts engines and loads their models, does the work, prints their peak memory and ends them. One that cannot load is left out, and says why.
 * @param {Entrant[]} entrants @param {(started: (Started & { loadMs: number })[]) => Promise<void>} work
 */
async function together(entrants, work, memory = true) {
  const started = [];
  try {
    for (const { title, start, load } of entrants) {
      const engine = start();
      try {
        const { ms } = await engine.call('load', load);
        started.push({ title, engine, loadMs: ms });
      } catch (thrown) {
        console.log(`${title}: ${/** @type {Error} */ (thrown).message}`);
        await engine.close();
      }
    }
    await work(started);
    if (memory)
      for (const { title, engine } of started)
        row('  peak memory', title, [await engine.memory()], 'GiB');
  } finally {
    for (const { engine } of started) await engine.close();
  }
}

/**
 * Figures of each engine, taken by turns so that drift of the machine falls on all alike.
 * @param {Started[]} started @param {number} rounds @param {(started: Started) => Promise<number>} measure
 */
async function byTurns(started, rounds, measure) {
  /** @type {number[][]} */
  const figures = started.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, one] of started.entries()) figures[i]?.push(await measure(one));
  }
  return figures;
}

/** One line for each engine; the first beside the second. @param {string} what @param {Started[]} started @param {number[][]} rates */
function beside(what, started, rates) {
  for (const [i, { title }] of started.entries()) {
    const own = rates[i] ?? [];
    const peer = i === 0 ? rates[1] : undefined;
    const note = peer ? `${(median(own) / median(peer)).toFixed(2)} x ${started[1]?.title}` : '';
    row(i === 0 ? what : '', title, own, 'tokens/s', note);
  }
}

/** @param {string} what @param {string} who @param {number[]} figures @param {string} unit */
function row(what, who, figures, unit, note = '') {
  const digits = (/** @type {number} */ x) => x.toFixed(Math.abs(x) < 100 ? 2 : 0);
  const spread =
    figures.length > 1 ? `${digits(Math.min(...figures))} to ${digits(Math.max(...figures))}` : '';
  const figure = `${digits(median(figures))} ${unit}`;
  console.log(
    `${what.padEnd(40)} ${who.padEnd(15)} ${figure.padStart(15)}  ${spread.padEnd(17)} ${note}`.trimEnd(),
  );
}

/** Tokens all over the vocabulary. @param {number} length @param {number} vocabulary */
function prompt(length, vocabulary) {
  return Array.from({ length }, (_, i) => (i * 7919 + 13) % vocabulary);
}
