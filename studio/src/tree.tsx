import { useState } from 'preact/hooks';
import { visible } from '../../src/report/html.js';

/** How many entries are shown before one asks for all. */
const FIRST = 100;

/** Any JSON, to be unfolded part by part. What is folded is not drawn. */
export function Tree({
  name,
  value,
  open = false,
}: {
  name: string;
  value: unknown;
  open?: boolean;
}) {
  const [isOpen, setOpen] = useState(open);
  const [all, setAll] = useState(false);
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="leaf">
        <span class="key">{visible(name)}</span> <Leaf value={value} />
      </div>
    );
  }
  const entries = Object.entries(value);
  const shown = all ? entries : entries.slice(0, FIRST);
  return (
    <details class="tree" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="key">{visible(name)}</span>{' '}
        <span class="soft">
          {Array.isArray(value) ? `list of ${entries.length}` : summaryOf(entries)}
        </span>
      </summary>
      {isOpen && (
        <div class="inside">
          {shown.map(([key, inner]) => (
            <Tree key={key} name={key} value={inner} />
          ))}
          {shown.length < entries.length && (
            <button type="button" class="quiet" onClick={() => setAll(true)}>
              all {entries.length}
            </button>
          )}
        </div>
      )}
    </details>
  );
}

/** What a folded object holds, in short: its figure where it is one, else its names. */
function summaryOf(entries: [string, unknown][]): string {
  const own = Object.fromEntries(entries);
  if (typeof own.value === 'number') {
    const { value, low, high } = own as Record<string, number>;
    const ends = typeof low === 'number' && typeof high === 'number';
    return ends ? `${short(value!)} (${short(low)} to ${short(high)})` : short(value!);
  }
  const names = entries.map(([key]) => key).join(', ');
  return names.length > 60 ? `${names.slice(0, 57)}…` : names;
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

function Leaf({ value }: { value: unknown }) {
  if (typeof value === 'string') return <span class="text">{visible(value)}</span>;
  return <span class="number">{String(value)}</span>;
}
