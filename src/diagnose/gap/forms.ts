import { fencedCode } from '../../evaluate/index.js';

/**
 * Forms of an answer. `asked`: as the prompt is; `raw`: the same without the chat template; `line`: with one more line
 * that asks for no form. The others have a line that asks for a form, so that what is asked for stays the same.
 */
export const FORMS = ['asked', 'raw', 'line', 'plain', 'markdown', 'json', 'xml'] as const;
export type Form = (typeof FORMS)[number];

/** Forms that ask for no form: every answer keeps to them. */
export const isFree = (form: Form): boolean =>
  form === 'asked' || form === 'raw' || form === 'line';

/**
 * What a form is compared with: one that adds a line, with a line that asks for no form, so that what any line
 * would change does not count as the form's.
 */
export const referenceOf = (form: Form): Form => (isFree(form) ? 'asked' : 'line');

/** The lines that are added: where code is asked for, and where a review is. */
export const REQUESTS: Partial<Record<Form, { code: string; review: string }>> = {
  line: { code: 'Thank you in advance.', review: 'Thank you in advance.' },
  plain: {
    code: 'Answer with the code alone and nothing else.',
    review: 'Answer in plain sentences.',
  },
  markdown: {
    code: 'Answer with one fenced Markdown code block and nothing else.',
    review: 'Answer with a Markdown list.',
  },
  json: {
    code: 'Answer with one JSON object whose field "code" holds the code, and nothing else.',
    review:
      'Answer with one JSON object with the fields "verdict", "weakness" and "fix", and nothing else.',
  },
  xml: {
    code: 'Answer with the code in one <code> element and nothing else.',
    review:
      'Answer with one <review> element that holds <verdict>, <weakness> and <fix>, and nothing else.',
  },
};

export const inForm = (prompt: string, form: Form, what: 'code' | 'review'): string => {
  const request = REQUESTS[form]?.[what];
  return request === undefined ? prompt : `${prompt}\n${request}`;
};

/** What was taken out of an answer, and whether the answer kept to its form. */
export interface Extracted {
  text: string;
  kept: boolean;
}

/**
 * The code of an answer. By form: the field `code` of the first JSON object; what is in the first `<code>`
 * element (entities and CDATA undone); the first fenced block. In the other forms a fenced block is taken where
 * there is one, else all. An answer that does not keep to its form is taken by the rule for the others.
 */
export function codeOf(answer: string, form: Form): Extracted {
  if (form === 'json') {
    const code = jsonObject(answer)?.code;
    if (typeof code === 'string') return { text: code, kept: true };
  }
  if (form === 'xml') {
    const inside = element(answer, 'code');
    if (inside !== undefined) return { text: inside, kept: true };
  }
  const fenced = fencedCode(answer);
  if (fenced !== undefined) return { text: fenced, kept: isFree(form) || form === 'markdown' };
  return { text: answer, kept: isFree(form) || form === 'plain' };
}

/** What a review says, without its form: of JSON all texts, of XML what is in the elements. */
export function reviewTextOf(answer: string, form: Form): Extracted {
  if (form === 'json') {
    const found = jsonObject(answer);
    if (found === undefined) return { text: answer, kept: false };
    const { verdict, weakness, fix } = found;
    const words = [said(verdict), weakness, fix].filter((x) => typeof x === 'string');
    return { text: words.join('. '), kept: verdict !== undefined };
  }
  if (form === 'xml') {
    const parts = ['verdict', 'weakness', 'fix'].map((name) => element(answer, name));
    const words = parts.filter((part) => part !== undefined);
    return words.length === 0
      ? { text: answer, kept: false }
      : { text: words.join('. '), kept: parts[0] !== undefined };
  }
  const list = /^\s*(?:[-*+]|\d+\.)\s/m.test(answer);
  const marked = list || /^(?:#|\s*```|\s*[{<])|\*\*/m.test(answer);
  return { text: answer, kept: form === 'markdown' ? list : isFree(form) || !marked };
}

/** A verdict that is a truth value tells whether the code is vulnerable. */
const said = (verdict: unknown): unknown =>
  typeof verdict === 'boolean' ? (verdict ? 'vulnerable' : 'safe') : verdict;

/** The first JSON object in a text. */
function jsonObject(text: string): Record<string, unknown> | undefined {
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  // The end is the first closing brace with which it can be read: braces within strings do not close.
  for (let end = text.indexOf('}', start); end >= 0; end = text.indexOf('}', end + 1)) {
    try {
      return JSON.parse(text.slice(start, end + 1)) as Record<string, unknown>;
    } catch {
      // Not whole yet, or never.
    }
  }
  return undefined;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function element(text: string, name: string): string | undefined {
  const inside = new RegExp(`<${name}\\b[^>]*>([\\s\\S]*?)</${name}>`, 'i').exec(text)?.[1];
  if (inside === undefined) return undefined;
  const cdata = /^\s*<!\[CDATA\[([\s\S]*?)\]\]>\s*$/.exec(inside)?.[1];
  return (
    cdata ?? inside.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => ENTITIES[entity]!)
  );
}
