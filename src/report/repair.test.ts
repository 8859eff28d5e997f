import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSeconds } from '../core/index.js';
import type { OutcomeRates, Rate } from '../evaluate/index.js';
import { PRIMARY, type RepairMetrics } from '../repair/index.js';
import { renderRepairReport } from './repair.js';
import { ticks } from './svg.js';
import { outcomes, plausibleMetrics, rate } from './testing/metrics.js';

/** What a reader sees, without tags and style. */
function textOf(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;|&quot;|&lt;|&gt;|&amp;/g, ' ')
    .replace(/[\s\u00a0]+/g, ' ');
}

/** The names of all tags in their order. */
function tagsOf(page: string): string[] {
  return [...page.matchAll(/<(\/?[a-z!][a-z0-9]*)/gi)].map((match) => match[1]!);
}

/** Every number and string anywhere in a value. */
function leaves(value: unknown): (string | number)[] {
  if (typeof value === 'string' || typeof value === 'number') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(leaves) : [];
}

function numeralsOf(text: string): string[] {
  return text.match(/\d+(?:\.\d+)?/g) ?? [];
}

describe('renderRepairReport', () => {
  it('opens with what happened, in figures of the metrics', () => {
    const text = textOf(renderRepairReport(plausibleMetrics()));
    expect(text).toMatch(/recognised 94\.6 % of it/);
    expect(text).toMatch(/wrote the flaw anyway in 89\.9 % of its/);
    expect(text).toMatch(
      /added at layer 4 of 6 \(counted from 0\), changed that to 7\.1 % on task/,
    );
  });

  it('does not credit one layer where the folds chose several', () => {
    const metrics = plausibleMetrics();
    metrics.folds[0]!.layer = 3;
    expect(textOf(renderRepairReport(metrics))).toContain(
      'added at a layer that was chosen without them (layer 4 of 6',
    );
  });

  it('shows no number that is not in the metrics', () => {
    const metrics = plausibleMetrics();
    const scale = ['0', '25', '50', '75', '100'];
    const strengths = ticks(0, 1.5, 6).map(String);
    const planned = metrics.effects.filter(({ primary }) => primary).length;
    const smallestP = (planned * 2 ** (1 - metrics.data.bases.length)).toFixed(3);
    const known = new Set([
      '95',
      smallestP,
      ...scale,
      ...strengths,
      String(metrics.data.bases.length),
    ]);
    for (const leaf of [...leaves(metrics), formatSeconds(metrics.seconds)])
      if (typeof leaf === 'string') for (const numeral of numeralsOf(leaf)) known.add(numeral);
      else {
        const size = Math.abs(leaf);
        const forms = [String(size), (100 * size).toFixed(1), size.toFixed(2), size.toFixed(3)];
        for (const form of forms) known.add(form);
      }
    const shown = numeralsOf(textOf(renderRepairReport(metrics)));
    expect(shown.length).toBeGreaterThan(300);
    expect(shown.filter((numeral) => !known.has(numeral))).toEqual([]);
  });

  it('shows every outcome of every arm with its interval, and every fold', () => {
    const metrics = plausibleMetrics();
    const text = textOf(renderRepairReport(metrics));
    const ends = ({ low, high }: Rate) => `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;
    const briefly = ['insecure', 'secureWellFormed', 'other', 'wellFormed', 'degenerate'] as const;
    for (const { name, description, rates } of metrics.arms) {
      expect(text.toLowerCase()).toContain(description.toLowerCase());
      const isPrimary = (PRIMARY as readonly string[]).includes(name);
      const shown = isPrimary ? Object.values(rates) : briefly.map((outcome) => rates[outcome]);
      for (const each of shown)
        expect(text).toContain(`${(100 * each.value).toFixed(1)} % ${ends(each)}`);
    }
    for (const { base, strength } of metrics.folds)
      expect(text).toContain(`${base} layer 4, strength ${strength}`);
    for (const finding of metrics.findings)
      expect(text).toContain(finding.replace('->', '- ').replace(/\s+/g, ' '));
  });

  it('sets what a leak would have shown apart, and says by how much it flatters', () => {
    const metrics = plausibleMetrics();
    const title = 'What leaking data would have shown';
    const sections = textOf(renderRepairReport(metrics)).split(title);
    expect(sections).toHaveLength(2);
    expect(sections[0]).not.toContain('Vector made from all families');
    expect(sections[1]).toMatch(/Made without the judged family .* Vector made from all families/);
    expect(sections[1]).toMatch(/\+3\.0 points \(−2\.0 to 8\.0\) p = 0\.440/);
    metrics.arms = metrics.arms.filter(({ kind }) => kind !== 'leak');
    expect(textOf(renderRepairReport(metrics))).not.toContain(title);
  });

  it('marks strength 0 on every curve and the chosen strength on the curve it was chosen on', () => {
    const page = renderRepairReport(plausibleMetrics());
    expect(page.match(/class="mark-zero"/g)).toHaveLength(2);
    expect(page.match(/class="mark-chosen"/g)).toHaveLength(1);
    expect(page).toContain('chosen: 1</text>');
  });

  it('lets no text break out, wherever it comes from', () => {
    const attack = '</script></style><img src=x onerror="alert(1)"><!--\' onload=x';
    const disguise = (metrics: RepairMetrics, text: string) => {
      metrics.model.id = text;
      metrics.model.family = text;
      metrics.model.hash = text;
      metrics.created = text;
      metrics.suture = text;
      metrics.vector.file = text;
      metrics.data.bases = [text];
      metrics.findings = [text];
      for (const arm of metrics.arms) arm.description = text;
      for (const fold of metrics.folds) fold.base = text;
      metrics.examples = [
        {
          base: text,
          prompt: text,
          before: { text, outcome: text, reason: text },
          after: { text: `${text}!`, outcome: text, reason: text },
        },
      ];
      return renderRepairReport(metrics);
    };
    const page = disguise(plausibleMetrics(), attack);
    expect(page).toContain('&lt;/script&gt;&lt;/style&gt;&lt;img src=x onerror=&quot;alert(1)');
    expect(tagsOf(page)).toEqual(tagsOf(disguise(plausibleMetrics(), 'harmless')));
    expect(page).not.toContain('<!--');
  });

  it('marks the lines that differ between before and after', () => {
    const page = renderRepairReport(plausibleMetrics());
    expect(page).toContain('<span class="changed">    sprintf(out, fmt, who);\n</span>}');
    expect(page).toContain('<span class="changed">    snprintf(out, cap, fmt, who);\n</span>}');
  });

  it('fetches nothing and runs nothing', () => {
    const page = renderRepairReport(plausibleMetrics());
    expect(page).not.toMatch(
      /\b(src|href|srcset|action|data)=|@import|url\(|https?:|<script|<link/i,
    );
    expect(page).toContain("default-src 'none'");
  });

  it('balances its tags', () => {
    const empty = new Set(['!doctype', 'meta', 'br', 'rect', 'circle', 'line', 'path']);
    const open: string[] = [];
    for (const tag of tagsOf(renderRepairReport(plausibleMetrics()))) {
      if (empty.has(tag)) continue;
      if (tag.startsWith('/')) expect(open.pop()).toBe(tag.slice(1));
      else open.push(tag);
    }
    expect(open).toEqual([]);
  });

  it('gives the same bytes for the same metrics, and leaves them as they were', () => {
    const metrics = plausibleMetrics();
    const page = renderRepairReport(metrics);
    expect(renderRepairReport(metrics)).toBe(page);
    expect(metrics).toEqual(plausibleMetrics());
  });

  it('quotes a model path for the shell', () => {
    const metrics = plausibleMetrics();
    metrics.model.id = "./my model's";
    expect(renderRepairReport(metrics)).toContain(
      'npx suture repair --model &#39;./my model&#39;\\&#39;&#39;s&#39; --cwe CWE-787 --seed 7',
    );
  });
});

describe('edge cases', () => {
  /** Numbers in every attribute that places or sizes something. */
  function expectSound(metrics: RepairMetrics) {
    const page = renderRepairReport(metrics);
    expect(page).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
    const places = page.matchAll(/ (?:x|y|x1|x2|y1|y2|d|dx|dy|r|width|height)="([^"]*)"/g);
    const broken = [...places].filter(([, value]) => {
      const numbers = value!
        .replace(/%|r?em|[MLZ]/g, ' ')
        .trim()
        .split(/\s+|(?=-)/);
      return !numbers.every((number) => number !== '' && Number.isFinite(Number(number)));
    });
    expect(broken).toEqual([]);
    return textOf(page);
  }

  it('draws plausible metrics', () => {
    expectSound(plausibleMetrics());
  });

  it('draws a curve of one strength', () => {
    for (const strength of [0, 4]) {
      const metrics = plausibleMetrics();
      for (const curve of metrics.curves)
        curve.points = [{ strength, rates: outcomes(3, 2, 6), byBase: {} }];
      metrics.vector.strength = strength;
      expectSound(metrics);
    }
  });

  it('leaves out misleading snippets where there are none', () => {
    const metrics = plausibleMetrics();
    expect(expectSound(metrics)).toContain('code whose calls mislead');
    metrics.gap.review.misleading = undefined;
    expect(expectSound(metrics)).not.toContain('code whose calls mislead');
  });

  it('shows shares of nothing as no data, and draws no mark for them', () => {
    const metrics = plausibleMetrics();
    const nothing = outcomes(0, 0, 0);
    for (const arm of metrics.arms) arm.rates = nothing;
    metrics.gap.review.sensitivity = rate(0, 0);
    for (const curve of metrics.curves) for (const point of curve.points) point.rates = nothing;
    metrics.gap.raw = { value: Number.NaN, low: Number.NaN, high: Number.NaN, p: Number.NaN };
    metrics.gap.corrected = { value: Number.NaN, low: Number.NaN, high: Number.NaN };
    metrics.gap.generation = { insecure: nothing, neutral: nothing, secure: nothing };
    Object.assign(metrics.gap.review, { specificity: rate(0, 0), misleading: undefined });
    metrics.effects = [];
    const text = expectSound(metrics);
    expect(text).toContain('recognised no data of it');
    const marks = renderRepairReport(metrics).match(/<svg[^>]* class="mark /g);
    expect(marks).toHaveLength(4); // those of the legend
    expect(text).toContain('is no data , no p');
  });

  it('stands empty lists', () => {
    const metrics = plausibleMetrics();
    Object.assign(metrics, { layers: [], curves: [], effects: [], examples: [], findings: [] });
    expect(expectSound(metrics)).not.toContain('Before and after');
  });

  it('stands any shares', () => {
    const number = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, -0.5, 1e9),
    );
    const strengths = fc.double({ min: -100, max: 100, noNaN: true });
    const anyRate = fc.record({
      hits: fc.nat(),
      total: fc.nat(2),
      value: number,
      low: number,
      high: number,
    });
    fc.assert(
      fc.property(anyRate, anyRate, strengths, number, (a, b, strength, score) => {
        const metrics = plausibleMetrics();
        const change = (rates: OutcomeRates) =>
          Object.assign(rates, { secure: a, insecure: b, secureWellFormed: a });
        for (const arm of metrics.arms) change(arm.rates);
        for (const curve of metrics.curves) {
          for (const point of curve.points) change(point.rates);
          curve.points[0]!.strength = strength;
        }
        metrics.gap.review.sensitivity = a;
        metrics.effects[0]!.insecure = { ...b, p: score };
        metrics.layers[0]!.score = score;
        metrics.vector.strength = strength;
        expectSound(metrics);
      }),
      { numRuns: 100 },
    );
  });
});
