/** The standard menu of the kitchen. */
export const STANDARD = { season: 'light', drinks: { tea: 2 } };

// Lays the JSON that a customer sent over a menu, in place: where both have an object, the
// same happens inside; anything else (arrays, too) is taken from the customer. Gives the menu.
export function overlay(menu, custom) {
