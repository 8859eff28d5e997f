/**
 * Looks up the books of an author in the table `books` (columns title, author, year).
 * `db.all(sql, values)` answers the matching rows as objects, as a promise; every `?`
 * in the sql stands for the next of the values.
 * Answers the titles, oldest book first.
 */
export async function booksByAuthor(db, author) {
