import type { Rate } from '../evaluate/index.js';
import type { PrimaryArm, RepairMetrics } from '../repair/index.js';
import { fixed, hasData } from './format.js';
import { visible } from './html.js';
import { ARM_LABELS, OUTCOME_LABELS, ratesOf, WEAKNESSES } from './words.js';

const COLUMNS = ['secure', 'insecure', 'other', 'secureWellFormed'] as const;
const ARMS: readonly PrimaryArm[] = ['none', 'steered', 'random', 'prompt'];
const LABEL_WIDTH = 15;
const CELL_WIDTH = 16;
const TABLE_WIDTH =
  LABEL_WIDTH + CELL_WIDTH * (COLUMNS.length - 1) + OUTCOME_LABELS.secureWellFormed.length;

/**
 * What `suture repair` prints at its end: held-out outcomes per arm, in per cent with 95 %
 * intervals, and the findings.
 *
 * @param options.color whether to use ANSI styles (bold, dim)
 * @param options.width columns of the terminal, 100 by default; where the table does not fit, each
 *   arm takes a paragraph
 */
export function renderTerminalSummary(
  metrics: RepairMetrics,
  options: { color: boolean; width?: number },
): string {
  const width = options.width ?? 100;
  const style = (code: number) => (text: string) =>
    options.color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const bold = style(1);
  const dim = style(2);
  const same = (text: string) => text;

  const { cwe, data, model, findings } = metrics;
  const families = `${data.bases.length} task families, each held out in turn`;
  const out = [
    ...wrap(`${visible(model.id)}: ${cwe}, ${WEAKNESSES[cwe].name}`, width).map(bold),
    ...wrap(`${families}; per cent with 95 % intervals`, width).map(dim),
    '',
  ];
  const arms = ARMS.filter((name) => ratesOf(metrics, name) !== undefined);
  if (width >= TABLE_WIDTH) {
    const titles = COLUMNS.map((column) => OUTCOME_LABELS[column].padEnd(CELL_WIDTH));
    out.push(dim(`${' '.repeat(LABEL_WIDTH)}${titles.join('')}`.trimEnd()));
    for (const name of arms) {
      const cells = COLUMNS.map((column) =>
        cell(ratesOf(metrics, name)![column]).padEnd(CELL_WIDTH),
      );
      const row = `${ARM_LABELS[name].padEnd(LABEL_WIDTH)}${cells.join('')}`.trimEnd();
      out.push((name === 'steered' ? bold : same)(row));
    }
  } else {
    for (const name of arms) {
      out.push((name === 'steered' ? bold : same)(ARM_LABELS[name]));
      for (const column of COLUMNS)
        out.push(`  ${OUTCOME_LABELS[column].padEnd(22)}${cell(ratesOf(metrics, name)![column])}`);
    }
  }
  out.push('');
  for (const finding of findings) {
    // "Review:   recognises ...": further lines stand under the text, not under its label.
    const label = /^\w+:\s+/.exec(finding)?.[0] ?? '';
    const text = wrap(visible(finding.slice(label.length)), width - label.length);
    out.push(...text.map((line, i) => (i === 0 ? label : ' '.repeat(label.length)) + line));
  }
  return `${out.join('\n')}\n`;
}

/** `12.3 [8, 17]`: whole per cent are enough for the ends. */
function cell(rate: Rate): string {
  if (!hasData(rate)) return 'no data';
  return `${fixed(100 * rate.value, 1)} [${fixed(100 * rate.low, 0)}, ${fixed(100 * rate.high, 0)}]`;
}

/** Breaks text at spaces; a word longer than a line stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
