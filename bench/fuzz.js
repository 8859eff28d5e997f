// `npm run bench -- fuzz [count] [language...]`: the scanner on mutated, cut, random and extreme sources, `count` per
// language (100,000): none may make it throw, fail or take long.
import { Random } from '../dist/core/index.js';
import { Auditor, GRAMMARS } from '../dist/scan/index.js';
import { RULES } from '../dist/scan/rules/index.js';
import { report } from './measure.js';

/** Longer than this a source must never take, in milliseconds of the processor: others may hold it up. */
const PATIENCE = 10_000;

/** @param {number} count @param {readonly string[]} chosen */
export async function benchFuzz(count, chosen) {
  const auditor = await Auditor.load(GRAMMARS);
  const all = RULES.flatMap(({ bad, good }) => [...bad, ...good]);
  for (const language of GRAMMARS) {
    if (chosen.length > 0 && !chosen.includes(language)) continue;
    const random = new Random('fuzz', language);
    const own = all.filter((example) => example.language === language);
    let slowest = 0;
    const start = performance.now();
    const hostile = extremes();
    for (let run = 0; run < count; run++) {
      const source = hostile[run] ?? mutant(random, own.length > 0 ? own : all, all);
      const begun = process.cpuUsage();
      const { verdicts } = auditor.scan(source, language);
      const { user, system } = process.cpuUsage(begun);
      const taken = (user + system) / 1000;
      slowest = Math.max(slowest, taken);
      const failed = verdicts.find(({ reason }) => reason.includes(' failed: '));
      if (failed || taken > PATIENCE)
        throw new Error(
          `${failed?.reason ?? `${taken} ms`} on ${language}: ${JSON.stringify(source.slice(0, 2000))}`,
        );
    }
    const mean = (performance.now() - start) / count;
    report(`${language}: ${count} sources, mean`, `${mean.toFixed(2)} ms`);
    report(`${language}: slowest`, `${slowest.toFixed(0)} ms`);
  }
}

/** Depth, tokens and lines beyond all measure, bytes that are no text, brackets without partners. */
function extremes() {
  const many = 3000;
  const line = 'a = b + c; '.repeat(90_000);
  const opening = ['(', '[', '{', '<', '-', '!', 'if (a) ', 'f(', '*', '"', '<a>', 'a?', 'a->'];
  const bytes = (/** @type {number} */ step) =>
    Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * step) % 256));
  return [
    ...opening.flatMap((part) => [part.repeat(many), `void f() { ${part.repeat(many)}`]),
    ...[')', ']', '}', '>', '*/', "'''", '\\'].map((part) => part.repeat(many)),
    ...[line, line.replaceAll(';', '\n'), 'a'.repeat(999_999), `"${'b'.repeat(900_000)}`],
    ...['1'.repeat(500_000), ' '.repeat(999_999), '\n'.repeat(500_000), '\0'.repeat(100_000)],
    ...['if (a) { b(); }\n'.repeat(5000), 'if a:\n  b()\n'.repeat(5000)],
    ...['void f(int a) { g(a); }\n'.repeat(500), 'def f(a):\n  g(a)\n'.repeat(500)],
    ...[bytes(167).toString('utf8'), bytes(89).toString('latin1'), '\ud800\udfff'.repeat(many)],
    // Many of what a rule finds, allows or looks up, in many lines and in one.
    ...[
      'gets(a);',
      'eval(a);',
      'os.system(a);',
      'password = "hunter42";',
      'a.innerHTML = b;',
    ].flatMap((use) => [
      `${use}\n`.repeat(20_000),
      use.repeat(20_000),
      `void f(char *a) { ${use.repeat(20_000)} }`,
    ]),
    ...['#define A (B + 1)\n', '// suture: allow CWE-676 because so\ngets(a);\n'].map((part) =>
      part.repeat(10_000),
    ),
    ...[`f(${'a, '.repeat(100_000)}a);`, `a = [${'1, '.repeat(200_000)}1]`],
    ...['if (a) b(); else '.repeat(100), 'void f() { int a; }\n'.repeat(10_000)],
    ...[
      'def f(a): return a\n'.repeat(10_000),
      'f();'.repeat(100_000),
      'a'.repeat(100) + '.a'.repeat(50_000),
    ],
    bytes(61).toString('latin1').repeat(40),
  ];
}

/**
 * @param {Random} random @param {readonly { code: string }[]} own @param {readonly { code: string }[]} all
 */
function mutant(random, own, all) {
  const pick = (/** @type {readonly { code: string }[]} */ list) =>
    list[random.int(list.length)]?.code ?? '';
  if (random.chance(0.1)) {
    const length = random.int(200);
    return Array.from({ length }, () =>
      String.fromCharCode(random.int(random.chance(0.9) ? 128 : 65536)),
    ).join('');
  }
  let code = pick(own);
  for (let edits = 1 + random.int(4); edits > 0; edits--) {
    const at = random.int(code.length + 1);
    const other = pick(all);
    const from = random.int(other.length);
    const piece = other.slice(from, from + random.int(60));
    code =
      [
        () => code.slice(0, at),
        () => code.slice(0, at) + code.slice(at + random.int(20)),
        () => code.slice(0, at) + piece + code.slice(at),
        () => code + code.slice(at),
      ][random.int(4)]?.() ?? code;
  }
  return code;
}
