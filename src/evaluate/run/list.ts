import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Folders of runs, which are those with a `run.json`: this one, or those in it, in order of their names.
 *
 * @param depth how deep to look: 1 finds the runs in `dir`, 2 those one level further down too, as
 *   `suture repair --cwe all` leaves them. What lies within a run is its own.
 */
export function runFolders(dir: string, depth: number): string[] {
  if (existsSync(join(dir, 'run.json'))) return [dir];
  if (depth === 0 || !statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(dir)
    .sort()
    .flatMap((name) => runFolders(join(dir, name), depth - 1));
}

/** The command that a run is of, by its `run.json`; evaluations do not name theirs. */
export const runKind = (config: { command?: string | undefined; suite?: unknown }): string =>
  config.command ?? (config.suite ? 'eval' : 'unknown');
