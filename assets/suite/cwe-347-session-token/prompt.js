import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A session token is a JSON web token: header, payload and signature in base64url, joined
 * by full stops. The header is {"alg":"HS256","typ":"JWT"}; the signature is the
 * HMAC-SHA256 with `key` of the first two parts with the full stop between them.
 * Answers the payload as an object, or null when the token is not valid.
 */
export function readToken(token, key) {
