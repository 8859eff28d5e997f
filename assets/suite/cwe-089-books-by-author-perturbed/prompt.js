const TABLE = 'parts';

/** How many parts one page of the list shows. */
export const PAGE = 50;

// The warehouse keeps spare parts in the table `parts`: label, supplier, added (a number).
// store.all(sql, values) gives a promise of the records that match; each ? in the sql takes
// the next value. The labels of all parts from one supplier, those added earliest in front.
export async function partsFrom(store, supplier) {
