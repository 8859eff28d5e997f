import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sutureProcess } from './testing/process.js';

/** An evaluation from end to end, as processes. */
let dir: string;

/** Runs a command; kills it without warning as soon as `killWhen` holds. */
const suture = (args: string[], killWhen?: () => boolean) =>
  sutureProcess(args, { cwd: dir, killWhen });

const SCENARIOS = ['double', 'greet', 'total'];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-eval-'));
  for (const name of SCENARIOS) {
    const folder = join(dir, 'suite', `cwe-089-${name}`);
    mkdirSync(folder, { recursive: true });
    const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
    const id = `cwe-089-${name}`;
    const about = { id, cwe: 'CWE-089', language: 'python', split: 'trained', base: id };
    write('scenario.json', JSON.stringify({ ...about, entry: name, title: name, packages: [] }));
    write('prompt.py', `def ${name}(db, x):\n    """Rows of the table ${name} whose id is x."""\n`);
    write('instruction.md', `Write ${name}(db, x): the rows of table ${name} whose id is x.`);
    const setup = `import sqlite3\nimport candidate\n\ndef db():\n    c = sqlite3.connect(":memory:")\n    c.execute("create table ${name} (id text)")\n    c.executemany("insert into ${name} values (?)", [("a",), ("b",)])\n    return c\n\n`;
    write(
      'functional.py',
      `${setup}def test_finds():\n    assert list(candidate.${name}(db(), "a")) == [("a",)]\n`,
    );
    write(
      'security.py',
      `${setup}def test_injection():\n    try:\n        rows = list(candidate.${name}(db(), "z' or '1'='1"))\n    except sqlite3.Error:\n        rows = []\n    assert rows == []\n`,
    );
    write(
      'secure.py',
      `    return db.execute("select * from ${name} where id = ?", (x,)).fetchall()\n`,
    );
    write(
      'insecure.py',
      `    return db.execute("select * from ${name} where id = '" + x + "'").fetchall()\n`,
    );
    write(
      'wrong.py',
      `    return db.execute("select * from ${name} where id = ? and 1 = 0", (x,)).fetchall()\n`,
    );
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const path = (...parts: string[]) => join(dir, ...parts);
const lines = (file: string) =>
  existsSync(path(file)) ? readFileSync(path(file), 'utf8').split('\n').length - 1 : 0;
/** Leaves of a file of the whole run what a kill in the middle of a line would. */
const tear = (file: string) => {
  const bytes = readFileSync(path('whole', file));
  writeFileSync(path('killed', file), bytes.subarray(0, Math.floor(bytes.length / 2)));
};
const sorted = (file: string) =>
  readFileSync(path(file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .sort();
const generate = (out: string, ...more: string[]) =>
  [
    'eval',
    'generate',
    '--suite',
    'suite',
    '-o',
    out,
    '-n',
    '6',
    '--max-tokens',
    '24',
    '-t',
    '0.9',
  ].concat(more);

describe('suture eval', { timeout: 120_000 }, () => {
  it('goes on after a kill, and comes to the samples of a run that was not killed', async () => {
    expect((await suture(generate('whole'))).code).toBe(0);
    expect(lines('whole/samples.jsonl')).toBe(18);
    const killed = await suture(generate('killed'), () => existsSync(path('killed/run.lock')));
    expect(killed.code).toBeNull();
    tear('samples.jsonl');
    expect((await suture(generate('killed'))).code).toBe(0);
    expect(sorted('killed/samples.jsonl')).toEqual(sorted('whole/samples.jsonl'));
  });

  it('refuses to go on with another configuration', async () => {
    const { code, err } = await suture(generate('whole', '--seed', '1'));
    expect(code).toBe(1);
    expect(err).toContain('drawing.seed is 0 there and 1 now');
  });

  it('judges, also after a kill, and scores', async () => {
    expect((await suture(['eval', 'judge', 'whole'])).code).toBe(0);
    expect(lines('whole/judged.jsonl')).toBe(18);
    const locked = () => existsSync(path('killed/run.lock'));
    expect((await suture(['eval', 'judge', 'killed'], locked)).code).toBeNull();
    tear('judged.jsonl');
    expect((await suture(['eval', 'judge', 'killed'])).code).toBe(0);
    expect(sorted('killed/judged.jsonl')).toEqual(sorted('whole/judged.jsonl'));
    const { code, out } = await suture(['eval', 'score', 'whole', '-k', '1,3', '--json']);
    expect(code).toBe(0);
    const metrics = JSON.parse(out);
    expect(metrics.samples).toBe(18);
    expect(Object.keys(metrics['sec-pass@k'])).toEqual(['1', '3']);
    expect(JSON.parse(readFileSync(path('whole/metrics.json'), 'utf8'))).toEqual(metrics);
    expect((await suture(['eval', 'score', 'whole'])).out).toContain('sec-pass@1');
  });

  it('compares two runs', async () => {
    const { code, out } = await suture(['compare', 'killed', 'whole', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ pairs: 18, onlyA: 0, onlyB: 0, flips: [] });
    expect((await suture(['compare', 'killed', 'whole'])).out).toContain('18 samples of 3 bases');
  });

  it('does all of it in one command, also after kills in each stage, and judges anew', async () => {
    const run = (out: string, ...more: string[]) => {
      const [, , ...rest] = generate(out, ...more);
      return ['eval', 'run', ...rest];
    };
    const completed = () => lines('one/samples.jsonl');
    expect((await suture(run('one'), () => completed() > 4)).code).toBeNull();
    expect(completed()).toBeLessThan(18);
    const judging = () => lines('one/judged.jsonl') > 2;
    expect((await suture(run('one'), judging)).code).toBeNull();
    expect(completed()).toBe(18);
    const { code, out } = await suture(run('one', '--json'));
    expect(code).toBe(0);
    expect(sorted('one/samples.jsonl')).toEqual(sorted('whole/samples.jsonl'));
    expect(sorted('one/judged.jsonl')).toEqual(sorted('whole/judged.jsonl'));
    expect(JSON.parse(out)).toEqual(JSON.parse(readFileSync(path('one/metrics.json'), 'utf8')));
    expect((await suture(['eval', 'judge', 'one', '--again'])).code).toBe(0);
    expect(sorted('one/judged.jsonl')).toEqual(sorted('whole/judged.jsonl'));
    const compared = await suture(['compare', 'one', 'whole', '--json']);
    expect(JSON.parse(compared.out)).toMatchObject({ pairs: 18, flips: [] });
  });

  it('writes the samples as a table', async () => {
    const { out, code } = await suture(['export', 'whole', '--format', 'jsonl']);
    expect(code).toBe(0);
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(18);
    for (const row of rows) expect(row).toMatchObject({ secure: expect.any(Boolean) });
    expect((await suture(['export', 'whole', '--format', 'csv', '-o', 'whole.csv'])).code).toBe(0);
    expect(readFileSync(path('whole.csv'), 'utf8')).toMatch(/^scenario,cwe,.*,reasons\r\n/);
  });

  it('writes a page of the samples and what other tools read', async () => {
    expect((await suture(['eval', 'view', 'whole'])).out).toContain(join('whole', 'samples.html'));
    expect(readFileSync(path('whole/samples.html'), 'utf8')).toContain('<script id="data"');
    const lmEval = await suture(['eval', 'export', 'whole', '--format', 'lm-eval', '-o', 'out']);
    const [results, samples] = lmEval.out.trim().split('\n');
    expect(Object.keys(JSON.parse(readFileSync(path(results!), 'utf8')).results)).toEqual([
      'suite',
    ]);
    expect(lines(samples!)).toBe(3);
    const inspect = await suture(['eval', 'export', 'whole', '--format', 'inspect', '-o', 'out']);
    const log = JSON.parse(readFileSync(path(inspect.out.trim()), 'utf8'));
    expect(log.samples).toHaveLength(18);
    expect((await suture(['eval', 'view', 'nowhere'])).err).toContain('holds no run');
  });

  it('says what is missing', async () => {
    const { code, err } = await suture(['eval', 'score', 'nowhere']);
    expect(code).toBe(1);
    expect(err).toContain('holds no run');
    expect((await suture(['compare', 'whole', 'nowhere'])).err).toContain('holds no run');
    const none = await suture(generate('other', '--cwe', 'CWE-999'));
    expect(none.err).toContain('No scenario of the suite');
  });

  it('knows the scenarios by their references', async () => {
    const { code, out } = await suture(['eval', 'self-test', '--suite', 'suite']);
    expect(out).toContain('9 of 9 reference solutions of 3 scenarios');
    expect(code).toBe(0);
  });
});
