/**
 * Evaluates the formula of a spreadsheet cell: decimal numbers, + - * / with the usual
 * precedence, a leading minus, parentheses and spaces. Answers the number.
 * Throws for text that is no formula.
 */
export function evaluateFormula(text) {
