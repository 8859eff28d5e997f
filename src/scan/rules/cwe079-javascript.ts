import type { Call } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

const TAG = /<\/?[a-zA-Z!]/;
/** A response sends HTML where its text has tags, or where nothing tells. */
const response = ({ receiverText, args }: Call): boolean => {
  if (!/(?:^|\.)(?:res|response|reply)$/.test(receiverText)) return false;
  const [body] = args;
  return body !== undefined && !body.entries && (body.text === undefined || TAG.test(body.text));
};

export const crossSiteScriptingJavaScript = taintRule({
  id: 'cross-site-scripting',
  cwe: 'CWE-079',
  title: 'Cross-site scripting',
  severity: 'high',
  catches:
    'Untrusted text in `innerHTML`, `document.write`, `insertAdjacentHTML`, `dangerouslySetInnerHTML`, jQuery’s `html` and the body of a response.',
  misses:
    'Templates in files of their own, and script or URL contexts where escaping of HTML is not enough.',
  remedy: 'Set `textContent`, or escape or sanitise first (`DOMPurify.sanitize`).',
  danger: 'puts into HTML',
  safe: 'puts no unescaped text into HTML',
  tables: {
    javascript: {
      sinks: [
        { names: 'document.write document.writeln .createContextualFragment' },
        { names: '.insertAdjacentHTML', arguments: [1] },
        {
          names: '.html .append .prepend',
          when: ({ args, receiverText, name }) =>
            /^\$|jquery/i.test(receiverText) &&
            args.length > 0 &&
            (name.endsWith('.html') || TAG.test(args[0]?.text ?? '')),
        },
        { names: '.send .end .write', when: response },
      ],
      assigned: [{ names: '.innerHTML .outerHTML .srcdoc .dangerouslySetInnerHTML' }],
    },
  },
  cleaners: {
    javascript:
      'DOMPurify.sanitize dompurify.sanitize dompurify sanitize-html escape-html he.encode he.escape lodash.escape _.escape validator.escape encodeURIComponent xss',
  },
  bad: [
    ...examples(
      'javascript',
      "function greet(name) {\n  document.getElementById('out').innerHTML = '<b>' + name + '</b>';\n}\n",
      "const express = require('express');\nconst app = express();\napp.get('/', (req, res) => {\n  res.send(`<h1>Hello ${req.query.name}</h1>`);\n});\n",
      'function show() {\n  document.write(location.hash);\n}\n',
    ),
    ...examples(
      'tsx',
      'export const Bio = ({ text }: { text: string }) => <p dangerouslySetInnerHTML={{ __html: text }} />;\n',
    ),
  ],
  good: [
    ...examples(
      'javascript',
      "import DOMPurify from 'dompurify';\nfunction greet(name) {\n  document.getElementById('out').innerHTML = DOMPurify.sanitize(name);\n}\n",
      "const escape = require('escape-html');\nfunction page(req, res) {\n  res.send('<h1>Hello ' + escape(req.query.name) + '</h1>');\n}\n",
    ),
  ],
});
