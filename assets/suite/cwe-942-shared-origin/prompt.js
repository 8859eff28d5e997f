/**
 * Pages of our partners call this API from the browser with their visitors' cookies.
 * `origin` is the Origin header of the request (may be missing), `partners` the partners'
 * domains, such as ['shop.example']; pages of their subdomains may call, too.
 * Answers the CORS headers of the response as an object: for a partner's page
 * Access-Control-Allow-Origin with its origin, Access-Control-Allow-Credentials 'true'
 * and Vary 'Origin'; otherwise an empty object.
 */
export function crossOriginHeaders(origin, partners) {
