import type { ScenarioLanguage } from './scenario.js';

/** The ending of a program's file. */
export const ENDINGS: Record<ScenarioLanguage, string> = {
  python: 'py',
  c: 'c',
  cpp: 'cpp',
  javascript: 'js',
};
