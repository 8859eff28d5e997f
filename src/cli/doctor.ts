import { mkdirSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { Command } from 'commander';
import { messageOf, SutureError } from '../core/index.js';
import { cacheDir, hubDir, loadModel } from '../engine/index.js';
import { packageVersion } from '../repair/index.js';
import { type Language, Sandbox } from '../sandbox/index.js';
import { installedAnalysers } from '../scan/index.js';
import { formatBytes, formatTable } from './format.js';

/** `broken`: Suture does not work without it. `missing`: what needs it does not. */
type State = 'ok' | 'missing' | 'broken';

interface Check {
  name: string;
  state: State;
  /** What is there, or what is wrong. */
  found: string;
  /** What to do about it, where something is amiss. */
  hint?: string;
}

/** Less than this is little for anything but the organism. */
const LITTLE_MEMORY = 4e9;
const LITTLE_DISK = 5e9;

/** `suture doctor`: what this machine has for Suture, what is missing, and how to get it. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what this machine has, what is missing, and how to get it')
    .option('--json', 'print it as JSON')
    .action(run);
}

async function run({ json }: { json?: true }): Promise<void> {
  const checks = [
    runtime(),
    await engine(),
    memory(),
    room('cache of weights', cacheDir(), 'SUTURE_CACHE names another folder'),
    room('cache of models', hubDir(), 'HF_HOME names another folder'),
    ...(await sandbox()),
    ...analysers(),
  ];
  if (json) process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
  else {
    process.stdout.write(
      `${formatTable(checks.map(({ name, state, found }) => [state, name, found]))}\n`,
    );
    const hints = checks.filter(({ hint }) => hint !== undefined);
    if (hints.length > 0) process.stdout.write('\n');
    for (const { name, hint } of hints) process.stdout.write(`${name}: ${hint}.\n`);
  }
  const broken = checks.filter(({ state }) => state === 'broken').map(({ name }) => name);
  if (broken.length > 0) {
    throw new SutureError('UNSUPPORTED', `Suture does not work here: see ${broken.join(', ')}.`);
  }
}

function runtime(): Check {
  const found = `Suture ${packageVersion()}, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const old = major < 20 || (major === 20 && minor < 19);
  return {
    name: 'runtime',
    state: old ? 'broken' : 'ok',
    found,
    ...(old && { hint: 'install Node 20.19 or newer' }),
  };
}

/** Loads the small model that ships, and lets it write a token. */
async function engine(): Promise<Check> {
  const start = performance.now();
  try {
    const model = await loadModel('organism');
    await model.generate({ messages: [{ role: 'user', content: 'Hello' }] }, { maxNewTokens: 1 });
    await model.close();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    return {
      name: 'engine',
      state: 'ok',
      found: `ONNX Runtime on the CPU; the organism loads and writes in ${seconds} s`,
    };
  } catch (thrown) {
    return {
      name: 'engine',
      state: 'broken',
      found: messageOf(thrown),
      hint: 'install again with npm ci; ONNX Runtime has builds for Linux, macOS and Windows, x64 and arm64',
    };
  }
}

function memory(): Check {
  const [all, free] = [totalmem(), freemem()];
  const little = all < LITTLE_MEMORY;
  return {
    name: 'machine',
    state: 'ok',
    found: `${availableParallelism()} cores, ${formatBytes(all)} of memory (${formatBytes(free)} free)`,
    ...(little && {
      hint: 'there is little memory: "suture inspect <model>" says what a model needs; --dtype int4 needs the least',
    }),
  };
}

/** A folder that is written to, and what is free on its disk. */
function room(name: string, dir: string, elsewhere: string): Check {
  try {
    mkdirSync(dir, { recursive: true });
    const { bavail, bsize } = statfsSync(dir);
    const free = bavail * bsize;
    return {
      name,
      state: 'ok',
      found: `${dir} (${formatBytes(free)} free)`,
      ...(free < LITTLE_DISK && { hint: `there is little room; ${elsewhere}` }),
    };
  } catch (thrown) {
    return { name, state: 'missing', found: `${dir}: ${messageOf(thrown)}`, hint: elsewhere };
  }
}

const PROBES: Record<Language, { file: string; code: string }> = {
  python: { file: 'main.py', code: 'pass\n' },
  javascript: { file: 'main.js', code: ';\n' },
  c: { file: 'main.c', code: 'int main(void) { return 0; }\n' },
  cpp: { file: 'main.cpp', code: '#include <vector>\nint main() {}\n' },
};

/** What generated code can be run here: one program of each language is. */
async function sandbox(): Promise<Check[]> {
  const box = await Sandbox.open({ workers: 1 });
  try {
    const walls: Check =
      box.kind === 'bubblewrap'
        ? { name: 'sandbox', state: 'ok', found: 'bubblewrap' }
        : {
            name: 'sandbox',
            state: 'missing',
            found: `${box.reason}: Python alone runs, in Pyodide, behind a weaker wall`,
            hint: 'install bubblewrap (apt-get install bubblewrap); it needs Linux 5.14 with user namespaces (docs/sandbox.md)',
          };
    const found = [walls];
    for (const [language, { file, code }] of Object.entries(PROBES)) {
      const { outcome, exitCode, reason, stderr } = await box.run({
        language: language as Language,
        files: { [file]: code },
      });
      const runs = outcome === 'exit' && exitCode === 0;
      found.push({
        name: `sandbox: ${language}`,
        state: runs ? 'ok' : 'missing',
        found: runs ? 'runs' : (reason ?? stderr.trim().split('\n').at(-1)) || outcome,
      });
    }
    return found;
  } finally {
    await box.close();
  }
}

const analysers = (): Check[] =>
  installedAnalysers().map(({ name, version, languages, install }) => ({
    name: `scan --with ${name}`,
    state: version === undefined ? 'missing' : 'ok',
    found: `${version ?? 'not installed'} (${languages.join(', ')})`,
    ...(version === undefined && { hint: install }),
  }));
