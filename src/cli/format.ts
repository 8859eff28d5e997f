/** Sizes and counts as people read them. */

/** `5_800_000` -> `5.8 MB`: decimal units, as disks and the hub count. */
export const formatBytes = (bytes: number): string => `${scaled(bytes)}B`;

/** `494_000_000` -> `494 M`. */
export const formatCount = (count: number): string => scaled(count).replace('G', 'B').trimEnd();

function scaled(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let rest = value;
  let unit = 0;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  const digits = unit === 0 || rest >= 99.5 ? 0 : rest >= 9.95 ? 1 : 2;
  return `${rest.toFixed(digits)} ${units[unit]}`;
}

/** `2 days ago`; whole units, the largest there is. */
export function formatAge(then: Date, now = new Date()): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return 'just now';
  const [count, unit] =
    minutes < 60
      ? [minutes, 'minute']
      : minutes < 24 * 60
        ? [Math.floor(minutes / 60), 'hour']
        : [Math.floor(minutes / (24 * 60)), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

/** Rows of cells as columns, two spaces apart; numbers are the caller's to align. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  '));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** A depth of the residual stream in a table: -1 is the embeddings. */
export const layerName = (layer: number): string => (layer < 0 ? 'embeddings' : String(layer));
