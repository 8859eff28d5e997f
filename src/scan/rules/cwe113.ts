import type { Call } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

const header = ({ args }: Call) => ({ items: args.slice(0, 2) });

export const headerInjection = taintRule({
  id: 'header-injection',
  cwe: 'CWE-113',
  title: 'Header injection',
  severity: 'medium',
  catches:
    'Untrusted text in a header of an answer that is written as it is: `send_header`, `putheader`, raw sockets.',
  misses:
    'Frameworks that refuse line ends in headers; whether the version at hand does, the program does not show.',
  remedy: 'Take line ends out, or encode the value (`urllib.parse.quote`, `encodeURIComponent`).',
  danger: 'writes a header with the line ends of',
  safe: 'writes a header without line ends of untrusted data',
  tables: {
    python: {
      sinks: [
        { names: '.send_header .putheader', select: header },
        {
          names: '.set_header .add_header .set_cookie',
          select: header,
          // Werkzeug, Django and Tornado refuse line ends in newer versions.
          when: () => undefined,
        },
      ],
    },
    javascript: {
      sinks: [
        {
          names: '.write .end',
          when: ({ args, receiverText }) =>
            /sock|conn/i.test(receiverText) && /^HTTP\/|^[\w-]+: /.test(args[0]?.text ?? ''),
        },
        // Node refuses line ends in headers.
        { names: '.setHeader .writeHead', select: () => ({}) },
      ],
    },
  },
  cleaners: {
    python: 'urllib.parse.quote urllib.parse.quote_plus urllib.parse.urlencode base64.b64encode',
    javascript: 'encodeURIComponent encodeURI',
  },
  cleans: ({ name, args: [what] }) =>
    (/\.replace(?:All)?$/.test(name) && /^(?:\r\n|\n|\r)$/.test(what?.text ?? '')) ||
    (/\.replace(?:All)?$/.test(name) && /\\[nr]|\\s/.test(what?.pattern ?? '')) ||
    (name === 're.sub' && /\\[nrs]|[\n\r]/.test(what?.text ?? '')),
  bad: [
    ...examples(
      'python',
      'from http.server import BaseHTTPRequestHandler\n\nclass Handler(BaseHTTPRequestHandler):\n    def answer(self, language):\n        self.send_response(200)\n        self.send_header("Content-Language", language)\n        self.end_headers()\n',
      'from http.server import BaseHTTPRequestHandler\n\nclass Handler(BaseHTTPRequestHandler):\n    def redirect_to(self, path):\n        self.send_response(302)\n        self.send_header("Location", "/pages/" + path)\n        self.end_headers()\n',
      'import http.client\n\ndef send(name):\n    connection = http.client.HTTPConnection("example.com")\n    connection.putrequest("GET", "/")\n    connection.putheader("X-Name", f"name={name}")\n    connection.endheaders()\n',
    ),
    ...examples(
      'javascript',
      'function answer(socket, name) {\n  socket.write(`HTTP/1.1 200 OK\\r\\nX-Name: ${name}\\r\\n\\r\\n`);\n}\n',
    ),
  ],
  good: [
    ...examples(
      'python',
      'from http.server import BaseHTTPRequestHandler\n\nclass Handler(BaseHTTPRequestHandler):\n    def answer(self, language):\n        self.send_response(200)\n        self.send_header("Content-Language", language.replace("\\r", "").replace("\\n", ""))\n        self.end_headers()\n',
      'from http.server import BaseHTTPRequestHandler\nfrom urllib.parse import quote\n\nclass Handler(BaseHTTPRequestHandler):\n    def redirect_to(self, path):\n        self.send_response(302)\n        self.send_header("Location", "/pages/" + quote(path))\n        self.end_headers()\n',
      'import http.client\n\ndef send():\n    connection = http.client.HTTPConnection("example.com")\n    connection.putrequest("GET", "/")\n    connection.putheader("X-Name", "suture")\n    connection.endheaders()\n',
    ),
    ...examples(
      'javascript',
      'function answer(res, name) {\n  res.setHeader("X-Name", name);\n  res.end();\n}\n',
    ),
  ],
});
