import type { Analyser } from './analyser.js';
import { readSarif } from './sarif.js';

/** flawfinder, for C and C++: calls by name. */
export const flawfinder: Analyser = {
  name: 'flawfinder',
  languages: ['c', 'cpp'],
  program: 'flawfinder',
  install: 'Get it with "pip install flawfinder" or "apt-get install flawfinder" (2.0.15 or newer)',
  version: /^(\d[\w.]*)/m,
  async analyse(targets, { run }) {
    const { stdout } = await run('flawfinder', [
      '--sarif',
      '--quiet',
      ...targets.map(({ file }) => file),
    ]);
    return {
      findings: readSarif(stdout, "flawfinder's output").flatMap(({ findings }) => findings),
    };
  },
};
