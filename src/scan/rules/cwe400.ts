import type { Call } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

const first = ({ args }: Call) => args[0];

export const regexInjection = taintRule({
  id: 'pattern-of-others',
  cwe: 'CWE-400',
  title: 'Work without a limit',
  severity: 'medium',
  catches: 'Regular expressions that untrusted text is part of, which may take exponential time.',
  misses:
    'Sizes and counts that untrusted numbers set. Patterns of the program itself: see CWE-1333.',
  remedy: 'Escape the text first (`re.escape`), or search for it as it is (`in`, `includes`).',
  danger: 'compiles a pattern made of',
  safe: 'compiles a pattern that no untrusted text is part of',
  tables: {
    python: {
      sinks: [
        {
          names:
            're.compile re.match re.search re.fullmatch re.findall re.finditer re.sub re.subn re.split regex.compile regex.match regex.search',
          select: first,
        },
      ],
    },
    javascript: { sinks: [{ names: 'RegExp', select: first }] },
  },
  cleaners: {
    python: 're.escape regex.escape',
    javascript:
      'lodash.escapeRegExp _.escapeRegExp escape-string-regexp RegExp.escape escapeRegExp',
  },
  // `text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')`.
  cleans: ({ name, args: [pattern, replacement] }) =>
    /\.replace(?:All)?$/.test(name) &&
    /\\\$&/.test(replacement?.text ?? '') &&
    /^\/\[(?=.*\*)(?=.*\+)(?=.*\().*\]\/g$/.test(pattern?.pattern ?? ''),
  bad: [
    ...examples(
      'python',
      'import re\n\ndef search(pattern, lines):\n    return [line for line in lines if re.search(pattern, line)]\n',
      'import re\n\ndef count(word, text):\n    return len(re.findall(r"\\b" + word + r"\\b", text))\n',
    ),
    ...examples(
      'javascript',
      "app.get('/search', (req, res) => {\n  const pattern = new RegExp(req.query.q, 'i');\n  res.json(items.filter((item) => pattern.test(item)));\n});\n",
      'const count = (word, text) => text.match(new RegExp(`\\\\b${word}\\\\b`, "g")).length;\n',
    ),
  ],
  good: [
    ...examples(
      'python',
      'import re\n\ndef count(word, text):\n    return len(re.findall(r"\\b" + re.escape(word) + r"\\b", text))\n',
      'import re\n\ndef numbers(text):\n    return re.findall(r"\\d+", text)\n',
    ),
    ...examples(
      'javascript',
      "function count(word, text) {\n  const plain = word.replace(/[.*+?^${}()|[\\]\\\\]/g, '\\\\$&');\n  return text.match(new RegExp(plain, 'g')).length;\n}\n",
      "const escape = require('escape-string-regexp');\nconst has = (word, text) => new RegExp(escape(word)).test(text);\n",
    ),
  ],
});
