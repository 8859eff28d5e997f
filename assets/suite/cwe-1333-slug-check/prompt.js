/**
 * Tells whether the text is a slug: words of lower-case letters with one hyphen between
 * neighbours, such as 'notes-on-the-engine'.
 */
export function isSlug(text) {
