import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { taintsOf } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unknown, unsafe } from './say.js';

const META = /^(?:['"`<>&;|$\\\n]|\.\.\/?|\.\.\\)$/;
const ENCODES =
  /^(?:html\.escape|markupsafe\.escape|flask\.escape|shlex\.quote|pipes\.quote|urllib\.parse\.(?:quote|quote_plus|urlencode)|json\.dumps|xml\.sax\.saxutils\.(?:escape|quoteattr)|encodeURIComponent|encodeURI|JSON\.stringify|escape-html|he\.(?:encode|escape)|(?:lodash|_)\.escape|validator\.escape)$/;
const TAGS = /^<\\?\/?(?:script|\[\^>\]|\.\*\??>|\(?script)/i;

function call({ name, args, at, receiver, receiverText }: Call): Judgement | undefined {
  if (ENCODES.test(name)) return safe(at, `${name} encodes all that it has to`);
  const [what, by] = args;
  const tags =
    name === 're.sub' ? (what?.text ?? '') : (what?.pattern?.replace(/^\/|\/\w*$/g, '') ?? '');
  if (
    /(?:^re\.sub|\.replace(?:All)?)$/.test(name) &&
    TAGS.test(tags) &&
    (name === 're.sub' ? args[1] : by)?.text === ''
  )
    return unsafe(at, 'a pattern does not find all tags that a browser does');
  if (!/\.replace$/.test(name) || !receiver) return undefined;
  const javascript = at.type === 'call_expression';
  const pattern = /^\/(?:\[?(\\?.)\]?)\/([a-z]*)$/.exec(what?.pattern ?? '');
  const character = what?.pattern ? pattern?.[1]?.replace(/^\\(?=[^a-z])/, '') : what?.text;
  if (character === undefined || !META.test(character) || by?.text === undefined) return undefined;
  const once = javascript && (what?.pattern ? !pattern?.[2]?.includes('g') : true);
  if (once && taintsOf(receiver).length > 0)
    return unsafe(at, `only the first ${character} is replaced`);
  // A backslash in the text takes the one that is put before the quote for itself.
  const escapes = /^\\['"`]$/.test(by.text);
  if (escapes && !/\\\\/.test(receiverText))
    return unsafe(at, `${character} is escaped, and the backslash is not`);
  const entity = /^&(?:lt|gt|amp|quot|#\w+);$/.test(by.text);
  return entity ? unknown(at, 'escaping by hand may be incomplete') : undefined;
}

export const incompleteEscaping: Rule = {
  id: 'incomplete-escaping',
  cwe: 'CWE-116',
  title: 'Incomplete escaping',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Escaping by hand that misses a part: the first occurrence only, quotes without backslashes, tags taken out by a pattern.',
  misses: 'Escaping that is complete and meant for another language than the one it goes to.',
  remedy:
    'Use the function of a library: `html.escape`, `shlex.quote`, `encodeURIComponent`, `JSON.stringify`.',
  bad: [
    ...examples(
      'python',
      'def quote(text):\n    return "\'" + text.replace("\'", "\\\\\'") + "\'"\n',
      'import re\n\ndef clean(text):\n    return re.sub("<script.*?>.*?</script>", "", text)\n',
    ),
    ...examples(
      'javascript',
      'function quote(text) {\n  return text.replace("\'", "\'\'");\n}\n',
      "const clean = (text) => text.replace(/</, '&lt;');\n",
      "const quote = (text) => '\"' + text.replace(/\"/g, '\\\\\"') + '\"';\n",
      "const clean = (text) => text.replace(/<script[^>]*>.*<\\/script>/gi, '');\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import html\n\ndef quote(text):\n    return "<b>" + html.escape(text) + "</b>"\n',
      'import shlex\n\ndef quote(text):\n    return "echo " + shlex.quote(text)\n',
    ),
    ...examples(
      'javascript',
      'const quote = (text) => JSON.stringify(text);\n',
      "const link = (name) => '/users/' + encodeURIComponent(name);\n",
    ),
  ],
  listen: (): Listener => ({ call }),
};
