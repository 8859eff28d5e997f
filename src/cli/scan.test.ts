import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sutureProcess } from './testing/process.js';

const BAD = 'import os\n\ndef remove(name):\n    os.remove(name)\n';
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-scan-'));
  mkdirSync(join(dir, 'code', 'node_modules'), { recursive: true });
  writeFileSync(join(dir, 'code', 'bad name.py'), BAD);
  writeFileSync(join(dir, 'code', 'good.c'), 'int f(int a) {\n  return a;\n}\n');
  writeFileSync(join(dir, 'code', 'text.txt'), 'import os');
  writeFileSync(join(dir, 'code', 'node_modules', 'other.py'), BAD);
  symlinkSync('.', join(dir, 'code', 'round'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const scan = (args: string[], input = '') => sutureProcess(['scan', ...args], { cwd: dir, input });

describe('suture scan', () => {
  it('scans the sources of a folder, and ends with 1 where it finds something', async () => {
    const { code, out } = await scan(['code']);
    expect(code).toBe(1);
    expect(out).toContain('code/bad name.py:4:5: high: ');
    expect(out).toContain('1 finding in 2 files');
  });

  it('ends with 0 where there is nothing', async () => {
    expect(await scan(['code/good.c'])).toMatchObject({ code: 0, out: '0 findings in 1 file\n' });
  });

  it('reads standard input', async () => {
    const { code, out } = await scan(
      ['-', '--language', 'python', '--format', 'json', '--cwe', '22'],
      BAD,
    );
    expect(code).toBe(1);
    const { files } = JSON.parse(out);
    expect(files).toMatchObject([
      {
        path: '-',
        language: 'python',
        parse: 'ok',
        verdicts: [{ cwe: 'CWE-022', verdict: 'insecure' }],
      },
    ]);
  });

  it('writes SARIF that fits its published schema', async () => {
    const { code, out } = await scan(['code', '--format', 'sarif']);
    expect(code).toBe(1);
    const file = new URL('../../fixtures/sarif/sarif-2.1.0-rtm.5.json', import.meta.url);
    const ajv = new Ajv({ strict: false, unicodeRegExp: false });
    addFormats.default(ajv);
    // It calls itself draft 4, and has nothing that later drafts read otherwise.
    const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(file, 'utf8'));
    const fits = ajv.compile(schema);
    const log = JSON.parse(out);
    fits(log);
    expect(fits.errors).toBe(null);
    expect(log.runs[0].results[0].locations[0].physicalLocation).toMatchObject({
      artifactLocation: { uri: 'code/bad%20name.py' },
      region: { startLine: 4, startColumn: 5 },
    });
    // What does not fit is refused, so the schema is a test.
    log.runs[0].results[0].level = 'severe';
    expect(fits(log)).toBe(false);
  });

  it('leaves out what a baseline holds', async () => {
    expect((await scan(['code', '--write-baseline', 'known.json'])).code).toBe(0);
    expect(await scan(['code', '--baseline', 'known.json'])).toMatchObject({ code: 0 });
  });

  it.each([
    [['nowhere'], /no such file/],
    [['code/text.txt'], /give --language/],
    [['-'], /give --language/],
    [['code/node_modules/..', '--baseline', 'code/good.c'], /not valid JSON/],
    [['code', '--cwe', '9999'], /CWE-022/],
    [['code', '--format', 'xml'], /sarif/],
    [[], /missing required argument/],
  ])('ends with 2 on %j', async (args, message) => {
    const { code, out, err } = await scan(args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(out).toBe('');
  });
});
