import type { Call, Test, Value } from '../dataflow/index.js';
import { mark } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';
import { hostChecked, hostIsFixed, isOwnPath } from './urls.js';

/** What is not known to stay on a host of the program's own. */
const target = ({ args, keywords }: Call): Value | undefined => {
  // Express takes a status first: `res.redirect(302, url)`.
  const value =
    (args[0]?.number !== undefined ? args[1] : args[0]) ??
    keywords.get('location') ??
    keywords.get('url') ??
    keywords.get('redirect_to');
  return hostIsFixed(value) || isOwnPath(value) ? {} : value;
};

/** `/page` is of this host and `//page` is not: both have to be asked. */
function guard(test: Test, holds: boolean): Value | undefined {
  if (test.kind !== 'call') return hostChecked(test, holds);
  const { name, args, receiver } = test.call;
  if (/(?:^|\.)(?:url_has_allowed_host_and_scheme|is_safe_url)$/.test(name))
    return holds ? args[0] : undefined;
  if (!/\.(?:startswith|startsWith)$/.test(name) || !receiver) return hostChecked(test, holds);
  const [prefix] = args;
  const within = prefix?.text !== '/' && isOwnPath(prefix);
  if (holds && (within || hostIsFixed(prefix))) return receiver;
  const asked =
    prefix?.text === '/' && holds ? 'path' : prefix?.text === '//' && !holds ? 'host' : '';
  if (asked === '') return undefined;
  mark(receiver, `redirect ${asked}`, true);
  return receiver.marks?.has('redirect path') && receiver.marks.has('redirect host')
    ? receiver
    : undefined;
}

export const openRedirect = taintRule({
  id: 'open-redirect',
  cwe: 'CWE-601',
  title: 'Open redirect',
  severity: 'medium',
  catches: 'Untrusted text that names the host which the browser is sent to.',
  misses: 'Redirects by a `<meta>` tag, and checks of the address by a function of another file.',
  remedy:
    'Send the browser to an address of the program (`url_for`), or compare the host with a list of its own.',
  danger: 'sends the browser to an address made of',
  safe: 'sends the browser to an address of the program',
  tables: {
    python: {
      sinks: [
        {
          names:
            'flask.redirect redirect werkzeug.utils.redirect django.shortcuts.redirect django.http.HttpResponseRedirect django.http.HttpResponsePermanentRedirect HttpResponseRedirect HttpResponsePermanentRedirect fastapi.responses.RedirectResponse starlette.responses.RedirectResponse RedirectResponse bottle.redirect aiohttp.web.HTTPFound .redirect',
          select: target,
        },
      ],
    },
    javascript: {
      sinks: [
        { names: '.redirect', select: target },
        {
          names:
            'location.assign location.replace window.location.assign window.location.replace document.location.assign',
          select: target,
        },
      ],
      assigned: [
        {
          names:
            'window.location document.location location location.href window.location.href document.location.href',
        },
      ],
    },
  },
  cleaners: {
    python: 'flask.url_for url_for django.urls.reverse reverse',
    javascript: 'encodeURIComponent',
  },
  guard,
  bad: [
    ...examples(
      'python',
      'from flask import Flask, redirect, request\n\napp = Flask(__name__)\n\n@app.route("/login")\ndef login():\n    return redirect(request.args.get("next", "/"))\n',
      'from django.http import HttpResponseRedirect\n\ndef leave(request):\n    target = request.GET["url"]\n    if target.startswith("/"):\n        return HttpResponseRedirect(target)\n    return HttpResponseRedirect("/")\n',
      'from fastapi.responses import RedirectResponse\n\nasync def go(url: str):\n    return RedirectResponse(url=f"https://{url}")\n',
    ),
    ...examples(
      'javascript',
      "app.get('/go', (req, res) => {\n  res.redirect(req.query.url);\n});\n",
      "app.get('/go', (req, res) => {\n  const { next = '/' } = req.query;\n  res.redirect(302, 'https://' + next);\n});\n",
      "function leave() {\n  window.location.href = new URLSearchParams(location.search).get('next');\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from flask import Flask, redirect, request, url_for\n\napp = Flask(__name__)\n\n@app.route("/login")\ndef login():\n    return redirect(url_for("show", item=request.args.get("item")))\n',
      'from urllib.parse import urlparse\nfrom flask import redirect, request\n\nHOSTS = {"example.com", "www.example.com"}\n\ndef leave():\n    target = request.args["next"]\n    if urlparse(target).netloc not in HOSTS:\n        return redirect("/")\n    return redirect(target)\n',
      'from django.http import HttpResponseRedirect\nfrom django.utils.http import url_has_allowed_host_and_scheme\n\ndef leave(request):\n    target = request.GET["url"]\n    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):\n        target = "/"\n    return HttpResponseRedirect(target)\n',
      'from flask import redirect, request\n\ndef leave():\n    target = request.args["next"]\n    if not target.startswith("/") or target.startswith("//"):\n        target = "/home"\n    return redirect(target)\n',
    ),
    ...examples(
      'javascript',
      "const PAGES = new Set(['/home', '/help']);\napp.get('/go', (req, res) => {\n  const page = req.query.page;\n  res.redirect(PAGES.has(page) ? page : '/home');\n});\n",
      "app.get('/user', (req, res) => {\n  res.redirect('/users/' + encodeURIComponent(req.query.id));\n});\n",
      "app.get('/go', (req, res) => {\n  const target = new URL(req.query.url);\n  if (target.hostname !== 'example.com') return res.sendStatus(400);\n  res.redirect(target.href);\n});\n",
    ),
  ],
});
