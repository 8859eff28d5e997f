import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import { askJson, giveKey, ServerError } from './api.js';

export function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly [value: string, label: string][];
  onChange(value: string): void;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function NumberField({
  label,
  value,
  onChange,
  min = 0,
  ...limits
}: {
  label: string;
  value: number;
  min?: number;
  max: number;
  step: number;
  onChange(value: number): void;
}) {
  return (
    <label>
      {label}
      <input
        type="number"
        required
        value={value}
        min={min}
        {...limits}
        onInput={({ currentTarget: { valueAsNumber } }) => {
          if (Number.isFinite(valueAsNumber)) onChange(valueAsNumber);
        }}
      />
    </label>
  );
}

/** What scrolls sideways where there is no room, by keys too. */
export function Scrolling({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: else keys could not scroll it
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

/**
 * What the server answers at a path, shown once it is there; what it refuses is said.
 *
 * @param again asks anew whenever it changes; meanwhile what was there stays
 */
export function Loaded<T>({
  path,
  again = 0,
  show,
}: {
  path: string;
  again?: number;
  show(data: T): ComponentChildren;
}) {
  const [state, setState] = useState<{ path: string; data?: T; error?: Error }>({ path });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let wanted = true;
    const set = (next: object) => wanted && setState({ path, ...next });
    askJson<T>(path).then(
      (data) => set({ data }),
      (error) => set({ error }),
    );
    return () => {
      wanted = false;
    };
  }, [path, tries, again]);
  const { data, error } = state.path === path ? state : {};
  if (error instanceof ServerError && error.status === 401) {
    return <KeyForm wrong={tries > 0} onGiven={() => setTries(tries + 1)} />;
  }
  if (error) return <p role="alert">{error.message}</p>;
  if (data === undefined) return <p role="status">Reading…</p>;
  return <>{show(data)}</>;
}

/** Asks for the key that the server wants. */
function KeyForm({ wrong, onGiven }: { wrong: boolean; onGiven(): void }) {
  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        giveKey(String(new FormData(event.currentTarget).get('key')));
        onGiven();
      }}
    >
      <label>
        Key of this server (SUTURE_API_KEY)
        <input name="key" type="password" autocomplete="current-password" required />
      </label>
      <button type="submit">Go on</button>
      {wrong && <p role="alert">This server has no such key.</p>}
    </form>
  );
}

/** Shows something else where its contents cannot be shown, as with figures of another version. */
export function Otherwise({
  otherwise,
  children,
}: {
  otherwise: ComponentChildren;
  children: ComponentChildren;
}) {
  const [error] = useErrorBoundary();
  return <>{error ? otherwise : children}</>;
}
