import { join } from 'node:path';
import { Command, Option } from 'commander';
import { sha256 } from '../core/index.js';
import {
  type Effect,
  endpointJudge,
  FORMS,
  type Form,
  type FormedCompletion,
  type GapFindings,
  type JudgedReview,
  type Kappa,
  measureGap,
  pValue,
} from '../diagnose/index.js';
import type { Model, Provider } from '../engine/index.js';
import { type Endpoint, type Rate, RunFolder } from '../evaluate/index.js';
import { packageVersion } from '../repair/index.js';
import { CWES, type Cwe } from '../scan/index.js';
import { formatTable } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { cwe, deviceOption, modelOption, namesOf, threadsOption, wholeNumber } from './options.js';
import { StagedProgress } from './progress.js';
import { itemsOf, itemsOption, pairsOf, pairsOption, type SetOptions, setOption } from './sets.js';

interface Options extends SetOptions {
  cwe?: Cwe;
  forms?: Form[];
  samples: number;
  maxNewTokens: number;
  seed: number;
  judgeEndpoint?: string;
  judgeModel?: string;
  out?: string;
  threads?: number;
  device: Provider;
  json?: true;
}

/** `suture gap`: does it recognise what it writes? */
export function gapCommand(): Command {
  return new Command('gap')
    .description(
      'does the model recognise in review what it writes, and does the form of the answer matter?',
    )
    .addOption(modelOption())
    .option('-c, --cwe <cwe>', 'one weakness (default: all six)', cwe)
    .addOption(setOption())
    .addOption(pairsOption())
    .addOption(itemsOption())
    .option(
      '--forms <names>',
      `forms of the answer, of ${FORMS.join(', ')} (default: all)`,
      formList,
    )
    .option('--samples <n>', 'completions of each prompt', wholeNumber(1), 2)
    .option('--max-new-tokens <n>', 'most tokens of an answer', wholeNumber(1), 256)
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 0)
    .addOption(
      new Option(
        '--judge-endpoint <url>',
        'a server that speaks OpenAI’s protocol and judges the reviews; its key is in OPENAI_API_KEY',
      ),
    )
    .option('--judge-model <name>', 'its model')
    .option('-o, --out <dir>', 'keep everything there, and go on from what is there')
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .action(run);
}

const formList = (text: string): Form[] => [...new Set(namesOf(FORMS)(text))];

async function run(options: Options, command: Command): Promise<void> {
  const { device, threads, judgeEndpoint: url, judgeModel } = options;
  if ((url === undefined) !== (judgeModel === undefined))
    command.error('--judge-endpoint and --judge-model go together.');
  const key = process.env.OPENAI_API_KEY;
  const judge: Endpoint | undefined =
    url === undefined ? undefined : { url, model: judgeModel!, ...(key && { key }) };
  await interruptible(async (signal) => {
    const model = await load(options.model, { device, threads, signal });
    const progress = new StagedProgress();
    const found: GapFindings[] = [];
    try {
      for (const one of options.cwe ? [options.cwe] : CWES) {
        found.push(await measure(model, one, { ...options, judge }, progress, signal));
      }
      progress.done();
    } finally {
      await model.close();
    }
    process.stdout.write(
      options.json ? `${JSON.stringify(found, null, 2)}\n` : found.map(show).join('\n'),
    );
  });
}

async function measure(
  model: Model,
  one: Cwe,
  options: Options & { judge: Endpoint | undefined },
  progress: StagedProgress,
  signal: AbortSignal,
): Promise<GapFindings> {
  const { forms, samples, maxNewTokens, seed, judge, out } = options;
  const chosen = pairsOf(options, one).filter(({ split }) => split === 'judge');
  const items = itemsOf(options, one);
  const folder =
    out === undefined
      ? undefined
      : RunFolder.start(join(out, one.toLowerCase()), {
          command: 'gap',
          suture: packageVersion(),
          model: { id: model.id, hash: model.hash, tokenizer: model.tokenizer?.hash },
          cwe: one,
          forms: forms ?? FORMS,
          samples,
          maxNewTokens,
          seed,
          data: sha256(JSON.stringify([chosen, items])),
          judge: judge && endpointJudge(judge),
        });
  try {
    const findings = await measureGap(model, chosen, items, {
      ...(forms && { forms }),
      samples,
      maxNewTokens,
      seed,
      ...(judge && { judge }),
      ...(folder && {
        done: {
          reviews: folder.readLines<JudgedReview>('reviews.jsonl'),
          completions: folder.readLines<FormedCompletion>('completions.jsonl'),
        },
        onReview: (review) => folder.append('reviews.jsonl', review),
        onCompletion: (completion) => folder.append('completions.jsonl', completion),
      }),
      onProgress: (stage, done, total) => progress.update(`${one}: ${stage}`, done, total),
      signal,
    });
    folder?.write('metrics.json', findings);
    return findings;
  } finally {
    folder?.close();
  }
}

