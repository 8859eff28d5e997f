import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { HOLE, taintsOf } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unsafe } from './say.js';

const NAME = /^(?:[\w-]+\.)+(?:com|org|net|io|dev|edu|gov|de|co|uk|eu|app|info|local)$/i;
const ADDRESS = /^https?:\/\/(?:[\w-]+\.)+[a-z]{2,}$/i;
const HOST = /\.(?:hostname|netloc|host|origin|domain)$/;

/** `example.com`, also with the dot that keeps other domains out. */
const isHost = (value: Value | undefined): boolean =>
  NAME.test(value?.text?.replace(/^\./, '') ?? '') && !value!.text!.includes(HOLE);

function call({ name, args: [what], receiver, at }: Call): Judgement | undefined {
  const [, method] =
    /\.(startswith|startsWith|endswith|endsWith|includes|indexOf|find)$/.exec(name) ?? [];
  if (method === undefined || !receiver || receiver.items || taintsOf(receiver).length === 0) {
    return method === 'includes' && receiver?.items?.some(isHost) && HOST.test(what?.name ?? '')
      ? safe(at, 'the host is compared as a whole')
      : undefined;
  }
  if (/^starts/.test(method)) {
    if (!ADDRESS.test(what?.text ?? '')) {
      return /^https?:\/\/[\w.-]+\//i.test(what?.text ?? '')
        ? safe(at, `${method} compares the host to its end`)
        : undefined;
    }
    return unsafe(at, `${method} lets ${what!.text}.other.example through`);
  }
  if (!isHost(what)) return undefined;
  if (/^ends/.test(method))
    return what!.text!.startsWith('.')
      ? safe(at, `${method} compares a domain from its dot on`)
      : unsafe(at, `${method} lets other${what!.text} through`);
  return unsafe(at, `${method} finds ${what!.text} anywhere in an address`);
}

/** `"example.com" in url`, and what is right instead: `urlparse(url).hostname == "example.com"`. */
function compared(at: SyntaxNode): Judgement | undefined {
  if (at.type !== 'comparison_operator' && at.type !== 'binary_expression') return undefined;
  const python = at.type === 'comparison_operator';
  const [left, right] = python ? at.named : [at.get('left'), at.get('right')];
  const operator = (python ? at.all('operators')[0] : at.get('operator'))?.text ?? '';
  if (!left || !right) return undefined;
  const literal = (node: SyntaxNode): string | undefined =>
    node.type === 'string' ? node.text.slice(1, -1) : undefined;
  const host = [left, right].find((node) => HOST.test(node.text));
  if (/^(?:in|not in)$/.test(operator) && python) {
    const text = literal(left);
    if (
      text !== undefined &&
      NAME.test(text) &&
      /url|uri|link|address|host|referr?er|origin|target|redirect|next/i.test(right.text) &&
      right.type !== 'list'
    )
      return unsafe(at, `${text} may stand anywhere in ${right.text}`);
    return host === left ? safe(at, 'the host is compared as a whole') : undefined;
  }
  if (!/^[!=]==?$/.test(operator) || !host) return undefined;
  const other = literal(host === left ? right : left);
  return other !== undefined && NAME.test(other)
    ? safe(at, 'the host is compared as a whole')
    : undefined;
}

/** The name of a host in a pattern whose dots stand for any character. */
const LOOSE =
  /^\^?(?:https?:(?:\\?\/){2})?(?:\(\?:[^)]*\))?(?:[\w-]+(\\?)\.)+(?:com|org|net|io|dev|edu|gov)\b/;
function pattern(at: SyntaxNode): Judgement | undefined {
  const isPattern =
    at.type === 'regex' ||
    (at.type === 'string' &&
      /^\(?(?:re\.\w+|.*RegExp)$/.test(
        at.parent?.parent?.get('function')?.text ??
          at.parent?.parent?.get('constructor')?.text ??
          '',
      ));
  if (!isPattern) return undefined;
  const text = at.text.replace(/^(?:r?["'/])|(?:["']|\/\w*)$/g, '');
  if (!LOOSE.test(text)) return undefined;
  const host = LOOSE.exec(text)![0];
  if (/(?:^|[^\\])\.(?![*+?])/.test(host))
    return unsafe(at, 'a dot of the host stands for any character');
  return /^\^/.test(text) ? safe(at, 'the pattern holds the host as it is') : undefined;
}

export const incompleteHostCheck: Rule = {
  id: 'incomplete-host-check',
  cwe: 'CWE-020',
  title: 'Checks of an address that let others through',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Hosts that are looked for as a part of an address: `"example.com" in url`, `endswith("example.com")`, `startswith("https://example.com")`, and patterns whose dots are not escaped.',
  misses:
    'Every other check of input: what is right depends on what the input is for; see the weaknesses that it leads to.',
  remedy:
    'Parse the address and compare its host as a whole (`urlparse(url).hostname == "example.com"`).',
  bad: [
    ...examples(
      'python',
      'def allowed(url):\n    return "example.com" in url\n',
      'from urllib.parse import urlparse\n\ndef allowed(url):\n    return urlparse(url).hostname.endswith("example.com")\n',
      'def allowed(url):\n    return url.startswith("https://example.com")\n',
    ),
    ...examples(
      'javascript',
      "const allowed = (url) => url.includes('example.com');\n",
      'const allowed = (url) => /^https:\\/\\/www.example.com\\//.test(url);\n',
    ),
  ],
  good: [
    ...examples(
      'python',
      'from urllib.parse import urlparse\n\ndef allowed(url):\n    return urlparse(url).hostname == "example.com"\n',
      'from urllib.parse import urlparse\n\ndef allowed(url):\n    host = urlparse(url).hostname\n    return host == "example.com" or host.endswith(".example.com")\n',
      'def allowed(url):\n    return url.startswith("https://example.com/")\n',
    ),
    ...examples(
      'javascript',
      "const allowed = (url) => new URL(url).hostname === 'example.com';\n",
      'const allowed = (url) => /^https:\\/\\/www\\.example\\.com\\//.test(url);\n',
    ),
  ],
  listen: (): Listener => ({ call }),
  check: ({ nodes }) => ({
    findings: nodes.flatMap((at) => compared(at) ?? pattern(at) ?? []),
    complete: true,
  }),
};
