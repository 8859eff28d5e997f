/**
 * A user has the fields id, role, credits, displayName, bio and language. The profile form
 * has inputs for the display name, the bio and the language; `form` holds what was sent.
 * Answers a copy of the user with the sent inputs applied, the others unchanged.
 */
export function updateProfile(user, form) {
