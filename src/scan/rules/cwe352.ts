import type { Judgement } from '../dataflow/index.js';
import type { FileContext } from '../file.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unknown, unsafe } from './say.js';

const callee = (node: SyntaxNode): string =>
  (node.get('function') ?? node.get('constructor'))?.text ?? '';
const isCall = (node: SyntaxNode): boolean =>
  /^(?:call|call_expression|new_expression)$/.test(node.type);

function python({ nodes }: FileContext): Judgement[] {
  const said: Judgement[] = [];
  for (const at of nodes) {
    if (at.type === 'decorator') {
      if (
        /^@\s*(?:\w+\.)*csrf_exempt\b|^@\s*csrf\.exempt\b|method_decorator\(\s*csrf_exempt/.test(
          at.text,
        )
      )
        said.push(unsafe(at, 'requests are exempt from the check of their token'));
      else if (/^@\s*(?:\w+\.)*(?:csrf_protect|requires_csrf_token)\b/.test(at.text))
        said.push(safe(at, 'the token of requests is checked'));
    }
    if (isCall(at) && /(?:^|\.)(?:CSRFProtect|CsrfProtect|SeaSurf)$/.test(callee(at)))
      said.push(safe(at, 'the token of all requests is checked'));
    if (
      isCall(at) &&
      /(?:^|\.)csrf\.exempt$|^csrf_exempt$/.test(callee(at)) &&
      at.parent?.type !== 'decorator'
    )
      said.push(unsafe(at, 'requests are exempt from the check of their token'));
    if (at.type === 'assignment') {
      const name = at.get('left')?.text ?? '';
      const off = at.get('right')?.type === 'false';
      const setting = /\bWTF_CSRF_(?:ENABLED|CHECK_DEFAULT)\b|^CSRF_COOKIE_SECURE$/.test(name);
      const meta = name === 'csrf' && within(at, 'class_definition');
      if (setting || meta)
        said.push(off ? unsafe(at, `${name} is off`) : safe(at, `${name} is not switched off`));
    }
    if (at.type === 'string_content' && at.text === 'django.middleware.csrf.CsrfViewMiddleware')
      said.push(safe(at, 'the middleware checks the token of all requests'));
  }
  if (said.length > 0) return said;
  // A form that changes something, in an application that says nothing of tokens.
  const flask = nodes.some((at) => isCall(at) && /(?:^|\.)Flask$/.test(callee(at)));
  const changes = nodes.find(
    (at) =>
      at.type === 'decorator' && /methods\s*=.*['"](?:POST|PUT|DELETE)['"]|\.post\(/.test(at.text),
  );
  const form = nodes.some((at) => at.type === 'attribute' && at.text === 'request.form');
  return flask && changes && form
    ? [unknown(changes, 'nothing here checks the token of the form')]
    : [];
}

const within = (at: SyntaxNode, type: string): boolean => {
  for (let node = at.parent; node; node = node.parent) if (node.type === type) return true;
  return false;
};

const GUARDS =
  /^(?:csurf|csrf|doubleCsrf|doubleCsrfProtection|csrfProtection|lusca|lusca\.csrf|csrfSynchronisedProtection|tinyCsrf)$/;
const COOKIES = /^(?:cookieParser|session|expressSession|cookieSession|passport\.session)$/;

function javascript({ nodes }: FileContext): Judgement[] {
  const calls = nodes.filter(isCall);
  const guard = calls.find((at) => GUARDS.test(callee(at)));
  const routes = calls.filter(
    (at) =>
      /^(?:app|router|server)\.(?:post|put|delete|patch)$/.test(callee(at)) &&
      (at.get('arguments')?.named.length ?? 0) >= 2,
  );
  const first = routes[0];
  if (guard) return [safe(guard, 'the token of requests is checked')];
  const lax = nodes.find(
    (at) =>
      at.type === 'pair' &&
      at.get('key')?.text === 'sameSite' &&
      /strict|lax|true/i.test(at.get('value')?.text ?? ''),
  );
  const cookies = calls.some((at) => COOKIES.test(callee(at)));
  if (!first || !cookies) return [];
  return lax
    ? [safe(lax, 'cookies are not sent with requests of other sites')]
    : [unsafe(first, 'cookies say who asks, and nothing checks where the request comes from')];
}

export const crossSiteRequestForgery: Rule = {
  id: 'cross-site-request-forgery',
  cwe: 'CWE-352',
  title: 'Cross-site request forgery',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Protection that is switched off (`csrf_exempt`, `WTF_CSRF_ENABLED = False`, `csrf = False`), and Express applications with cookies and none.',
  misses:
    'Applications whose parts lie in several files, and requests by GET that change something.',
  remedy:
    'Leave the protection of the framework on; in Express use a middleware, or cookies with `sameSite`.',
  bad: [
    ...examples(
      'python',
      'from django.views.decorators.csrf import csrf_exempt\n\n@csrf_exempt\ndef transfer(request):\n    return move(request.POST["amount"])\n',
      'from flask import Flask\n\napp = Flask(__name__)\napp.config["WTF_CSRF_ENABLED"] = False\n',
      'from flask_wtf import FlaskForm\nfrom wtforms import StringField\n\nclass Transfer(FlaskForm):\n    amount = StringField()\n\n    class Meta:\n        csrf = False\n',
    ),
    ...examples(
      'javascript',
      "const express = require('express');\nconst session = require('express-session');\nconst app = express();\napp.use(session({ secret: process.env.SECRET }));\napp.post('/transfer', (req, res) => {\n  move(req.session.user, req.body.amount);\n  res.end();\n});\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from django.views.decorators.csrf import csrf_protect\n\n@csrf_protect\ndef transfer(request):\n    return move(request.POST["amount"])\n',
      'from flask import Flask\nfrom flask_wtf.csrf import CSRFProtect\n\napp = Flask(__name__)\nCSRFProtect(app)\n\n@app.route("/transfer", methods=["POST"])\ndef transfer():\n    return move()\n',
      'from flask import Flask\n\napp = Flask(__name__)\napp.config["WTF_CSRF_ENABLED"] = True\n',
    ),
    ...examples(
      'javascript',
      "const express = require('express');\nconst csrf = require('csurf');\nconst session = require('express-session');\nconst app = express();\napp.use(session({ secret: process.env.SECRET }));\napp.use(csrf());\napp.post('/transfer', (req, res) => {\n  move(req.session.user, req.body.amount);\n  res.end();\n});\n",
      "const session = require('express-session');\napp.use(session({ secret: process.env.SECRET, cookie: { sameSite: 'strict' } }));\napp.post('/transfer', (req, res) => {\n  res.end();\n});\n",
    ),
  ],
  check: (file) => ({
    findings: file.family === 'python' ? python(file) : javascript(file),
    complete: true,
  }),
};
