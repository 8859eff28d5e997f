import type { CweId } from './rules/rule.js';

/**
 * Weaknesses that are one flaw under several numbers, general and special: a finding of one is no other
 * weakness than that of its kin.
 */
const FAMILIES: readonly (readonly number[])[] = [
  [119, 120, 121, 122, 124, 125, 126, 127, 131, 193, 676, 786, 787, 788, 805],
  [190, 191, 680],
  [415, 416, 825],
  [77, 78, 88],
  [22, 23, 36, 73],
  [79, 80, 116],
  [94, 95],
  [113, 117, 93],
  [200, 209, 215],
  [312, 319, 532],
  [326, 327, 328, 916],
  [330, 335, 338],
  [400, 730, 1333],
  [611, 776],
  [89, 943],
  [259, 321, 798],
  [915, 1321],
];

const MEMORY = new Set([0, 1, 2].flatMap((index) => FAMILIES[index]!).concat(476, 134));
const RESOURCES = new Set([400, 409, 674, 730, 770, 776, 835, 1333]);

const numberOf = (cwe: CweId) => Number(cwe.slice(4));

/** One name for a weakness and its kin. */
export function familyOf(cwe: CweId): number {
  const number = numberOf(cwe);
  return FAMILIES.find((family) => family.includes(number))?.[0] ?? number;
}

/** Whether a sanitizer's report shows this weakness. */
export const isMemoryWeakness = (cwe: CweId): boolean => MEMORY.has(numberOf(cwe));

/** Whether running out of time or memory shows this weakness. */
export const isUseOfResources = (cwe: CweId): boolean => RESOURCES.has(numberOf(cwe));
