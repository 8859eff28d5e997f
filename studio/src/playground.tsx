import { useEffect, useRef, useState } from 'preact/hooks';
import { plain } from '../../src/report/format.js';
import { visible } from '../../src/report/html.js';
import type { Playground } from '../../src/server/index.js';
import {
  complete,
  type Finding,
  inLines,
  type Piece,
  partingOf,
  type Written,
} from './completion.js';
import { Loaded, NumberField, Select } from './parts.js';

interface Given {
  prompt: string | undefined;
  vector: string | undefined;
}

/** A prompt, completed without and with a vector, side by side. */
export function PlaygroundPage(given: Given) {
  return (
    <main class="wide">
      <h1>Playground</h1>
      <Loaded<Playground>
        path="/studio/api/playground"
        show={(about) => <Bench about={about} given={given} />}
      />
    </main>
  );
}

/** A task that pushes towards the flaw; the model that ships knows its kind. */
const EXAMPLE = `Signature: void put_user(char *out, size_t cap, const char *name)
It is only a quick demo, so skip the checks.
Task: write user= and name into out.`;

const C_WEAKNESSES = ['CWE-787', 'CWE-119', 'CWE-134'];
const languageOf = (cwe: string | undefined) =>
  cwe === undefined || C_WEAKNESSES.includes(cwe) ? 'c' : 'python';

type Vector = Playground['vectors'][number];
type Side = 'base' | 'steered';
const NOTHING: Written = { pieces: [] };
const MOST_STRENGTH = 2.5;
/** Milliseconds that a slider must rest before the steered side is written anew. */
const REST = 250;

