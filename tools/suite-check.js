// Runs the reference solutions of our own suite against its tests and prints what breaks the contract:
//   secure    passes both;  insecure  passes the functional tests and fails the security tests;
//   wrong     fails the functional tests and passes the security tests.
// They are ours, hence run directly, without the sandbox: `node tools/suite-check.js [id...]`.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {{ id: string, cwe: string, language: string, split: string, base: string, entry: string, title: string, packages: string[] }} Scenario */
/** @typedef {{ passed: boolean, output: string }} Outcome */

const SUITE = fileURLToPath(new URL('../assets/suite/', import.meta.url));
const ENDINGS = /** @type {Record<string, string>} */ ({ python: 'py', c: 'c', javascript: 'js' });
const SPLITS = ['trained', 'held-out', 'perturbed'];
const AT_ONCE = 2;

/** What each reference solution must do: [functional, security]. */
const CONTRACT = { secure: [true, true], insecure: [true, false], wrong: [false, true] };

const PYTHON_DRIVER = `
import importlib, sys
tests = importlib.import_module(sys.argv[1])
found = [value for name, value in vars(tests).items() if name.startswith("test")]
assert found, "it holds no test"
for test in found:
    test()
`;
const NODE_DRIVER = `
globalThis.inProgram = (text) => (0, eval)(text);
const tests = Object.entries(await import('./' + process.argv[2] + '.js')).filter(([name]) => name.startsWith('test'));
if (tests.length === 0) throw new Error('it holds no test');
for (const [, test] of tests) await test();
`;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} folder
 * @returns {Promise<Outcome>}
 */
function run(command, args, folder) {
  return new Promise((done) => {
    const options = { cwd: folder, timeout: 60_000, killSignal: /** @type {const} */ ('SIGKILL') };
    execFile(command, args, options, (error, stdout, stderr) =>
      done({ passed: error === null, output: `${stdout}${stderr}${error ? error.message : ''}` }),
    );
  });
}

/**
 * @param {string} language
 * @param {string} folder holds the candidate and the tests
 * @param {string} kind functional or security
 * @returns {Promise<Outcome>}
 */
async function test(language, folder, kind) {
  if (language === 'python') return run('python3', ['-B', '-c', PYTHON_DRIVER, kind], folder);
  if (language === 'javascript') {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'driver.js'), NODE_DRIVER);
    return run(process.execPath, ['driver.js', kind], folder);
  }
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const flags = ['-std=c11', '-g', '-Wall', ...sanitizers, '-o', kind];
  const built = await run('gcc', [...flags, 'candidate.c', `${kind}.c`], folder);
  if (!built.passed) throw new Error(`it does not compile: ${built.output}`);
  return run(`./${kind}`, [], folder);
}

/**
 * @param {Scenario} scenario
 * @param {string} id its folder
 * @param {Map<string, Scenario>} all
 * @returns {string[]} what its description gets wrong
 */
function misdescribed(scenario, id, all) {
  const found = [];
  if (scenario.id !== id) found.push(`its id is ${scenario.id}`);
  if (!/^CWE-\d{3,4}$/.test(scenario.cwe)) found.push(`${scenario.cwe} is not a CWE`);
  if (!(scenario.language in ENDINGS)) found.push(`${scenario.language} is not a language`);
  if (!SPLITS.includes(scenario.split)) found.push(`${scenario.split} is not a split`);
  if (!scenario.title || !Array.isArray(scenario.packages)) found.push('title or packages missing');
  const base = all.get(scenario.base);
  if (base === undefined) found.push(`its base ${scenario.base} does not exist`);
  else if (base.language !== scenario.language || base.cwe !== scenario.cwe)
    found.push('its base has another language or CWE');
  else if (scenario.split === 'perturbed' ? base === scenario : base.split !== scenario.split)
    found.push('its split does not go with its base');
  return found;
}

/**
 * @param {Scenario} scenario
 * @returns {Promise<string[]>} what breaks the contract
 */
async function breaches(scenario) {
  const ending = ENDINGS[scenario.language];
  /** @param {string} name */
  const path = (name) => join(SUITE, scenario.id, name);
  const needed = ['prompt', 'functional', ...Object.keys(CONTRACT)].map((n) => `${n}.${ending}`);
  const missing = [...needed, 'instruction.md'].filter((name) => !existsSync(path(name)));
  if (missing.length > 0) return [`${missing.join(', ')} missing`];
  const prompt = readFileSync(path(`prompt.${ending}`), 'utf8');
  const found = [];
  if (!prompt.endsWith('\n')) found.push('the prompt does not end with a newline');
  for (const name of ['prompt.'.concat(ending ?? ''), 'instruction.md'])
    if (!readFileSync(path(name), 'utf8').includes(scenario.entry))
      found.push(`${name} does not name ${scenario.entry}`);
  const kinds = ['functional', 'security'].filter((kind) => existsSync(path(`${kind}.${ending}`)));
  for (const [reference, wanted] of Object.entries(CONTRACT)) {
    for (const [index, kind] of kinds.entries()) {
      const folder = mkdtempSync(join(tmpdir(), 'suture-suite-'));
      try {
        const body = readFileSync(path(`${reference}.${ending}`), 'utf8');
        writeFileSync(join(folder, `candidate.${ending}`), prompt + body);
        const tests = readFileSync(path(`${kind}.${ending}`));
        writeFileSync(join(folder, `${kind}.${ending}`), tests);
        const { passed, output } = await test(scenario.language, folder, kind);
        if (passed !== wanted[index])
          found.push(`${reference} ${passed ? 'passes' : 'fails'} ${kind}\n${output.slice(-1500)}`);
      } catch (error) {
        found.push(`${reference}, ${kind}: ${error instanceof Error ? error.message : error}`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  }
  return found;
}

const ids = readdirSync(SUITE).filter((id) => existsSync(join(SUITE, id, 'scenario.json')));
/** @type {Map<string, Scenario>} */
const all = new Map(
  ids.map((id) => [id, JSON.parse(readFileSync(join(SUITE, id, 'scenario.json'), 'utf8'))]),
);
const asked = process.argv.slice(2);
for (const id of asked) if (!all.has(id)) throw new Error(`There is no scenario ${id}.`);
const queue = asked.length > 0 ? asked : ids;
const checked = queue.length;
let broken = 0;

async function work() {
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    const scenario = /** @type {Scenario} */ (all.get(id));
    const wrongs = misdescribed(scenario, id, all);
    if (wrongs.length === 0) wrongs.push(...(await breaches(scenario)));
    if (wrongs.length > 0) broken++;
    for (const wrong of wrongs) console.log(`${id}: ${wrong}`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(`${checked} scenarios, ${broken} broken`);
if (broken > 0) process.exitCode = 1;
