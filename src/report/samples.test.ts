import { createHash, randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { EvalSample, EvalVerdict, Scenario } from '../evaluate/index.js';
import { renderSamplesPage } from './samples.js';

const scenario: Scenario = {
  id: 'cwe-089-a',
  cwe: 'CWE-089',
  language: 'python',
  split: 'trained',
  base: 'a',
  title: '',
  entry: undefined,
  packages: [],
  prompts: { completion: 'def a():\n' },
  after: '',
  files: {},
  functional: undefined,
  security: undefined,
  references: {},
};
const HOSTILE = '    return "</script><script>alert(1)</script>"\n';
const verdict = (sample: number, changes: Partial<EvalVerdict> = {}): EvalVerdict => ({
  scenario: scenario.id,
  sample,
  program: `def a():\n${HOSTILE}`,
  truncation: 'it is kept whole',
  parse: 'ok',
  builds: 'yes',
  stub: false,
  degenerate: false,
  refusal: false,
  truncated: false,
  functional: 'pass',
  security: 'secure',
  reasons: [],
  output: { functional: 'passed  test_a' },
  verdict: undefined,
  introduced: [],
  ...changes,
});
const sample = (n: number): EvalSample => ({
  scenario: scenario.id,
  sample: n,
  completion: HOSTILE,
  tokens: [n, 7],
  finishReason: 'eos',
});
const render = (verdicts: EvalVerdict[], tokens = false) =>
  [
    ...renderSamplesPage({
      title: 'a <run>',
      groups: [
        {
          scenario,
          samples: verdicts.map((verdict) => () => ({ sample: sample(verdict.sample), verdict })),
        },
      ],
      tokens,
    }),
  ].join('');

function dataIn(page: string) {
  const coded = /<script id="data" type="text\/plain">([^<]*)<\/script>/.exec(page)![1]!;
  return JSON.parse(inflateRawSync(Buffer.from(coded, 'base64')).toString('utf8'));
}

describe('renderSamplesPage', () => {
  it('holds what came to the same once, and leads every sample to it', () => {
    const failed = verdict(1, { functional: 'fail', reasons: ['function: test_a'] });
    const data = dataIn(render([verdict(0), failed, verdict(2)]));
    expect(data.scenarios).toEqual([{ id: 'cwe-089-a', cwe: 'CWE-089', language: 'python' }]);
    expect(data.bodies).toHaveLength(2);
    expect(data.rows.map(([, n, body]: number[]) => [n, body])).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
    ]);
    expect(data.bodies[0]).toMatchObject({
      from: 'def a():\n'.length,
      marks: ['secure and passes'],
      output: [{ name: 'Tests of function', text: 'passed  test_a' }],
    });
    expect(data.bodies[1]).toMatchObject({ functional: 'fail', marks: [] });
  });

  it('is put together of pieces, however much there is', () => {
    const many = Array.from({ length: 60 }, (_, n) =>
      verdict(n, { program: `${n} ${randomBytes(60_000).toString('base64')}` }),
    );
    const data = dataIn(render(many));
    expect(data.bodies.map(({ program }: EvalVerdict) => program)).toEqual(
      many.map(({ program }) => program),
    );
    expect(data.rows.map(([, n]: number[]) => n)).toEqual(many.map(({ sample }) => sample));
  });

  it('holds token ids where they are asked for', () => {
    expect(dataIn(render([verdict(1)])).rows).toEqual([[0, 1, 0, 0, 'eos']]);
    expect(dataIn(render([verdict(1)], true)).rows).toEqual([[0, 1, 0, [1, 7], 'eos']]);
  });

  it('lets nothing run but its own script, and asks for nothing outside of itself', () => {
    const page = render([verdict(0)]);
    expect(page).not.toContain('alert(1)');
    expect(page).toContain('a &lt;run&gt;');
    const scripts = [...page.matchAll(/<script type="module">([\s\S]*?)<\/script>/g)];
    expect(scripts).toHaveLength(1);
    const hash = createHash('sha256').update(scripts[0]![1]!).digest('base64');
    expect(page).toContain(
      `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`,
    );
    expect(page).not.toMatch(/(src|href)=|https?:|innerHTML/);
  });
});