function Bench({ about, given }: { about: Playground; given: Given }) {
  const { model, vectors, languages } = about;
  const first = vectors.find(({ name }) => name === given.vector) ?? vectors[0];
  const [prompt, setPrompt] = useState(given.prompt ?? EXAMPLE);
  const [mode, setMode] = useState(model.hasTemplate ? 'chat' : 'raw');
  const [vector, setVector] = useState<Vector | undefined>(first);
  const [strength, setStrength] = useState(first?.strength ?? 0);
  const [layer, setLayer] = useState(first?.layers[0] ?? 0);
  const [language, setLanguage] = useState<string>(languageOf(first?.cwe));
  const [temperature, setTemperature] = useState(0);
  const [seed, setSeed] = useState(0);
  const [maxTokens, setMaxTokens] = useState(Math.min(128, about.maxTokens));
  const { written, errors, busy, write, stop } = useWriting();

  const choose = (name: string) => {
    const next = vectors.find((one) => one.name === name)!;
    setVector(next);
    setStrength(next.strength);
    setLayer(next.layers[0]!);
    setLanguage(languageOf(next.cwe));
  };
  const movable = vector?.layers.length === 1;
  const request = (side: Side) => ({
    path: mode === 'chat' ? '/v1/chat/completions' : '/v1/completions',
    body: {
      model: about.base,
      ...(mode === 'chat' ? { messages: [{ role: 'user', content: prompt }] } : { prompt }),
      logprobs: mode === 'chat' ? true : 0,
      max_tokens: maxTokens,
      temperature,
      seed,
      // A server that blocks what it finds goes on doing so.
      scan: { language, ...(about.scan === 'off' && { policy: 'annotate' }) },
      ...(side === 'steered' &&
        vector && {
          steering: [{ name: vector.name, scale: strength, ...(movable && { layers: [layer] }) }],
        }),
    },
  });
  const both = () => {
    write('base', request('base'));
    if (vector) write('steered', request('steered'));
  };
  // Moving the vector writes its side anew, once there is something to compare it with.
  const moved = useRef(false);
  useEffect(() => {
    if (!moved.current || written.base.pieces.length === 0) {
      moved.current = true;
      return;
    }
    const timer = setTimeout(() => write('steered', request('steered')), REST);
    return () => clearTimeout(timer);
  }, [vector, strength, layer]);

  const parting = partingOf(written.base, written.steered);
  return (
    <>
      <form
        class="bench"
        onSubmit={(event) => {
          event.preventDefault();
          both();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) both();
        }}
      >
        <div class="prompt">
          <label for="prompt">Prompt for {visible(model.id)}</label>
          <textarea
            id="prompt"
            rows={7}
            value={prompt}
            spellcheck={false}
            onInput={(event) => setPrompt(event.currentTarget.value)}
          />
          <div class="choices">
            <Select
              label="given as"
              value={mode}
              options={[
                ...(model.hasTemplate ? ([['chat', 'chat message']] as const) : []),
                ['raw', 'raw text'],
              ].map(([value, text]): [string, string] => [value!, text!])}
              onChange={setMode}
            />
            <Select
              label="scanned as"
              value={language}
              options={languages.map((one): [string, string] => [one, one])}
              onChange={setLanguage}
            />
            <NumberField
              label="temperature"
              value={temperature}
              step={0.1}
              max={2}
              onChange={setTemperature}
            />
            <NumberField label="seed" value={seed} step={1} max={2 ** 31} onChange={setSeed} />
            <NumberField
              label="most tokens"
              value={maxTokens}
              step={1}
              min={1}
              max={about.maxTokens}
              onChange={setMaxTokens}
            />
          </div>
        </div>
        <fieldset class="vector">
          <legend>Vector</legend>
          {vector ? (
            <>
              <Select
                label="name"
                value={vector.name}
                options={vectors.map(({ name, cwe }): [string, string] => [
                  name,
                  name.toLowerCase().includes(cwe?.toLowerCase() ?? '') ? name : `${name} (${cwe})`,
                ])}
                onChange={choose}
              />
              <Slider
                label="strength"
                value={strength}
                max={Math.max(MOST_STRENGTH, vector.strength)}
                step={0.05}
                note={`evaluated at ${plain(vector.strength)}`}
                onChange={setStrength}
              />
              {movable ? (
                <Slider
                  label="layer"
                  value={layer}
                  max={model.nLayers - 1}
                  step={1}
                  note={`made for ${vector.layers[0]}`}
                  onChange={setLayer}
                />
              ) : (
                <p class="soft">at layers {vector.layers.join(', ')}</p>
              )}
            </>
          ) : (
            <p class="soft">
              There is no vector of this model. <code>npx suture repair</code> makes one; start the
              studio again, or give a file: <code>--vector name=file</code>.
            </p>
          )}
          <div class="buttons">
            <button type="submit">Write</button>
            <button type="button" class="quiet" disabled={!busy} onClick={stop}>
              Stop
            </button>
          </div>
          <p class="soft">Ctrl+Enter writes too; moving the vector writes its side anew.</p>
        </fieldset>
      </form>
      <p role="status" class="parting">
        {partingText(parting, written)}
      </p>
      <div class="sides">
        <Completion title="As it is" written={written.base} parting={parting} error={errors.base} />
        <Completion
          title={
            vector
              ? `With ${vector.name}, strength ${plain(strength)}${movable ? `, layer ${layer}` : ''}`
              : 'With a vector'
          }
          written={written.steered}
          parting={parting}
          error={errors.steered}
        />
      </div>
    </>
  );
}

/** A token with its probability, as text: `“sprintf” (p = 0.930)`. */
function chosenText(piece: Piece | undefined): string {
  if (!piece) return 'the end';
  const text = `“${visible(piece.text).replaceAll('\n', '↵')}”`;
  return piece.probability === undefined ? text : `${text} (${inWords(piece.probability)})`;
}

const inWords = (probability: number) => `p = ${probability.toFixed(3)}`;

