import { type Analyser, type OutsideFinding, severityOfWord } from './analyser.js';

/** A line for each finding; the message, which may hold anything but an end of line, comes last. */
const TEMPLATE = '{file}\\t{line}\\t{column}\\t{severity}\\t{id}\\t{cwe}\\t{message}';

/** Reads lines in the form of `TEMPLATE`; other lines are left out. */
export function readCppcheck(text: string): OutsideFinding[] {
  return text.split('\n').flatMap((row): OutsideFinding[] => {
    const [path, line, column, severity, rule, cwe, ...message] = row.split('\t');
    const at = Number(line);
    if (message.length === 0 || !path || !Number.isInteger(at) || at < 1) return [];
    return [
      {
        path,
        cwes: Number(cwe) > 0 ? [Number(cwe)] : [],
        rule: rule!,
        message: message.join('\t'),
        severity: severityOfWord(severity!),
        line: at,
        column: Math.max(1, Number(column) || 1),
        endLine: at,
      },
    ];
  });
}

/** cppcheck, for C and C++: what it is sure of, and what it warns of. */
export const cppcheck: Analyser = {
  name: 'cppcheck',
  languages: ['c', 'cpp'],
  program: 'cppcheck',
  install: 'Get it with "apt-get install cppcheck" or from cppcheck.sourceforge.io',
  version: /Cppcheck (\d[\w.]*)/,
  async analyse(targets, { run }) {
    const options = [
      '-q',
      '--enable=warning,portability',
      '--inconclusive',
      `--template=${TEMPLATE}`,
    ];
    const { stderr } = await run('cppcheck', [...options, ...targets.map(({ file }) => file)]);
    return { findings: readCppcheck(stderr) };
  },
};
