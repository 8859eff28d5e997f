import type { PythonRule } from './flow-python.js';
import { include } from './trail.js';
import type { Finding } from './types.js';
import type { Value } from './values-python.js';

type Judged = Omit<Finding, 'line'>;

/** Functions that send their text as HTML whether or not tags are seen in it. */
const RESPONSES = new Set(
  'flask.make_response make_response flask.Response Response django.http.HttpResponse HttpResponse fastapi.responses.HTMLResponse starlette.responses.HTMLResponse HTMLResponse flask.Markup markupsafe.Markup Markup django.utils.safestring.mark_safe mark_safe flask.render_template_string render_template_string'.split(
    ' ',
  ),
);
const WRITERS = new Set([
  '.write',
  '.writelines',
  '.send',
  '.sendall',
  '.send_response_body',
  'print',
]);

/**
 * CWE-079, cross-site scripting: what is untrusted reaches HTML only escaped. One rule serves one
 * path, as it remembers where HTML was already written to.
 */
export function crossSiteScripting(): PythonRule {
  const opened = new Set<Value | undefined>();
  return {
    call({ name, receiver, args, keywords }) {
      if (name === 'flask.render_template' || name === 'render_template')
        return { status: 'safe', reason: 'render_template escapes what it inserts' };
      if (name === 'django.utils.html.format_html' || name === 'format_html') {
        const template = args[0];
        if (template?.taint.html === 0)
          return { status: 'safe', reason: 'format_html escapes what it inserts' };
        return template && judge(template, true);
      }
      const sends = RESPONSES.has(name);
      if (!sends && !WRITERS.has(name)) return undefined;
      const body = args[0] ?? keywords.get('content') ?? keywords.get('response');
      if (!body) return undefined;
      // Tags and text may be written one after the other.
      if (TAG.test(body.text ?? '')) include(opened, receiver);
      return judge(body, sends || opened.has(receiver));
    },
    result: judge,
  };
}

const TAG = /<\/?[a-zA-Z!]/;

/** @param html it is HTML for certain, tags or not */
function judge(value: Value, html: boolean): Judged | undefined {
  const parts = value.items ?? (value.entries && [...value.entries.values()]);
  if (parts) {
    const judged = parts.flatMap((part) => judge(part, false) ?? []);
    return (
      judged.find(({ status }) => status === 'unsafe') ??
      judged.find(({ status }) => status === 'unknown') ??
      judged[0]
    );
  }
  if (!html && !TAG.test(value.text ?? '')) return undefined;
  if (value.taint.html === 2)
    return { status: 'unsafe', reason: 'untrusted text goes into HTML without being escaped' };
  if (value.taint.html === 1)
    return { status: 'unknown', reason: 'whether what goes into the HTML is escaped is not known' };
  if (value.escaped) return { status: 'safe', reason: 'what goes into the HTML is escaped' };
  return { status: 'minor', reason: 'the HTML holds nothing untrusted' };
}
