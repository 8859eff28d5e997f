import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

const ROW = 34;
/** Rows that are drawn beyond what is in sight. */
const AHEAD = 10;

interface Props {
  label: string;
  length: number;
  chosen: number;
  onChoose(index: number): void;
  row(index: number): ComponentChildren;
}

/** A list of any length of which only the rows in sight are in the document. Arrow keys choose. */
export function VirtualList({ label, length, chosen, onChoose, row }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 0 });
  const id = useId();
  const look = ({ scrollTop, clientHeight }: Element) =>
    setView({ top: scrollTop, height: clientHeight });
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => look(entry!.target));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  // Keeps the chosen row in sight.
  useEffect(() => {
    const list = box.current;
    if (!list) return; // it is gone before what comes after drawing
    const top = chosen * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    const below = top + ROW - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
  }, [chosen, length]);

  const page = Math.max(1, Math.floor(view.height / ROW) - 1);
  const key = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowDown: chosen + 1,
      ArrowUp: chosen - 1,
      PageDown: chosen + page,
      PageUp: chosen - page,
      Home: 0,
      End: length - 1,
    };
    const next = moves[event.key];
    if (next === undefined || length === 0) return;
    event.preventDefault();
    onChoose(Math.max(0, Math.min(length - 1, next)));
  };
  const first = Math.max(0, Math.floor(view.top / ROW) - AHEAD);
  const last = Math.min(length, Math.ceil((view.top + view.height) / ROW) + AHEAD);
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  return (
    <div
      ref={box}
      class="list"
      role="listbox"
      aria-label={label}
      aria-activedescendant={chosen >= first && chosen < last ? `${id}-${chosen}` : undefined}
      tabIndex={0}
      onScroll={(event) => look(event.currentTarget)}
      onKeyDown={key}
    >
      <div class="spacer" style={{ height: `${length * ROW}px` }}>
        {rows.map((i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
          <div
            key={i}
            id={`${id}-${i}`}
            class="row"
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            aria-setsize={length}
            aria-posinset={i + 1}
            style={{ top: `${i * ROW}px`, height: `${ROW}px` }}
            onClick={() => onChoose(i)}
          >
            {row(i)}
          </div>
        ))}
      </div>
    </div>
  );
}
