const LANGUAGES = ['en', 'de', 'fr'];
const FRONT = '/home';

/** Tells whether the newspaper has an edition in this language. */
export const hasEdition = (language) => LANGUAGES.includes(language);

// Readers choose their language on a page of its own, whose form (an object) has a hidden
// field `back`: the page of the newspaper they were on. What goes into the Location header
// afterwards; the front page if the field is absent or empty.
export function chooseReturnPage(form) {
