import crypto from 'node:crypto';

const LENGTH = 24;

/**
 * Makes the code of an invitation link, which whoever holds the link can use to join:
 * LENGTH lower-case letters and digits.
 */
export function inviteCode() {
