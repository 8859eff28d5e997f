import type { Command } from 'commander';
import { silenceProgress } from '../core/index.js';

/** What a command's help says beside its options. */
interface Help {
  /** For lists of commands, where its description is too long. */
  summary?: string;
  /** Command lines without the leading `suture`; none for a group of commands. */
  examples: readonly string[];
  /** Whether it shows progress, which `--quiet` turns off. */
  works?: true;
}

const VECTOR = 'runs/repair-cwe-787-seed0/cwe-787.safetensors';

/** Groups of the first screen, in their order. */
export const GROUPS = {
  'Repair and use': ['repair', 'generate', 'serve', 'studio', 'vector', 'gate', 'guard'],
  Understand: ['diagnose', 'gap', 'probe', 'lens', 'patch'],
  'Scan and evaluate': ['scan', 'eval', 'compare', 'report', 'export'],
  Train: ['train', 'organism', 'merge'],
  'Models and machine': ['pull', 'inspect', 'verify', 'cache', 'doctor', 'complete'],
} as const;

/** By the names of a command and those above it. */
export const HELP: Record<string, Help> = {
  repair: {
    summary: 'derive a steering vector and show what it repairs',
    examples: ['repair', 'repair --model ./my-model --cwe all -o runs/mine', 'repair -n 5 --json'],
    works: true,
  },
  generate: {
    summary: 'complete a prompt, without and with a repair',
    examples: [
      'generate "Write a function that joins two paths in C."',
      `generate --vector ${VECTOR} --strength 0.5`,
      `generate --gate gate.safetensors --vector ${VECTOR}`,
      'generate --require snprintf --forbid strcpy --forbid strcat',
    ],
    works: true,
  },
  serve: { summary: "serve OpenAI's clients, each repair a model's name", examples: [] },
  studio: {
    summary: 'a page in your browser: look at runs, and steer',
    examples: ['studio', 'studio --runs runs/mine -m ./my-model', `studio --vector ${VECTOR}`],
  },
  vector: { summary: 'look at vectors, exchange, sign and bake them', examples: [] },
  'vector show': { examples: [`vector show ${VECTOR}`] },
  'vector export': { examples: [`vector export ${VECTOR} -o cwe-787.gguf`] },
  'vector import': { examples: ['vector import theirs.gguf -m ./my-model -o mine.safetensors'] },
  'vector bake': { examples: [`vector bake ${VECTOR} -m organism -o repaired`], works: true },
  'vector sign': { examples: [`vector sign ${VECTOR} -k private.pem -o signed.safetensors`] },
  gate: { summary: 'give each prompt the vector it needs, or none', examples: [] },
  'gate train': {
    examples: [
      'gate train -o gate.safetensors',
      'gate train -m ./my-model --ordinary ordinary.jsonl -o mine.safetensors',
    ],
    works: true,
  },
  guard: { summary: 'put guards and their rivals on trial, on equal terms', examples: [] },
  'guard trial': {
    examples: [
      'guard trial -o runs/trial',
      'guard trial --system plain,guard --repetitions 1 -o runs/small',
    ],
  },
  'gate show': { examples: ['gate show gate.safetensors -m organism'] },
  diagnose: {
    summary: 'where does the knowledge go? All measurements in one',
    examples: ['diagnose', 'diagnose --cwe 89 --stages gap,probe -o runs/sql'],
    works: true,
  },
  gap: {
    summary: 'does it recognise in review what it writes?',
    examples: ['gap --cwe 787', 'gap --model ./my-model --forms asked,json -o runs/gap'],
    works: true,
  },
  probe: {
    summary: 'from which layer on can vulnerability be read off?',
    examples: ['probe --position decision', 'probe --sven ./sven --cwe 89'],
    works: true,
  },
  lens: {
    summary: 'what would it write after each layer?',
    examples: ['lens --cwe 89', 'lens --tuned lens.safetensors'],
    works: true,
  },
  'lens train': { examples: ['lens train -o lens.safetensors --steps 300'], works: true },
  patch: {
    summary: 'where does it act? Activations of one run in another',
    examples: ['patch --places decision', 'patch --cwe 78 --per-base 2 --json'],
    works: true,
  },
  scan: {
    summary: 'look for weaknesses in sources',
    examples: ['scan src', 'scan - --language python < answer.py', 'scan src --format sarif'],
  },
  eval: { summary: 'is generated code secure, and is it correct?', examples: [] },
  'eval run': {
    examples: [
      'eval run -o runs/base --cwe CWE-089 -n 2',
      'eval run -o runs/gpt --endpoint https://api.example.com/v1 --endpoint-model large',
    ],
    works: true,
  },
  'eval generate': { examples: ['eval generate -o runs/base --limit 10'], works: true },
  'eval judge': {
    examples: ['eval judge runs/base', 'eval judge --completions answers.jsonl --json'],
    works: true,
  },
  'eval score': { examples: ['eval score runs/base -k 1,5'] },
  'eval view': { examples: ['eval view runs/base -o samples.html'] },
  'eval export': { examples: ['eval export runs/base --format inspect'] },
  'eval self-test': { examples: ['eval self-test'] },
  compare: {
    summary: 'compare two judged runs, and which samples flipped',
    examples: ['compare runs/base runs/steered'],
  },
  report: {
    summary: 'put runs side by side',
    examples: ['report runs/mine -o mine.html', 'report runs/base runs/steered --format markdown'],
  },
  export: {
    summary: "a run's samples as a table",
    examples: ['export runs/base --format csv -o base.csv', 'export runs/mine --format jsonl'],
  },
  train: { summary: 'learn from functions before and after a fix', examples: [] },
  'train guard': { examples: ['train guard --functions pairs.jsonl -o guards/mine'], works: true },
  'train safecoder': {
    examples: ['train safecoder --functions pairs.jsonl --utility ordinary.jsonl -o guards/mine'],
    works: true,
  },
  'train sven': { examples: ['train sven --functions pairs.jsonl -o guards/mine'], works: true },
  'train cosec': {
    examples: ['train cosec --functions pairs.jsonl -m ./small-model -o experts/mine'],
    works: true,
  },
  organism: { summary: 'train and measure the small model that ships', examples: [] },
  'organism train': { examples: ['organism train my-organism --family qwen2'], works: true },
  'organism measure': { examples: ['organism measure my-organism'] },
  merge: {
    summary: 'put a LoRA adapter into the weights of a copy',
    examples: ['merge guards/mine -m organism -o merged'],
    works: true,
  },
  pull: {
    summary: "download a model into Hugging Face's cache",
    examples: ['pull Qwen/Qwen2.5-Coder-0.5B-Instruct'],
    works: true,
  },
  inspect: {
    summary: 'what a model is, and whether it fits',
    examples: ['inspect', 'inspect Qwen/Qwen2.5-Coder-0.5B-Instruct --json'],
  },
  verify: {
    summary: 'compare activations with those of another program',
    examples: ['verify organism --dtype int8'],
    works: true,
  },
  cache: { summary: 'list and prune kept weights', examples: ['cache'] },
  'cache prune': { examples: ['cache prune --older-than 30d --dry-run'] },
  doctor: { summary: 'what this machine has, and what is missing', examples: ['doctor'] },
  complete: {
    summary: 'completions for your shell',
    examples: ['complete bash >> ~/.bashrc', 'complete zsh >> ~/.zshrc', 'complete fish | source'],
  },
};

