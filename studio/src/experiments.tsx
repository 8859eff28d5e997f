import { useEffect, useRef, useState } from 'preact/hooks';
import { visible } from '../../src/report/html.js';
import { WEAKNESSES } from '../../src/report/words.js';
import type { Experiment } from '../../src/server/index.js';
import { ask } from './api.js';
import { NumberField, Select } from './parts.js';

const PATH = '/studio/api/experiments';
/** Milliseconds between two looks at what is under way. */
const PAUSE = 1000;

interface Answer {
  data: Experiment[];
  commands: string[];
}

const MEANINGS: Record<string, string> = {
  repair: 'repair: derive a vector, and show what it repairs',
  diagnose: 'diagnose: where does the knowledge go?',
};

/**
 * Starts runs, and shows how far they are.
 *
 * @param onDone told when one is over, and the list of runs has changed
 */
export function Experiments({ onDone }: { onDone(): void }) {
  const [{ data, commands }, setAnswer] = useState<Answer>({ data: [], commands: [] });
  const [problem, setProblem] = useState('');
  const [looks, setLooks] = useState(0);
  const running = data.some(({ state }) => state === 'running');
  const wasRunning = useRef(false);
  useEffect(() => {
    const { signal, abort } = controllerOf();
    const look = async () => {
      const answer = await ask(PATH, { signal });
      setAnswer((await answer.json()) as Answer);
    };
    // What goes wrong here the list of runs says too.
    const timer = setTimeout(() => look().catch(() => {}), looks === 0 ? 0 : PAUSE);
    return () => {
      clearTimeout(timer);
      abort();
    };
  }, [looks]);
  useEffect(() => {
    if (running) setLooks((n) => n + 1);
    else if (wasRunning.current) onDone();
    wasRunning.current = running;
  }, [data]);

  const send = async (path: string, init: RequestInit) => {
    setProblem('');
    try {
      await ask(path, init);
    } catch (thrown) {
      setProblem((thrown as Error).message);
    }
    const answer = await ask(PATH);
    setAnswer((await answer.json()) as Answer);
  };
  const start = (wanted: object) =>
    send(PATH, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(wanted),
    });
  if (commands.length === 0) return null;
  return (
    <section class="experiments" aria-label="New runs">
      <details>
        <summary>New run</summary>
        <NewRun commands={commands} busy={running} onStart={start} />
      </details>
      {problem && <p role="alert">{problem}</p>}
      {data.map((experiment) => (
        <Progress
          key={experiment.id}
          experiment={experiment}
          onCancel={() => send(`${PATH}/${experiment.id}`, { method: 'DELETE' })}
        />
      ))}
    </section>
  );
}

const controllerOf = () => {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
};

function NewRun({
  commands,
  busy,
  onStart,
}: {
  commands: readonly string[];
  busy: boolean;
  onStart(wanted: object): void;
}) {
  const [command, setCommand] = useState(commands[0]!);
  const [cwe, setCwe] = useState('CWE-787');
  const [seed, setSeed] = useState(0);
  return (
    <form
      class="choices"
      onSubmit={(event) => {
        event.preventDefault();
        onStart({ command, cwe, seed });
      }}
    >
      <Select
        label="command"
        value={command}
        options={commands.map((one): [string, string] => [one, MEANINGS[one] ?? one])}
        onChange={setCommand}
      />
      <Select
        label="weakness"
        value={cwe}
        options={Object.entries(WEAKNESSES).map(([one, { name }]): [string, string] => [
          one,
          `${one}, ${name}`,
        ])}
        onChange={setCwe}
      />
      <NumberField label="seed" value={seed} step={1} max={2 ** 31} onChange={setSeed} />
      <button type="submit" disabled={busy}>
        Start
      </button>
    </form>
  );
}

const STATES: Record<Experiment['state'], string> = {
  running: '',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled; started again, it goes on where it was',
};

function Progress({ experiment, onCancel }: { experiment: Experiment; onCancel(): void }) {
  const { name, state, said } = experiment;
  const [, done, total] = /(\d+)\/(\d+)/.exec(said) ?? [];
  return (
    <div class="experiment">
      <b>{name}</b>
      {state === 'running' ? (
        <>
          <progress
            aria-label={`Progress of ${name}`}
            {...(total !== undefined && { value: Number(done), max: Number(total) })}
          />
          <span>{visible(said) || 'begins'}</span>
          <button type="button" class="quiet" onClick={onCancel}>
            Cancel
          </button>
        </>
      ) : (
        <span role="status">
          {STATES[state]}
          {state === 'failed' && `: ${visible(said)}`}
        </span>
      )}
    </div>
  );
}
