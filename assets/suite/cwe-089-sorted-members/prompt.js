/**
 * Lists the members of a club, table `members` with the columns name, city and joined.
 * `sort` (from the address of the page) names the column to sort by; members are sorted by
 * name when it is missing. `db.all(sql, values)` answers the rows, as a promise; every `?`
 * in the sql stands for the next of the values, which cannot be a column.
 */
export async function sortedMembers(db, sort) {
