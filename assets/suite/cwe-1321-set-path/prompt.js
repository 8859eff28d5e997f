/**
 * Sets the value at a path of names joined by full stops, such as 'window.size.width',
 * in `target`. Objects that are missing on the way are made. Answers `target`.
 */
export function setPath(target, path, value) {
