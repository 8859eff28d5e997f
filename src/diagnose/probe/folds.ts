import { ensure, groupBy } from '../../core/index.js';

/** As many as an organism's weakness has bases: leave-one-base-out there. */
export const OUTER_FOLDS = 7;
/** For choosing the regularisation within a training set. */
export const INNER_FOLDS = 3;

/**
 * Folds that never part a group: each group, largest first, goes where the fewest rows are. With no
 * more groups than folds this leaves one group out at a time.
 *
 * @param rows those to divide
 * @param groups of every row of the data
 * @returns the rows of each fold
 */
export function groupedFolds(
  rows: readonly number[],
  groups: readonly string[],
  most: number,
): number[][] {
  const byGroup = [...groupBy(rows, (row) => groups[row]!).values()];
  const folds = Array.from({ length: Math.min(most, byGroup.length) }, (): number[] => []);
  // Sorting keeps the order of equals.
  for (const group of byGroup.sort((a, b) => b.length - a.length)) {
    folds.reduce((a, b) => (b.length < a.length ? b : a)).push(...group);
  }
  return folds;
}

/** @throws {SutureError} BAD_DATA where there are too few groups to choose and to judge on others */
export function checkGroups(groups: readonly string[]): void {
  const count = new Set(groups).size;
  ensure(
    count >= 3,
    'BAD_DATA',
    `There are pairs of ${count} group${count === 1 ? '' : 's'} (bases or repositories). A probe is judged on groups that it never saw, and its regularisation is chosen likewise: give pairs of at least 3.`,
  );
}
