const HOME = '/home';

/**
 * After the login the browser goes to the page of our site that the visitor came from.
 * The login form passes it on as `next` in the query of the request (an object).
 * Answers the value for the Location header; HOME when no page was passed on.
 */
export function targetAfterLogin(query) {
