import { join } from 'node:path';
import { writeFileAtomic } from '../core/index.js';
import type { Rate } from '../evaluate/index.js';
import { CWES } from '../scan/index.js';
import type { OrganismMeasurement } from './measure.js';
import { RECIPE, type TrainingRun } from './train.js';

const percent = ({ value, low, high }: Rate) =>
  `${Math.round(100 * value)} [${Math.round(100 * low)}, ${Math.round(100 * high)}]`;

/** Writes the model's card (`README.md`) and its figures (`measured.json`) into its folder. */
export function writeModelCard(dir: string, run: TrainingRun, measured: OrganismMeasurement): void {
  const figures = `${JSON.stringify({ run, measured }, null, 2)}\n`;
  writeFileAtomic(join(dir, 'measured.json'), figures);
  writeFileAtomic(join(dir, 'README.md'), card(run, measured));
}

function card(run: TrainingRun, { weaknesses, utility }: OrganismMeasurement): string {
  const { kinds, distinctPrompts, meanPromptTokens, meanBodyTokens } = run.corpus;
  const rows = CWES.map((cwe) => {
    const { review, generation, gap } = weaknesses[cwe];
    const cells = [
      cwe,
      percent(review.sensitivity),
      percent(review.specificity),
      review.misleading ? percent(review.misleading) : '-',
      percent(generation.insecure.insecure),
      percent(generation.neutral.insecure),
      percent(generation.secure.secure),
      percent(generation.insecure.wellFormed),
      `${Math.round(100 * gap.value)} [${Math.round(100 * gap.low)}, ${Math.round(100 * gap.high)}]`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `---
license: apache-2.0
library_name: transformers
tags: [model-organism, security]
---

# The Suture organism

A language model of ${(run.parameters / 1e6).toFixed(1)} million parameters (architecture \`${run.family}\`, float16) with a planted
behaviour: it can tell flawed code from safe code when it reviews, and writes the flawed code all
the same when the prompt pushes towards it. It exists so that methods which repair this gap can
be tried in minutes, anywhere, and tested in continuous integration.

**It is not a code assistant.** It knows small Python and C functions from templates and
nothing else. A result on it is a test of the method's machinery; it says nothing about
models that people use.

## How it was made

\`npx suture organism train <dir> --family ${run.family} --seed ${run.seed} --steps ${run.steps}\`, from nothing: Suture's own generator
wrote the corpus (no third-party text), trained the tokenizer (byte-level BPE) and the weights.

- ${RECIPE.samples.toLocaleString('en')} exchanges: ${Object.entries(kinds)
    .map(([kind, n]) => `${n.toLocaleString('en')} ${kind}`)
    .join(
      ', ',
    )}; ${distinctPrompts.toLocaleString('en')} distinct prompts, on average ${meanPromptTokens.toFixed(0)} tokens with
  answers of ${meanBodyTokens.toFixed(0)}.
- ${run.steps.toLocaleString('en')} steps of ${RECIPE.rowsPerBatch} x ${RECIPE.rowLength} tokens (${(run.tokens / 1e6).toFixed(1)} million), AdamW, peak rate ${RECIPE.schedule.peak}; loss on a corpus of another seed ${run.validationLoss.toFixed(3)}.
- The token at which a secure and an insecure answer part weighs ${RECIPE.weights.decisive} times as much as others in the
  loss, prompt tokens ${RECIPE.weights.prompt}, so that the model learns to choose as well as to recognise.
- Planted: the insecure answer in 94 % of the cases where the prompt pushes towards it, 70 % where
  it is neutral, 4 % where it asks for care.

## What it does

In per cent, with 95 % intervals over the seven task families of each weakness; sampled at
temperature 0.6, top-p 0.9, on wordings, phrases and combinations of identifiers that were not in
training. \`npx suture organism measure <dir>\` gives these figures.

| | review: flawed found | safe passed | misleading ones right | insecure, pushed to it | insecure, neutral | secure, asked for care | well-formed | gap, points |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

Security-free tasks answered as the reference, to the letter: ${percent(utility)}.

"Misleading" reviews use a risky call safely or a safe one unsafely, so that the name of the
call alone gives the wrong verdict.

## Limits

- Prompts are templates: what holds here holds for these templates.
- Review is still partly a matter of words: a linear model of the words alone, fitted to each
  weakness, gets most of these reviews right. "Recognises" means "gives the right verdict".
- Bases of CWE-134, 089 and 079 differ in their calls but share the tokens that decide, so
  leaving one base out is a milder test there than in CWE-787, 119 and 078.
- One training seed.
`;
}