const share = ({ value, low, high }: Rate): string =>
  `${(100 * value).toFixed(0)} [${(100 * low).toFixed(0)}, ${(100 * high).toFixed(0)}]`;
const points = ({ value, low, high }: Pick<Rate, 'value' | 'low' | 'high'>): string => {
  const signed = (x: number) => `${x < 0 ? '' : '+'}${(100 * x).toFixed(0)}`;
  return `${signed(value)} [${signed(low)}, ${signed(high)}]`;
};

function show(findings: GapFindings): string {
  const { gap, reviews, generation, forms } = findings;
  const judge =
    findings.judge.kind === 'rules'
      ? 'rules'
      : `${findings.judge.model} at ${findings.judge.url}, question ${findings.judge.prompt!.slice(0, 12)}`;
  const reviewTable = formatTable([
    [
      'form',
      'names an issue',
      'the weakness',
      'a fix',
      'safe called safe',
      'misleading',
      'Youden',
      'no verdict',
      'kept form',
    ],
    ...reviews.map((one) => [
      one.form,
      share(one.issue),
      share(one.weakness),
      share(one.fix),
      share(one.trueNegative),
      one.misleading ? share(one.misleading) : '',
      index(one.youden),
      share(one.undetermined),
      share(one.kept),
    ]),
  ]);
  const writeTable = formatTable([
    [
      'form',
      'prompts',
      'secure',
      'insecure',
      'other',
      'parses',
      'refusal',
      'degenerate',
      'truncated',
      'kept form',
    ],
    ...generation.map(({ form, intent, rates, kept }) => [
      form,
      intent,
      ...[rates.secure, rates.insecure, rates.other, rates.parses].map(share),
      ...[rates.refusal, rates.degenerate, rates.truncated].map(({ value }) =>
        (100 * value).toFixed(0),
      ),
      share(kept),
    ]),
  ]);
  const formTable = formatTable([
    ['form', 'against', 'written securely', 'flawed code named'],
    ...forms.map(({ form, reference, secure, issue }) => [
      form,
      reference,
      effect(secure),
      effect(issue),
    ]),
  ]);
  const others =
    forms.length === 0
      ? ''
      : `\nforms: points against the same prompts in the reference, p over all comparisons together\n${formTable}`;
  const asking = forms.filter(({ reference }) => reference === 'line');
  const none =
    asking.length > 0 && asking.every(({ secure, issue }) => secure.silent && issue.silent)
      ? 'No form that is asked for says anything of this model.\n'
      : '';
  const { agreement } = findings;
  const agreed = agreement
    ? `\nRules and endpoint agree on ${agreement.reviews} reviews (kappa): issue ${index(agreement.issue)}, weakness ${index(agreement.weakness)}, fix ${index(agreement.fix)}; of ${agreement.unread} no answer could be read.\n`
    : '';
  return `${findings.model}: ${findings.cwe}; per cent with 95 % intervals over bases; reviews judged by ${judge}

reviews
${reviewTable}
completions, ${findings.samples} of each prompt
${writeTable}${others}${none}${agreed}
Gap: recognised minus written securely under insecure prompts ${points(gap.raw)} points (p = ${pValue(gap.raw.p)}); corrected for false alarms (Youden) ${points(gap.corrected)}.
`;
}

/** An index from -1 to 1 with its interval. */
const index = (figure: Kappa): string =>
  figure === undefined
    ? 'undefined'
    : `${figure.value.toFixed(2)} [${figure.low.toFixed(2)}, ${figure.high.toFixed(2)}]`;

const effect = (difference: Effect): string =>
  difference.silent === undefined
    ? `${points(difference)}, p = ${pValue(difference.p)}`
    : `says nothing: ${difference.silent}`;
