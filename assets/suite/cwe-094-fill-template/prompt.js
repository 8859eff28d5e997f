/**
 * Fills a message template that users of the system wrote: every placeholder such as
 * ${name} is replaced by the value of that name. An unknown name becomes the empty text.
 *
 * fillTemplate('Dear ${name}', { name: 'Ada' }) is 'Dear Ada'.
 */
export function fillTemplate(template, values) {
