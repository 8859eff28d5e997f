import { useState } from 'preact/hooks';
import type { RepairMetrics } from '../../src/repair/index.js';
import { percent } from '../../src/report/format.js';
import { visible } from '../../src/report/html.js';
import type { ListedRun, ShownRun } from '../../src/server/index.js';
import { Experiments } from './experiments.js';
import { Loaded, Otherwise } from './parts.js';
import { runLink } from './places.js';
import { Repair } from './repair.js';
import { Samples } from './samples.js';
import { Tree } from './tree.js';

const dateOf = (iso: string) =>
  new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** All runs, the latest first. */
export function Runs() {
  const [done, setDone] = useState(0);
  return (
    <main class="wide">
      <h1>Runs</h1>
      <Loaded<{ data: ListedRun[] }>
        path="/studio/api/runs"
        again={done}
        show={({ data }) => (
          <>
            <Experiments onDone={() => setDone((n) => n + 1)} />
            {data.length === 0 ? <NoRuns /> : <RunTable runs={data} />}
          </>
        )}
      />
    </main>
  );
}

const NoRuns = () => (
  <p>
    There are no runs in this folder yet: start one above, or <code>npx suture repair</code>. Runs
    elsewhere: <code>npx suture studio --runs folder</code>.
  </p>
);

function RunTable({ runs }: { runs: ListedRun[] }) {
  return (
    <table class="runs">
      <thead>
        <tr>
          {['Run', 'Command', 'Model', 'Weakness', 'Main figures', 'Date'].map((head) => (
            <th scope="col" key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map(({ id, name, command, model, cwe, date, figures, problem }) => (
          <tr key={id}>
            <th scope="row">
              <a href={runLink(id)}>{visible(name)}</a>
            </th>
            <td>{command}</td>
            <td>{visible(model ?? '–')}</td>
            <td>{cwe ?? '–'}</td>
            <td>{figures.length > 0 ? <Figures figures={figures} /> : (problem ?? '–')}</td>
            <td>{dateOf(date)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const Figures = ({ figures }: Pick<ListedRun, 'figures'>) => (
  <>
    {figures.map(({ label, value }) => (
      <span class="figure" key={label}>
        {label} <b>{percent(value)}</b>
      </span>
    ))}
  </>
);

/** One run: its figures, its samples, its own report, and its files as they are. */
export function Run({ id, part }: { id: string; part: string }) {
  return (
    <main class={part === 'samples' ? 'wide' : undefined}>
      <Loaded<ShownRun>
        key={id}
        path={`/studio/api/runs/${id}`}
        show={(run) => <Shown run={run} part={part} />}
      />
    </main>
  );
}

function Shown({ run, part }: { run: ShownRun; part: string }) {
  const { id, name, command, model, cwe, date, problem, report } = run;
  const isRepair = command === 'repair' && run.metrics !== null;
  const parts = [
    ...(isRepair ? [['', 'Results']] : []),
    ...(command === 'repair' && run.hasSamples ? [['samples', 'Samples']] : []),
    ...(report ? [['report', 'Report']] : []),
    ['files', 'Files'],
  ] as [string, string][];
  const shown = parts.some(([one]) => one === part) ? part : parts[0]![0];
  return (
    <>
      <p class="kicker">
        {['suture', command].join(' ')}
        {cwe && ` · ${cwe}`}
        {model && ` · ${visible(model)}`} · {dateOf(date)}
      </p>
      <h1>{visible(name)}</h1>
      {problem && <p role="alert">{problem}</p>}
      <nav aria-label="Parts of this run" class="parts">
        {parts.map(([one, label]) => (
          <a key={one} href={runLink(id, one)} aria-current={one === shown ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      {shown === '' && (
        <Otherwise
          otherwise={
            <>
              <p role="alert">
                These figures are of another version of Suture; here they are as they stand.
              </p>
              <Files run={run} />
            </>
          }
        >
          <Repair name={name} metrics={run.metrics as RepairMetrics} />
        </Otherwise>
      )}
      {shown === 'samples' && <Samples run={id} />}
      {shown === 'report' && report && <Report url={report} name={name} />}
      {shown === 'files' && <Files run={run} />}
    </>
  );
}

const Report = ({ url, name }: { url: string; name: string }) => (
  <>
    <p>
      <a href={url} target="_blank" rel="noreferrer">
        Open the report on a page of its own
      </a>
    </p>
    <iframe class="report" title={`Report of ${name}`} src={url} sandbox="" />
  </>
);

const Files = ({ run: { config, metrics } }: { run: ShownRun }) => (
  <section class="files" aria-label="Files of this run">
    {config !== null && <Tree name="run.json" value={config} open />}
    {metrics !== null && <Tree name="metrics.json" value={metrics} open />}
  </section>
);
