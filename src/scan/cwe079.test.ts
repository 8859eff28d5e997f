import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.js';

const scanner = await Scanner.load();

function check(outcome: string, source: string): void {
  const verdict = scanner.classify(source, 'python', 'CWE-079');
  expect(verdict, verdict.reason).toMatchObject({ outcome, problems: [] });
}

function page(...lines: string[]): string {
  return [
    'import html',
    'from string import Template',
    '',
    'def page(name, items=()):',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

const INSECURE: Record<string, string> = {
  'f-string': page('return f"<p>{name}</p>"'),
  concatenation: page('return "<p>" + name + "</p>"'),
  percent: page('return "<p>%s</p>" % name'),
  format: page('return "<p>{}</p>".format(name)'),
  'join of a list': page(
    'rows = ["<li>" + item + "</li>" for item in items]',
    'return "<ul>" + "".join(rows) + "</ul>"',
  ),
  'a list that was filled': page(
    'parts = ["<ul>"]',
    'for item in items:',
    '    parts.append(f"<li>{item}</li>")',
    'parts.append("</ul>")',
    'return "".join(parts)',
  ),
  'augmented assignment': page(
    'out = "<ul>"',
    'for item in items:',
    '    out += "<li>" + item + "</li>"',
    'return out + "</ul>"',
  ),
  'one of two not escaped': page('return f"<p>{html.escape(name)} {items}</p>"'),
  'something else escaped': page(
    'safe = html.escape(name)',
    'body = f"<p>{name}</p>"',
    'return body if safe else ""',
  ),
  'only on one way': page(
    'if len(name) > 20:',
    '    name = html.escape(name[:20])',
    'return "<b>" + name + "</b>"',
  ),
  'unescaped again': page('return "<p>" + html.unescape(html.escape(name)) + "</p>"'),
  'a template of the library': page('return Template("<p>$name</p>").substitute(name=name)'),
  written: 'def page(resp, name):\n    resp.write("<p>" + name + "</p>")\n',
  'written after its tag': 'def page(resp, name):\n    resp.write("<p>")\n    resp.write(name)\n',
  'a web route':
    'from flask import Flask, request\napp = Flask(__name__)\n\n@app.route("/hi")\ndef hi():\n    return "Hello " + request.args.get("name", "")\n',
  'upper case is no escaping': page('return "<p>" + name.upper() + "</p>"'),
  'a response':
    'from flask import make_response\n\ndef page(name):\n    return make_response("<p>" + name + "</p>", 200)\n',
  'Markup of untrusted text':
    'from markupsafe import Markup\n\ndef page(name):\n    return Markup(f"<p>{name}</p>")\n',
  'rows of a database':
    'def page(cur):\n    rows = cur.fetchall()\n    return "".join("<li>%s</li>" % row[0] for row in rows)\n',
};

const SECURE: Record<string, string> = {
  'f-string': page('return f"<p>{html.escape(name)}</p>"'),
  concatenation: page('return "<p>" + html.escape(name) + "</p>"'),
  percent: page('return "<p>%s</p>" % html.escape(name)'),
  format: page('return "<p>{}</p>".format(html.escape(name))'),
  'before it is used': page('name = html.escape(name)', 'return "<p>" + name + "</p>"'),
  'in another variable': page(
    'safe = html.escape(name, quote=True)',
    'body = "<p>" + safe + "</p>"',
    'return body',
  ),
  'each of a list': page(
    'rows = ["<li>" + html.escape(item) + "</li>" for item in items]',
    'return "<ul>" + "".join(rows) + "</ul>"',
  ),
  'a list that was filled': page(
    'parts = ["<ul>"]',
    'for item in items:',
    '    parts.append(f"<li>{html.escape(item)}</li>")',
    'parts.append("</ul>")',
    'return "".join(parts)',
  ),
  'map of escape': page('return "<ul>" + "<br>".join(map(html.escape, items)) + "</ul>"'),
  'a function of the file': page(
    'def esc(text):',
    '    return html.escape(str(text))',
    'return "<p>" + esc(name) + "</p>"',
  ),
  'escape by its own name':
    'from markupsafe import escape\n\ndef page(name):\n    return "<p>" + escape(name) + "</p>"\n',
  'Markup escapes what it formats':
    'from markupsafe import Markup\n\ndef page(name):\n    return Markup("<p>%s</p>") % name\n',
  'a number': page('return f"<p>{int(name)}</p>"'),
  'a template of the library': page(
    'return Template("<p>$name</p>").substitute(name=html.escape(name))',
  ),
  'written in pieces':
    'import html\n\ndef page(out, name):\n    out.write("<p>")\n    out.write(html.escape(name))\n    out.write("</p>")\n',
  bleach: 'import bleach\n\ndef page(name):\n    return "<div>" + bleach.clean(name) + "</div>"\n',
  render_template:
    'from flask import render_template\n\ndef page(name):\n    return render_template("a.html", name=name)\n',
  'an empty name': page(
    'if not name:',
    '    return "<p>nobody</p>"',
    'return f"<p>{html.escape(name)}</p>"',
  ),
  'with a status': page('return f"<p>{html.escape(name)}</p>", 200'),
  'the risky text in a comment': page(
    '# return f"<p>{name}</p>"',
    'return "<p>" + html.escape(name) + "</p>"',
  ),
};

const OTHER: Record<string, string> = {
  'no HTML': page('return "hello " + name'),
  'constant HTML': page('return "<p>hello</p>"'),
  'a number only': page('return len(name)'),
  'something that may escape': `from texts import safe\n${page('return "<p>" + safe(name) + "</p>"')}`,
};

describe('CWE-079', () => {
  it.each(Object.entries(INSECURE))('insecure: %s', (_, source) => check('insecure', source));
  it.each(Object.entries(SECURE))('secure: %s', (_, source) => check('secure', source));
  it.each(Object.entries(OTHER))('other: %s', (_, source) => check('other', source));
});
