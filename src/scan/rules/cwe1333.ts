import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { isConstant, taintsOf } from '../dataflow/index.js';
import type { FileContext } from '../file.js';
import { isCatastrophic } from './regex-ambiguity.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unknown, unsafe } from './say.js';

const PYTHON_CALL =
  /^(?:re|regex)\.(compile|match|search|fullmatch|findall|finditer|sub|subn|split)$/;

function judged(at: Judgement['at'], pattern: string, whole: boolean): Judgement {
  const shown = pattern.length > 40 ? `${pattern.slice(0, 37)}…` : pattern;
  const found = isCatastrophic(pattern, whole);
  if (found === undefined) return unknown(at, 'the pattern is too long to be judged');
  return found
    ? unsafe(at, `${shown} matches one text in exponentially many ways`)
    : safe(at, `${shown} is not ambiguous`);
}

function call({ name, args, at }: Call): Judgement | undefined {
  const [pattern] = args;
  const [, python] = PYTHON_CALL.exec(name) ?? [];
  if (python === undefined && name !== 'RegExp') return undefined;
  if (pattern?.text === undefined || !isConstant(pattern)) {
    // What an outsider writes is another weakness, CWE-400.
    return pattern && taintsOf(pattern).length === 0
      ? unknown(at, 'the pattern is not known')
      : undefined;
  }
  return judged(at, pattern.text, python === 'fullmatch');
}

/** The literals of JavaScript. */
const literals = ({ nodes }: FileContext): Judgement[] =>
  nodes
    .filter(({ type }) => type === 'regex')
    .map((at) => judged(at, at.get('pattern')?.text ?? at.text.replace(/^\/|\/\w*$/g, ''), false));

export const catastrophicPattern: Rule = {
  id: 'catastrophic-pattern',
  cwe: 'CWE-1333',
  title: 'Regular expression of exponential time',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Patterns that repeat a group which is repeated itself, or whose alternatives begin alike, so that a text which does not match is tried in exponentially many ways.',
  misses:
    'Patterns of polynomial time (`\\s+$`), and alternatives of several characters that overlap.',
  remedy:
    'Write each repetition so that a text can be divided in one way only, or limit its length first.',
  bad: [
    ...examples(
      'python',
      'import re\n\ndef valid(text):\n    return re.match(r"^(\\w+\\s?)+$", text)\n',
      'import re\n\nPATTERN = re.compile("(a|a)*b")\n\ndef valid(text):\n    return PATTERN.search(text)\n',
      'from re import fullmatch\n\ndef valid(text):\n    return fullmatch(r"([a-z]+)*", text)\n',
    ),
    ...examples(
      'javascript',
      'const valid = (text) => /^(\\d+)+$/.test(text);\n',
      "function valid(text) {\n  const pattern = new RegExp('^([a-zA-Z0-9]+)*@example$');\n  return pattern.test(text);\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import re\n\ndef valid(text):\n    return re.match(r"^\\w+(?:\\s\\w+)*$", text)\n',
      'import re\n\nPATTERN = re.compile(r"^(?:\\d{1,3}\\.){3}\\d{1,3}$")\n\ndef valid(text):\n    return PATTERN.match(text)\n',
    ),
    ...examples(
      'javascript',
      'const valid = (text) => /^\\d+$/.test(text);\n',
      "function valid(text) {\n  return new RegExp('^[a-z]+(?:-[a-z]+)*$').test(text);\n}\n",
    ),
  ],
  listen: (): Listener => ({ call }),
  check: (file) => ({ findings: literals(file), complete: true }),
};
