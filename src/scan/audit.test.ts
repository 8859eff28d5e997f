import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Auditor } from './audit.js';
import { GRAMMARS } from './parse.js';
import { Path } from './paths.js';
import { RULES } from './rules/index.js';

const auditor = await Auditor.load(GRAMMARS);
const verdictOf = (source: string, cwe: `CWE-${string}`, options = {}) =>
  auditor.scan(source, 'python', { cwes: [cwe], ...options }).verdicts[0]!;

describe('Auditor', () => {
  it('tells where a finding is and how the data got there', () => {
    const source =
      'import os\n\ndef remove(name):\n    path = "/srv/" + name\n    os.remove(path)\n';
    expect(verdictOf(source, 'CWE-022').findings).toEqual([
      {
        rule: 'path-traversal',
        message: 'os.remove opens a path made of untrusted data',
        severity: 'high',
        line: 5,
        column: 5,
        endLine: 5,
        trace: [
          { line: 3, column: 1, text: 'parameter name of remove' },
          { line: 4, column: 12, text: '"/srv/" + name' },
        ],
      },
    ]);
  });

  it('says why it cannot tell', () => {
    const source =
      'def read(name):\n    if not is_allowed(name):\n        raise ValueError\n    return open(name)\n';
    expect(verdictOf(source, 'CWE-022')).toMatchObject({
      verdict: 'undetermined',
      reason: 'open opens a path made of data that may be untrusted (line 4)',
    });
  });

  it('finds a text between the quotes of a query once, and doubts what was done to its quotes by hand', () => {
    const source = (value: string) =>
      `def find(cursor, name):\n    cursor.execute("SELECT * FROM users WHERE name = '" + ${value} + "'")\n`;
    const rulesOf = (value: string) =>
      verdictOf(source(value), 'CWE-089').findings.map(({ rule }) => rule);
    expect(rulesOf('name')).toEqual(['sql-injection-python']);
    expect(rulesOf('title_of(name)')).toEqual(['sql-pasted-text']);
    expect(verdictOf(source(`name.replace("'", "''")`), 'CWE-089').verdict).toBe('undetermined');
  });

  it('leaves texts that a mapper compares, and other arguments of extra', () => {
    for (const call of [
      'session.query(User).filter(User.name.like("%" + name + "%"))',
      'db.select("users", where="name = $name", vars={"name": name})',
      'logger.info("found", extra={"where": name})',
    ])
      expect(
        verdictOf(`def find(session, db, name):\n    return ${call}\n`, 'CWE-089').verdict,
      ).toBe('not_applicable');
  });

  it('enters functions of the same file', () => {
    const source =
      'import os\n\ndef name_of(text):\n    return os.path.basename(text)\n\ndef whole(text):\n    return "/srv/" + text\n\ndef good(a):\n    return open(name_of(a))\n\ndef bad(b):\n    return open(whole(b))\n';
    const { findings } = verdictOf(source, 'CWE-022');
    expect(findings.map(({ line }) => line)).toEqual([13]);
  });

  it('takes parameters for untrusted, or not, as it is told', () => {
    const source = 'def read(name):\n    return open(name)\n';
    expect(verdictOf(source, 'CWE-022').verdict).toBe('insecure');
    expect(verdictOf(source, 'CWE-022', { sources: 'entry' }).verdict).toBe('secure');
    const read = 'import sys\n\ndef read():\n    return open(sys.argv[1])\n';
    expect(verdictOf(read, 'CWE-022', { sources: 'entry' }).verdict).toBe('insecure');
    expect(verdictOf(read, 'CWE-022', { sources: 'none' }).verdict).toBe('secure');
  });

  it('lets a comment with a reason allow a finding', () => {
    const allowed =
      'def read(name):\n    # suture: allow CWE-22 because the caller has checked it\n    return open(name)\n';
    expect(verdictOf(allowed, 'CWE-022')).toEqual({
      cwe: 'CWE-022',
      verdict: 'undetermined',
      reason: 'allowed in line 3 because the caller has checked it',
      findings: [],
      suppressed: [{ rule: 'path-traversal', line: 3, reason: 'the caller has checked it' }],
    });
    const noReason = allowed.replace(/ because.*/, '');
    const inText =
      'def read(name):\n    x = "suture: allow CWE-022 because x"; return open(name)\n';
    for (const source of [noReason, inText])
      expect(verdictOf(source, 'CWE-022').verdict).toBe('insecure');
  });

  it('leaves out what is less severe than asked for, without calling it secure', () => {
    const source = 'import hashlib\nhashlib.md5(b"a")\n';
    expect(verdictOf(source, 'CWE-327').verdict).toBe('insecure');
    expect(verdictOf(source, 'CWE-327', { minSeverity: 'high' })).toMatchObject({
      verdict: 'undetermined',
      findings: [],
    });
  });

  it('judges what can be read of a text that breaks off', () => {
    const { parse, verdicts } = auditor.scan('def read(name):\n    open(name)\n    if (', 'python');
    expect(parse).toBe('partial');
    expect(verdicts.find(({ cwe }) => cwe === 'CWE-022')?.verdict).toBe('insecure');
  });

  it('has nothing to say of what it cannot read', () => {
    for (const source of [`x = ${'('.repeat(9000)}`, `x = 1\n${'#'.repeat(1_000_001)}`]) {
      const { parse, verdicts } = auditor.scan(source, 'python');
      expect(parse).toBe('failed');
      expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['undetermined']));
    }
  });

  it('judges mutated, cut and random sources of all languages, the same way each time', () => {
    const examples = RULES.flatMap(({ bad, good }) => [...bad, ...good]);
    const mutated = fc
      .tuple(
        fc.constantFrom(...examples),
        fc.constantFrom(...examples),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        fc.nat(3),
      )
      .map(([{ language, code }, other, a, b, c, kind]) => {
        const [start, end] = [a % code.length, (a % code.length) + (b % 20)];
        const piece = other.code.slice(c % other.code.length, (c % other.code.length) + 30);
        const sources = [
          code.slice(0, start),
          code.slice(0, start) + code.slice(end),
          code.slice(0, start) + piece + code.slice(start),
          code + code.slice(start) + code,
        ];
        return { language, source: sources[kind]! };
      });
    const random = fc.record({
      language: fc.constantFrom(...GRAMMARS),
      source: fc.string({ unit: 'binary', maxLength: 120 }),
    });
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: mutated }, random), ({ language, source }) => {
        const report = auditor.scan(source, language);
        for (const { verdict, reason, findings } of report.verdicts) {
          expect(reason).not.toMatch(/failed:|^$/);
          expect(findings.length > 0).toBe(verdict === 'insecure');
        }
        // Whether paths go on where others were, or run from their start, changes nothing.
        const mark = vi.spyOn(Path.prototype, 'mark').mockImplementation(() => {});
        try {
          expect(auditor.scan(source, language)).toEqual(report);
        } finally {
          mark.mockRestore();
        }
      }),
      { numRuns: 150 },
    );
  });
});
