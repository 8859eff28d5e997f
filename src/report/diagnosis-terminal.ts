import { type DiagnoseMetrics, QUESTIONS } from '../diagnose/index.js';
import { capital } from './charts.js';
import { visible } from './html.js';
import { wrap } from './terminal.js';

/**
 * What `suture diagnose` prints at its end: each question with its answer, in words.
 *
 * @param options.color whether to use ANSI styles (bold, dim)
 * @param options.width columns of the terminal, 100 by default
 */
export function renderDiagnosis(
  { model, about, data, answers }: DiagnoseMetrics,
  options: { color: boolean; width?: number },
): string {
  const width = options.width ?? 100;
  const style = (code: number) => (text: string) =>
    options.color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const [bold, dim] = [style(1), style(2)];
  const indented = (text: string) => wrap(visible(text), width - 2).map((line) => `  ${line}`);
  const out = [
    bold(visible(`${model.id}: ${about.cwe}`)),
    dim(`${data.pairs} pairs of ${data.bases.length} task families; 95 % intervals over these`),
  ];
  for (const { question, short, words, caveat } of answers) {
    out.push('', bold(`${QUESTIONS[question]} ${capital(short)}.`), ...indented(words));
    if (caveat !== '') out.push(...indented(caveat).map(dim));
  }
  return `${out.join('\n')}\n`;
}
