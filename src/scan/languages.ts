import { extname } from 'node:path';
import type { SourceLanguage } from './types.js';

const EXTENSIONS: Record<string, SourceLanguage> = {
  '.c': 'c',
  '.h': 'c',
  '.cc': 'cpp',
  '.cpp': 'cpp',
  '.cxx': 'cpp',
  '.hh': 'cpp',
  '.hpp': 'cpp',
  '.hxx': 'cpp',
  '.py': 'python',
  '.pyi': 'python',
  '.js': 'javascript',
  '.cjs': 'javascript',
  '.mjs': 'javascript',
  '.jsx': 'javascript',
  '.ts': 'typescript',
  '.cts': 'typescript',
  '.mts': 'typescript',
  '.tsx': 'tsx',
};

/** The language of a file by its name; `undefined` where the scanner does not read it. */
export const languageOfPath = (path: string): SourceLanguage | undefined =>
  EXTENSIONS[extname(path).toLowerCase()];
