import { ensure } from '../../core/index.js';
import type { Analyser } from './analyser.js';
import { readSarif } from './sarif.js';

/** Semgrep, or Opengrep under its name. Its rules have to be given: it would fetch them from the network. */
export const semgrep: Analyser = {
  name: 'semgrep',
  languages: ['python', 'c', 'cpp', 'javascript', 'typescript', 'tsx'],
  program: 'semgrep',
  install: 'Get it with "pip install semgrep"; Opengrep serves under the name semgrep',
  version: /(\d+\.\d[\w.]*)/,
  async analyse(targets, { run, rules }) {
    ensure(
      rules !== undefined,
      'BAD_ARGUMENT',
      'Semgrep needs rules: give a file or folder with --semgrep-rules. Nothing is fetched from the network.',
    );
    const options = ['scan', '--sarif', '--quiet', '--metrics=off', '--disable-version-check'];
    const files = targets.map(({ file }) => file);
    const { stdout } = await run('semgrep', [...options, '--config', rules, ...files]);
    return { findings: readSarif(stdout, "Semgrep's output").flatMap(({ findings }) => findings) };
  },
};
