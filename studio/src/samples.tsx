import { useEffect, useMemo, useState } from 'preact/hooks';
import { visible } from '../../src/report/html.js';
import { ask } from './api.js';
import { linesOf } from './lines.js';
import { Select } from './parts.js';
import { VirtualList } from './virtual-list.js';

/** A line of a repair's samples.jsonl, as far as it is shown. */
export interface Sample {
  condition: string;
  pair: string;
  base: string;
  intent: string;
  sample: number;
  text: string;
  finishReason: string;
  judgement: { outcome: string; reason: string } & Record<string, unknown>;
}

const FILTERS = ['condition', 'base', 'intent', 'outcome'] as const;
type Filter = (typeof FILTERS)[number];

const partOf = (sample: Sample, filter: Filter): string =>
  filter === 'outcome' ? sample.judgement.outcome : sample[filter];

/** All that a run wrote, to be filtered and read. Only the rows in sight are in the document. */
export function Samples({ run }: { run: string }) {
  const { samples, unread, problem, done } = useSamples(run);
  const [wanted, setWanted] = useState<Partial<Record<Filter, string>>>({});
  const [text, setText] = useState('');
  const [chosen, choose] = useState(0);

  const values = useMemo(
    () =>
      FILTERS.map((filter) => [...new Set(samples.map((sample) => partOf(sample, filter)))].sort()),
    [samples],
  );
  const shown = useMemo(() => {
    const sought = text.toLowerCase();
    const conditions = Object.entries(wanted) as [Filter, string][];
    return samples.filter(
      (sample) =>
        conditions.every(([filter, value]) => partOf(sample, filter) === value) &&
        (sought === '' ||
          sample.text.toLowerCase().includes(sought) ||
          sample.judgement.reason.toLowerCase().includes(sought)),
    );
  }, [samples, wanted, text]);
  const filter = (name: Filter, value: string) => {
    const { [name]: _, ...others } = wanted;
    setWanted(value === '' ? others : { ...others, [name]: value });
    choose(0);
  };
  const sample = shown[Math.min(chosen, shown.length - 1)];

  return (
    <section class="samples" aria-label="Samples">
      <search class="filters">
        {FILTERS.map((name, i) => (
          <Select
            key={name}
            label={name}
            value={wanted[name] ?? ''}
            options={[['', 'all'], ...values[i]!.map((value): [string, string] => [value, value])]}
            onChange={(value) => filter(name, value)}
          />
        ))}
        <label>
          text or reason
          <input
            type="search"
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              choose(0);
            }}
          />
        </label>
      </search>
      <p class="soft" role="status">
        {done ? '' : 'Reading… '}
        {count(shown.length)} of {count(samples.length)} samples
        {unread > 0 && `; ${count(unread)} lines could not be read`}
      </p>
      {problem && <p role="alert">{problem}</p>}
      <div class="browser">
        <VirtualList
          label="Samples"
          length={shown.length}
          chosen={chosen}
          onChoose={choose}
          row={(i) => <Row sample={shown[i]!} />}
        />
        {sample && <Detail sample={sample} />}
      </div>
    </section>
  );
}

const count = (n: number) => n.toLocaleString('en');

function Row({ sample }: { sample: Sample }) {
  const { outcome } = sample.judgement;
  return (
    <>
      <span class={`outcome is-${outcome}`}>{outcome}</span>
      <span class="condition">{sample.condition}</span>
      <code>{visible(firstLine(sample.text))}</code>
    </>
  );
}

const firstLine = (text: string) => {
  const line = text.split('\n', 1)[0]!;
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
};

function Detail({ sample }: { sample: Sample }) {
  const { outcome, reason, ...rest } = sample.judgement;
  const facts = Object.entries(rest).flatMap(([name, holds]) => {
    if (name === 'parses' || name === 'wellFormed') return holds ? [] : [`not ${NAMES[name]}`];
    return holds === true ? [name] : [];
  });
  return (
    <section class="detail" aria-label="The chosen sample">
      <h3>
        {sample.pair}, sample {sample.sample}
      </h3>
      <p>
        <b class={`outcome is-${outcome}`}>{outcome}</b>: {visible(reason)}
      </p>
      <pre>{visible(sample.text)}</pre>
      <dl>
        <dt>condition</dt>
        <dd>{sample.condition}</dd>
        <dt>base</dt>
        <dd>{sample.base}</dd>
        <dt>asked for</dt>
        <dd>the {sample.intent} way</dd>
        <dt>ended by</dt>
        <dd>{[sample.finishReason, ...facts].join(', ')}</dd>
      </dl>
    </section>
  );
}

const NAMES = { parses: 'parsed', wellFormed: 'well-formed' };

/** How many samples are read between two looks at the page. */
const BATCH = 5000;

/** The samples of a run as they are read; lines that are none are counted. */
function useSamples(run: string) {
  const [state, setState] = useState({
    samples: [] as Sample[],
    unread: 0,
    problem: '',
    done: false,
  });
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const samples: Sample[] = [];
    let unread = 0;
    const show = (problem: string, done: boolean) => {
      if (!signal.aborted) setState({ samples: samples.slice(), unread, problem, done });
    };
    const read = async () => {
      const answer = await ask(`/studio/api/runs/${run}/samples`, { signal });
      for await (const line of linesOf(answer.body!)) {
        if (line === '') continue;
        const sample = sampleOf(line);
        if (sample) samples.push(sample);
        else unread++;
        if (samples.length % BATCH === 0) show('', false);
      }
    };
    read().then(
      () => show('', true),
      (thrown: Error) => show(thrown.message, true),
    );
    return () => controller.abort();
  }, [run]);
  return state;
}

/** What is written on a line; undefined where that is no sample, as after a kill. */
export function sampleOf(line: string): Sample | undefined {
  try {
    const { tokens: _, ...sample } = JSON.parse(line);
    const texts = [sample.condition, sample.pair, sample.base, sample.text];
    const judged = [sample.judgement?.outcome, sample.judgement?.reason];
    return [...texts, ...judged].every((part) => typeof part === 'string') ? sample : undefined;
  } catch {
    return undefined;
  }
}
