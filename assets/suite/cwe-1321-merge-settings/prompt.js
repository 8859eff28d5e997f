/**
 * Merges `changes` (parsed from a user's JSON file) into `settings`, which is changed and
 * answered. Objects within are merged in the same way; everything else, also a list, is replaced.
 */
export function mergeSettings(settings, changes) {
