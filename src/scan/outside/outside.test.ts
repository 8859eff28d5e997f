import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SutureError } from '../../core/index.js';
import type { CweVerdict } from '../audit.js';
import { reportAsSarif } from '../output/sarif.js';
import { agreementOf } from './agreement.js';
import { readBandit } from './bandit.js';
import { withClangCwes } from './clang.js';
import { readCppcheck } from './cppcheck.js';
import { readGcc } from './gcc.js';
import { installedAnalysers, runAnalyser } from './run.js';
import { readSarif } from './sarif.js';

const root = mkdtempSync(join(tmpdir(), 'suture-outside-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const C = `#include <stdlib.h>
#include <string.h>
#include <stdio.h>
void greet(char *name) {
  char buf[16];
  strcpy(buf, name);
  printf(name);
}
int twice(void) {
  char *p = malloc(4);
  free(p);
  free(p);
  return 0;
}
`;
const PYTHON = 'import subprocess\ndef run(name):\n    subprocess.call("ls " + name, shell=True)\n';

describe('what analysers print is read', () => {
  it('bandit, with CWEs of its own or by its rules', () => {
    const result = {
      filename: 't.py',
      test_id: 'B602',
      issue_text: 'shell=True',
      issue_severity: 'HIGH',
      line_number: 3,
      line_range: [3, 4],
    };
    const text = JSON.stringify({
      results: [result, { ...result, test_id: 'B999', issue_cwe: { id: 89 }, col_offset: 4 }],
      errors: [{ filename: 'u.py', reason: 'syntax error' }],
    });
    const { findings, unread } = readBandit(text);
    expect(findings[0]).toEqual({
      path: 't.py',
      cwes: [78],
      rule: 'B602',
      message: 'shell=True',
      severity: 'high',
      line: 3,
      column: 1,
      endLine: 4,
    });
    expect(findings[1]).toMatchObject({ cwes: [89], column: 5 });
    expect(unread).toBe('could not read 1 files: u.py: syntax error');
  });

  it('cppcheck, a line for each', () => {
    const text = `t.c\t11\t4\terror\tarrayIndexOutOfBounds\t788\tArray 'p[4]'\tis short.\nChecking t.c ...\nnofile\t0\t0\tinformation\tx\t0\ty\n`;
    expect(readCppcheck(text)).toEqual([
      {
        path: 't.c',
        cwes: [788],
        rule: 'arrayIndexOutOfBounds',
        message: "Array 'p[4]'\tis short.",
        severity: 'high',
        line: 11,
        column: 4,
        endLine: 11,
      },
    ]);
  });

  it('gcc: its analyser and what names a CWE, and what does not compile', () => {
    const at = { caret: { file: 't.c', line: 13, column: 3 }, finish: { file: 't.c', line: 14 } };
    const text = JSON.stringify([
      {
        kind: 'warning',
        message: 'double free',
        option: '-Wanalyzer-double-free',
        metadata: { cwe: 415 },
        locations: [at],
      },
      { kind: 'warning', message: 'unused', option: '-Wunused', locations: [at] },
      { kind: 'error', message: 'no such header' },
    ]);
    const { findings, errors } = readGcc(`junk\n${text}\n`);
    expect(findings).toMatchObject([
      { cwes: [415], rule: '-Wanalyzer-double-free', line: 13, endLine: 14 },
    ]);
    expect(errors).toEqual(['no such header']);
    expect(readGcc('')).toEqual({ findings: [], errors: [] });
  });

  it("clang's checkers get CWEs, by what they say where one has several", () => {
    const one = {
      path: 't.c',
      cwes: [],
      severity: 'high' as const,
      line: 1,
      column: 1,
      endLine: 1,
    };
    const of = (rule: string, message: string) =>
      withClangCwes([{ ...one, rule, message }])[0]!.cwes;
    expect(of('unix.Malloc', 'Attempt to free released memory')).toEqual([415]);
    expect(of('unix.Malloc', 'Use of memory after it is freed')).toEqual([416]);
    expect(of('alpha.security.ArrayBoundV2', 'past the end')).toEqual([119]);
    expect(of('something.else', 'odd')).toEqual([]);
  });
});

describe('SARIF', () => {
  const sarif = (result: object, rule: object = {}) =>
    JSON.stringify({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'Tool', semanticVersion: '1.2', rules: [{ id: 'r', ...rule }] } },
          results: [
            {
              ruleId: 'r',
              message: { text: 'bad' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'a%20b.py' },
                    region: { startLine: 4, startColumn: 2 },
                  },
                },
              ],
              ...result,
            },
          ],
        },
      ],
    });
  const first = (result: object, rule: object = {}) => readSarif(sarif(result, rule), 'x')[0]!;

  it.each([
    [{}, { properties: { tags: ['security', 'external/cwe/cwe-089'] } }, [89]],
    [{}, { properties: { tags: ['CWE-78: OS command injection'] } }, [78]],
    [{}, { properties: { cwe: ['CWE-22', 'CWE-23'] } }, [22, 23]],
    [{}, { properties: { cwe: 79 } }, [79]],
    [{}, { relationships: [{ target: { id: 'CWE-120' } }] }, [120]],
    [{ taxa: [{ id: '134' }] }, {}, [134]],
    [{}, { shortDescription: { text: 'a format string (CWE-134)' } }, [134]],
    [{}, {}, []],
  ])('finds CWEs where tools put them: %j %j', (result, rule, cwes) => {
    expect(first(result, rule).findings[0]!.cwes).toEqual(cwes);
  });

  it('has paths, places, severities; leaves out what passed or is suppressed', () => {
    expect(first({})).toMatchObject({
      tool: 'Tool',
      version: '1.2',
      findings: [{ path: 'a b.py', line: 4, column: 2, endLine: 4, severity: 'medium' }],
    });
    expect(first({}, { properties: { 'security-severity': '9.8' } }).findings[0]!.severity).toBe(
      'critical',
    );
    expect(first({ level: 'error' }).findings[0]!.severity).toBe('high');
    expect(first({ kind: 'pass' }).findings).toEqual([]);
    expect(first({ suppressions: [{ kind: 'inSource' }] }).findings).toEqual([]);
    expect(first({ suppressions: [{ status: 'rejected' }] }).findings).toHaveLength(1);
  });

  it.each(['', '{}', '[]', '{"version":"2.1.0"}', '{"version":"1.0","runs":[]}'])(
    'what is not SARIF is refused: %j',
    (text) => {
      expect(() => readSarif(text, 'x.sarif')).toThrow(/x\.sarif is not/);
    },
  );

  it('readers end in findings or a SutureError, whatever they are given', () => {
    const readers = [(text: string) => readSarif(text, 'x'), readBandit, readCppcheck, readGcc];
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const read of readers) {
          try {
            read(text);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(SutureError);
          }
        }
      }),
    );
  });

  it('is written with a run for each tool, and read back the same', () => {
    const [run] = readSarif(sarif({}, { properties: { tags: ['external/cwe/cwe-089'] } }), 'x');
    const text = reportAsSarif(
      { version: '1', files: [], tools: [{ ...run!, status: 'ok' }] },
      new Map(),
    );
    expect(readSarif(text, 'y')[1]).toEqual(run);
  });
});

describe('agreement', () => {
  const file = (path: string, verdict: CweVerdict['verdict']) => ({
    path,
    language: 'c' as const,
    parse: 'ok' as const,
    verdicts: [
      { cwe: 'CWE-787' as const, verdict, reason: '', findings: [] },
      { cwe: 'CWE-416' as const, verdict: 'insecure' as const, reason: '', findings: [] },
    ],
  });
  const finding = {
    rule: 'r',
    message: '',
    severity: 'high' as const,
    line: 1,
    column: 1,
    endLine: 1,
  };

  it('counts kin as one weakness, and leaves out what the tool never names', () => {
    const files = [
      file('a', 'insecure'),
      file('b', 'secure'),
      file('c', 'insecure'),
      file('d', 'secure'),
    ];
    const report = {
      tool: 'x',
      version: '1',
      status: 'ok' as const,
      findings: [
        { ...finding, path: 'a', cwes: [121] },
        { ...finding, path: 'b', cwes: [120, 787] },
      ],
    };
    const rows = agreementOf(files, report, new Set(['a', 'b', 'c', 'd']));
    expect(rows).toEqual([
      { tool: 'x', cwe: 'CWE-787', both: 1, onlySuture: 1, onlyTool: 1, neither: 1, kappa: 0 },
      { tool: 'x', cwe: 'all', both: 1, onlySuture: 1, onlyTool: 1, neither: 1, kappa: 0 },
    ]);
  });
});

describe('analysers that are installed', () => {
  const found = new Map(installedAnalysers().map(({ name, version }) => [name, version]));
  const wanted: Record<string, [string, number]> = {
    bandit: ['python', 78],
    cppcheck: ['c', 415],
    flawfinder: ['c', 134],
    gcc: ['c', 415],
    clang: ['c', 415],
  };

  it.each(Object.entries(wanted))(
    '%s finds what is planted, and writes nothing',
    async (name, [language, cwe]) => {
      if (found.get(name) === undefined) {
        await expect(runAnalyser(name, [])).rejects.toMatchObject({ code: 'NOT_FOUND' });
        return;
      }
      const dir = mkdtempSync(join(root, 'sources-'));
      const path = language === 'python' ? 'app.py' : 'app.c';
      const file = join(dir, path);
      writeFileSync(file, language === 'python' ? PYTHON : C);
      const target = { file, path, language: language as 'c' | 'python' };
      const report = await runAnalyser(name, [target]);
      expect(report).toMatchObject({ tool: name, status: 'ok', version: found.get(name) });
      expect(report.findings.some(({ cwes }) => cwes.includes(cwe))).toBe(true);
      for (const one of report.findings) expect(one.path).toBe(path);
      expect(readdirSync(dir)).toEqual([path]);
    },
  );

  it('a file that does not compile is said to be unread', async () => {
    if (found.get('gcc') === undefined) return;
    const file = join(root, 'broken.c');
    writeFileSync(file, '#include "nowhere.h"\nint x = ;\n');
    const report = await runAnalyser('gcc', [{ file, path: 'broken.c', language: 'c' }]);
    expect(report).toMatchObject({
      status: 'ok',
      reason: expect.stringMatching(/^1 of 1 files do not compile/),
    });
  });
});
