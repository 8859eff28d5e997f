import { describe, expect, it } from 'vitest';
import { type DiagnoseMetrics, QUESTIONS, verdict } from '../diagnose/index.js';
import { renderDiagnoseReport } from './diagnose.js';
import { renderDiagnosis } from './diagnosis-terminal.js';
import { plausibleDiagnosis } from './testing/diagnosis.js';

/** What a reader sees, without tags and style. */
const textOf = (page: string) =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/[\s\u00a0]+/g, ' ');

const tagsOf = (page: string) =>
  [...page.matchAll(/<(\/?[a-z!][a-z0-9]*)/gi)].map((match) => match[1]!);

/** The figures of one stage alone. */
function only(stage: 'gap' | 'probe' | 'lens' | 'patch' | undefined): DiagnoseMetrics {
  const whole = plausibleDiagnosis();
  const { nLayers, groups, ...parts } = whole.evidence;
  const evidence = { nLayers, groups, ...(stage && { [stage]: parts[stage] }) };
  const none = { gap: undefined, probe: undefined, lens: undefined, patch: undefined };
  return { ...whole, ...none, ...(stage && { [stage]: whole[stage] }), answers: verdict(evidence) };
}

describe('renderDiagnoseReport', () => {
  it('has every answer with its figures, its control and its caveat', () => {
    const metrics = plausibleDiagnosis();
    const text = textOf(renderDiagnoseReport(metrics));
    for (const { question, words, control, caveat } of metrics.answers) {
      expect(text).toContain(QUESTIONS[question]);
      for (const part of [words, control, caveat]) expect(text).toContain(part);
    }
  });

  it('draws each stage, and only those that were run', () => {
    const titles = {
      gap: 'In other forms of the answer',
      probe: 'Decodable: what a linear probe reads',
      lens: 'The lens: what it would write',
      patch: 'One head alone: decision',
    };
    for (const stage of ['gap', 'probe', 'lens', 'patch'] as const) {
      const text = textOf(renderDiagnoseReport(only(stage)));
      for (const [name, title] of Object.entries(titles))
        expect(text.includes(title)).toBe(name === stage);
    }
    expect(textOf(renderDiagnoseReport(only(undefined)))).toContain('Not measured');
  });

  it('has figures in the cells of a heat map where there is room, and colour in all', () => {
    const page = renderDiagnoseReport(plausibleDiagnosis());
    expect(page).toContain(
      '<td class="s-insecure" style="--heat:13%" title="−13\u00a0%">−13\u00a0%</td>',
    );
    expect(page).toContain('<td class="s-secure" style="--heat:28%" title="28\u00a0%"></td>');
  });

  it('draws at places that are numbers', () => {
    const page = renderDiagnoseReport(plausibleDiagnosis());
    expect(page).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
    const metrics = plausibleDiagnosis();
    metrics.lens!.contrast.depths[1]!.difference.high = Number.NaN;
    for (const { into } of metrics.patch!.grid[0]!.cells) into.value = Number.NaN;
    for (const one of metrics.patch!.stream) one.recovered.value = Number.NaN;
    expect(renderDiagnoseReport(metrics)).not.toMatch(/NaN|Infinity/);
  });

  it('fetches nothing, runs nothing, and lets no text break out', () => {
    const disguise = (text: string) => {
      const metrics = plausibleDiagnosis();
      metrics.model.id = text;
      metrics.about.cwe = text;
      metrics.data.bases = [text];
      for (const answer of metrics.answers) answer.words = text;
      return renderDiagnoseReport(metrics);
    };
    const page = disguise('</style><img src=x onerror="alert(1)"><!--');
    expect(tagsOf(page)).toEqual(tagsOf(disguise('harmless')));
    expect(page).not.toMatch(/<!--|<script|<link|@import|url\(|https?:/i);
    expect(page).toContain("default-src 'none'");
  });

  it('gives the same bytes for the same metrics, and leaves them as they were', () => {
    const metrics = plausibleDiagnosis();
    const page = renderDiagnoseReport(metrics);
    expect(renderDiagnoseReport(metrics)).toBe(page);
    expect(metrics).toEqual(plausibleDiagnosis());
  });
});

describe('renderDiagnosis', () => {
  it('answers each question within the width, with styles where they are wanted', () => {
    const metrics = plausibleDiagnosis();
    const text = renderDiagnosis(metrics, { color: false, width: 60 });
    for (const line of text.split('\n').filter((one) => one.startsWith(' ')))
      expect(line.length).toBeLessThanOrEqual(60);
    expect(text).toContain('Is there a gap? +83 points [+78, +88].');
    expect(text).not.toContain('\x1b');
    expect(renderDiagnosis(metrics, { color: true })).toContain('\x1b[1mIs there a gap?');
  });
});
