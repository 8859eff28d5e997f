import { Command } from 'commander';
import { type Fit, type Inspection, inspectModel, type MemoryNeed } from '../engine/index.js';
import { formatBytes, formatCount, formatTable } from './format.js';

/** `suture inspect`: what a model is and whether it fits, before it is loaded. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('say what a model is, what it needs and whether it fits, without loading it')
    .argument('[model]', 'folder, org/name of a model that was pulled, or "organism"', 'organism')
    .option('--json', 'print it as JSON')
    .action(run);
}

function run(id: string, { json }: { json?: true }): void {
  const found = inspectModel(id);
  const { problem } = found;
  if (json) {
    const told = problem && { code: problem.code, message: problem.message };
    process.stdout.write(`${JSON.stringify({ ...found, problem: told }, null, 2)}\n`);
  } else {
    process.stdout.write(formatTable(describe(found)));
    if (found.needs) process.stdout.write(`\n${memoryTable(found, found.needs)}`);
  }
  if (problem) throw problem;
}

function describe(found: Inspection): string[][] {
  const { family = 'unknown', config, hooks, tokenizer } = found;
  const texts = [
    tokenizer.present ? 'tokenizer' : 'no tokenizer',
    tokenizer.chatTemplate ? 'chat template' : 'no chat template',
    tokenizer.infill ? 'fill in the middle' : 'no fill in the middle',
  ];
  return [
    ['model', found.id],
    ['folder', found.dir],
    ['family', `${family}${config ? '' : ' (not supported)'}`],
    ['sizes', sizes(found)],
    ['parameters', parameters(found)],
    ['positions', config ? positions(config) : 'unknown'],
    ['stored', stored(found)],
    ['text', texts.join(', ')],
    ...(hooks && config ? hookRows(hooks, config.nLayers) : []),
  ];
}

/** Those of a block once, and before them those there is one of. */
function hookRows(hooks: readonly string[], nLayers: number): string[][] {
  const block = 'blocks.{i}.';
  const single = hooks.filter((hook) => !hook.startsWith(block));
  const inBlock = hooks.filter((hook) => hook.startsWith(block));
  return [
    ['hooks', single.join(', ')],
    ['', `${block} (i from 0 to ${nLayers - 1}) with:`],
    ['', inBlock.map((hook) => hook.slice(block.length)).join(', ')],
  ];
}

function sizes({ sizes: s }: Inspection): string {
  const parts = [
    [s.nLayers, 'layers'],
    [s.dModel, 'd_model'],
    [s.nHeads, 'heads'],
    [s.nKvHeads, 'heads of keys and values'],
    [s.headDim, 'head_dim'],
    [s.dMlp, 'd_mlp'],
    [s.vocabSize, 'vocabulary'],
    [s.maxPositions, 'context'],
  ];
  const known = parts.filter(([value]) => value !== undefined);
  return known.map(([value, name]) => `${name} ${value}`).join(', ') || 'unknown';
}

function parameters({ parameters: p, sizes: { tied } }: Inspection): string {
  if (!p) return 'unknown';
  const embedding =
    p.embedding === undefined ? '' : `, ${formatCount(p.embedding)} in the embedding`;
  const head =
    tied === undefined ? '' : tied ? ' (also the unembedding)' : ' (not the unembedding)';
  return `${formatCount(p.total)}${embedding}${head}`;
}

function positions({ rope, windows, nLayers }: NonNullable<Inspection['config']>): string {
  const kind = rope
    ? `rotary, base ${rope.theta}${rope.type === 'default' ? '' : `, ${rope.type} scaling`}`
    : 'not rotary';
  const sliding = windows.filter((window) => window !== undefined);
  if (sliding.length === 0) return `${kind}; every layer sees all`;
  const widths = [...new Set(sliding)].join(', ');
  return `${kind}; ${sliding.length} of ${nLayers} layers see ${widths} back`;
}

function stored({ stored: s }: Inspection): string {
  if (!s) return 'no weights that can be read';
  const types = Object.entries(s.dtypes).map(([dtype, bytes]) => `${dtype} ${formatBytes(bytes)}`);
  return `${types.join(', ')} in ${s.files.length} file${s.files.length === 1 ? '' : 's'}`;
}

const FITS: Record<Fit, string> = { now: '', alone: ' *', no: ' **' };

/** Weights, and all together with the cache of one sequence by its length. */
function memoryTable({ memory }: Inspection, needs: readonly MemoryNeed[]): string {
  const lengths = needs[0]!.contexts.map(({ tokens }) => `with ${tokens} tokens`);
  const rows = needs.map(({ dtype, weights, contexts }) => [
    dtype,
    formatBytes(weights),
    ...contexts.map(({ cache, fits }) => `${formatBytes(weights + cache)}${FITS[fits]}`),
  ]);
  const table = formatTable([['memory', 'weights', ...lengths], ...rows]);
  const marks = needs.flatMap(({ contexts }) => contexts.map(({ fits }) => fits));
  const notes = [
    `${formatBytes(memory.available)} of ${formatBytes(memory.total)} are free.`,
    ...(marks.includes('alone') ? ['*  fits if other programs give up theirs'] : []),
    ...(marks.includes('no') ? ['** does not fit'] : []),
  ];
  return `${table}${notes.join('\n')}\n`;
}
