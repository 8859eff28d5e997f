import { crossSiteScripting } from '../cwe079.js';
import { checkPython } from './adapted.js';
import { examples, PYTHON, type Rule } from './rule.js';

export const crossSiteScriptingPython: Rule = {
  id: 'cross-site-scripting-python',
  cwe: 'CWE-079',
  title: 'Cross-site scripting',
  languages: PYTHON,
  severity: 'high',
  catches: 'Untrusted text that is put into HTML without being escaped.',
  misses:
    'Templates in files of their own, and script or URL contexts where escaping of HTML is not enough.',
  remedy: 'Escape with `html.escape` or `markupsafe.escape`, or let a template engine do it.',
  bad: examples('python', 'def page(name):\n    return "<p>Hello " + name + "</p>"\n'),
  good: examples(
    'python',
    'import html\n\ndef page(name):\n    return "<p>Hello " + html.escape(name) + "</p>"\n',
  ),
  check: checkPython(crossSiteScripting),
};