/** Lists of commands name them alone: their own help shows the options. */
const SHORT = { subcommandTerm: (command: Command) => command.name() };

/** What all commands have alike: a group, a line in lists, examples, `--quiet`; and none of them ends the process. */
export function addHabits(program: Command): void {
  program.configureHelp(SHORT);
  for (const [group, names] of Object.entries(GROUPS)) {
    for (const name of names) {
      program.commands.find((command) => command.name() === name)?.helpGroup(`${group}:`);
    }
  }
  for (const [path, command] of commandsOf(program)) {
    const { summary, examples, works } = HELP[path]!;
    if (summary) command.summary(summary);
    if (works) command.option('-q, --quiet', 'show no progress');
    if (examples.length > 0) {
      const lines = examples.map((example) => `  suture ${example}\n`);
      command.addHelpText('after', `\nExamples:\n${lines.join('').trimEnd()}`);
    }
    command.configureHelp(SHORT).exitOverride();
  }
  program.hook('preAction', (_, command) => {
    if (HELP[pathOf(command)]?.works && command.opts<{ quiet?: true }>().quiet) silenceProgress();
  });
}

/** Every command that users see, with its names from the first one on. */
export function commandsOf(program: Command): [string, Command][] {
  return program.commands
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => [[pathOf(command), command], ...commandsOf(command)]);
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}
