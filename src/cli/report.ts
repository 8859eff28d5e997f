import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { ensure, readJson, writeFileAtomic } from '../core/index.js';
import { type EvalMetrics, runFolders, runKind } from '../evaluate/index.js';
import type { RepairMetrics } from '../repair/index.js';
import {
  type ComparedRun,
  type ComparedTable,
  comparisonAsMarkdown,
  comparisonOf,
  renderComparison,
  wrap,
} from '../report/index.js';
import { formatTable } from './format.js';

/** `suture report`: runs side by side. */
export function reportCommand(): Command {
  return new Command('report')
    .description('put runs of "suture repair" and "suture eval" side by side, a row each')
    .argument('<runs...>', 'folders of runs, or folders of such folders')
    .addOption(
      new Option('--format <name>', 'what is printed')
        .choices(['text', 'markdown', 'json'])
        .default('text'),
    )
    .option('-o, --out <file>', 'write it as one HTML file too')
    .action(run);
}

function run(dirs: string[], { format, out }: { format: string; out?: string }): void {
  const runs = dirs.flatMap(runsIn);
  const tables = comparisonOf(runs);
  if (out !== undefined) writeFileAtomic(out, renderComparison(tables));
  if (format === 'json') process.stdout.write(`${JSON.stringify(runs, null, 2)}\n`);
  else process.stdout.write(format === 'markdown' ? comparisonAsMarkdown(tables) : asText(tables));
}

/** The run of a folder, or those of the folders in it. */
function runsIn(dir: string): ComparedRun[] {
  ensure(existsSync(dir), 'NOT_FOUND', `There is no folder ${dir}.`);
  const found = runFolders(dir, 1);
  ensure(found.length > 0, 'NOT_FOUND', `${dir} holds no run: there is no run.json.`);
  return found.map(runOf);
}

/** What of `run.json` tells a run's kind and its model. */
interface Config {
  command?: string;
  suite?: unknown;
  model?: { id: string };
  endpoint?: { model: string };
  steering?: unknown[] | null;
}

function runOf(dir: string): ComparedRun {
  const config = readJson(join(dir, 'run.json')) as Config;
  const kind = runKind(config);
  ensure(
    kind === 'repair' || kind === 'eval',
    'UNSUPPORTED',
    `${dir} is a run of "suture ${kind}": those of "suture repair" and "suture eval" can be compared.`,
  );
  const path = join(dir, 'metrics.json');
  const next = kind === 'repair' ? 'give its command again' : `run "suture eval score ${dir}"`;
  ensure(existsSync(path), 'BAD_DATA', `${dir} has no metrics yet: ${next}.`);
  const metrics = readJson(path);
  if (kind === 'repair') return { kind, dir, metrics: metrics as RepairMetrics };
  return { kind, dir, label: labelOf(config), metrics: metrics as EvalMetrics };
}

const labelOf = ({ model, endpoint, steering }: Config): string =>
  `${model?.id ?? endpoint?.model ?? 'completions'}${steering && steering.length > 0 ? ', steered' : ''}`;

const asText = (tables: readonly ComparedTable[]): string =>
  tables
    .map(
      ({ title, notes, head, rows }) =>
        `${[title, ...notes.flatMap((note) => wrap(note, 100))].join('\n')}\n\n${formatTable([head, ...rows])}`,
    )
    .join('\n');
