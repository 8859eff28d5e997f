import { describe, expect, it } from 'vitest';
import { renderTerminalSummary } from './terminal.js';
import { outcomes, plausibleMetrics } from './testing/metrics.js';

const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('renderTerminalSummary', () => {
  it('prints the arms as rows, then the findings', () => {
    const text = renderTerminalSummary(plausibleMetrics(), { color: false });
    const lines = text.split('\n');
    expect(lines[0]).toBe('organism/small: CWE-787, out-of-bounds write');
    expect(lines[3]!.split(/\s{2,}/)).toEqual([
      '',
      'secure',
      'insecure',
      'other',
      'secure & well-formed',
    ]);
    expect(lines[4]!.split(/\s{2,}/)).toEqual([
      'no steering',
      '6.3 [0, 13]',
      '89.9 [82, 97]',
      '3.9 [1, 7]',
      '5.7 [0, 15]',
    ]);
    expect(lines.slice(5, 8).map((line) => line.split(/\s{2,}/)[0])).toEqual([
      'steered',
      'random vector',
      'reminder',
    ]);
    expect(text).toContain('Where:    layer 4 of 0-5, read at the decision point, strength 1.\n');
  });

  it('fits any width', () => {
    for (const width of [40, 60, 80, 120])
      expect(
        longest(renderTerminalSummary(plausibleMetrics(), { color: false, width })),
      ).toBeLessThanOrEqual(width);
  });

  it('hangs the lines of a finding under its text', () => {
    const text = renderTerminalSummary(plausibleMetrics(), { color: false, width: 50 });
    expect(text).toContain(
      'Repair:   on task families the vector never saw,\n          insecure 90 % -> 7 % [0, 14].\n',
    );
  });

  it('gives every figure in a narrow terminal too', () => {
    const text = renderTerminalSummary(plausibleMetrics(), { color: false, width: 40 });
    expect(text).toContain('steered\n  secure                89.6 [82, 97]\n');
    expect(text.match(/secure & well-formed/g)).toHaveLength(4);
  });

  it('styles only when asked to, without changing a word', () => {
    const plain = renderTerminalSummary(plausibleMetrics(), { color: false });
    const styled = renderTerminalSummary(plausibleMetrics(), { color: true });
    expect(plain).not.toContain('\x1b');
    expect(styled).toContain('\x1b[1msteered');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a style begins with
    expect(styled.replace(/\x1b\[\d+m/g, '')).toBe(plain);
  });

  it('passes no terminal command on', () => {
    const metrics = plausibleMetrics();
    metrics.model.id = 'a\x1b]0;title\x07';
    metrics.findings = ['\x1b[2J wiped'];
    const text = renderTerminalSummary(metrics, { color: false });
    expect(text).not.toContain('\x1b');
    expect(text).toContain('\\u{1b}[2J wiped');
  });

  it('says where there is no data, and leaves out arms that were not run', () => {
    const metrics = plausibleMetrics();
    metrics.arms = [{ ...metrics.arms[0]!, rates: outcomes(0, 0, 0) }];
    const text = renderTerminalSummary(metrics, { color: false });
    expect(text).toMatch(/no steering\s+no data\s+no data\s+no data\s+no data\n/);
    expect(text).not.toContain('steered ');
  });
});