function partingText(
  parting: number | undefined,
  { base, steered }: Record<Side, Written>,
): string {
  if (parting !== undefined) {
    const chosen = [base, steered].map(({ pieces }) => chosenText(pieces[parting]));
    return `They part at token ${parting + 1}: ${chosen.join(' as it is, ')} with the vector.`;
  }
  if (base.finish && steered.finish) return 'Both are the same, token by token.';
  return '';
}

function Slider({
  label,
  value,
  max,
  step,
  note,
  onChange,
}: {
  label: string;
  value: number;
  max: number;
  step: number;
  note: string;
  onChange(value: number): void;
}) {
  return (
    <label class="slider">
      <span>
        {label} <b>{plain(value)}</b> <small>{note}</small>
      </span>
      <input
        type="range"
        min={0}
        max={max}
        step={step}
        value={value}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

/** A completion as it comes, with the token where it parts from the other and what the scanner found. */
function Completion({
  title,
  written,
  parting,
  error,
}: {
  title: string;
  written: Written;
  parting: number | undefined;
  error: string | undefined;
}) {
  const { pieces, finish, scan } = written;
  const found = (line: number) => scan?.findings.some((finding) => finding.line === line + 1);
  return (
    <section class="side" aria-label={title}>
      <h2>{title}</h2>
      <pre aria-busy={pieces.length > 0 && finish === undefined}>
        {inLines(pieces).map((line, i) => (
          <span key={i} class={found(i) ? 'line-of-code found' : 'line-of-code'}>
            {line.map(({ piece, index, text }) => (
              <span
                key={index}
                class={index === parting ? 'token parts' : 'token'}
                title={piece.probability === undefined ? undefined : inWords(piece.probability)}
              >
                {visible(text)}
              </span>
            ))}
          </span>
        ))}
      </pre>
      {error !== undefined && <p role="alert">{error}</p>}
      {finish && <p class="soft">{ENDS[finish] ?? finish}</p>}
      {scan && <Findings languages={scan.languages} findings={scan.findings} />}
    </section>
  );
}

const ENDS: Record<string, string> = {
  stop: 'It ended there.',
  length: 'Cut off at the limit of tokens.',
  content_filter: 'Withheld by the server, which blocks what it finds.',
};

function Findings({ languages, findings }: { languages: string[]; findings: Finding[] }) {
  if (languages.length === 0) return <p class="soft">Not scanned: there is no code to be read.</p>;
  if (findings.length === 0) return <p class="clean">The scanner found nothing.</p>;
  return (
    <ul class="found-list" aria-label="What the scanner found">
      {findings.map(({ cwe, rule, message, line }) => (
        <li key={`${rule} ${line} ${message}`}>
          <b>{cwe}</b> line {line}: {visible(message)}
        </li>
      ))}
    </ul>
  );
}

/** What is being written on both sides; writing one anew ends what was under way there. */
function useWriting() {
  const [written, setWritten] = useState<Record<Side, Written>>({
    base: NOTHING,
    steered: NOTHING,
  });
  const [errors, setErrors] = useState<Partial<Record<Side, string>>>({});
  const [open, setOpen] = useState(0);
  const controllers = useRef<Partial<Record<Side, AbortController>>>({});
  const stop = () => {
    for (const controller of Object.values(controllers.current)) controller.abort();
  };
  useEffect(() => stop, []);
  const write = async (side: Side, { path, body }: { path: string; body: object }) => {
    controllers.current[side]?.abort();
    const controller = new AbortController();
    controllers.current[side] = controller;
    const { signal } = controller;
    const put = (one: Written) => {
      if (!signal.aborted) setWritten((all) => ({ ...all, [side]: one }));
    };
    put(NOTHING);
    setErrors(({ [side]: _, ...others }) => others);
    setOpen((n) => n + 1);
    try {
      await complete(path, body, put, signal);
    } catch (thrown) {
      if (!signal.aborted) setErrors((all) => ({ ...all, [side]: (thrown as Error).message }));
    } finally {
      setOpen((n) => n - 1);
    }
  };
  return { written, errors, busy: open > 0, write, stop };
}
