import type { Call, Value } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';
import { hostChecked, hostIsFixed } from './urls.js';

const addressed = (value: Value | undefined): Value | undefined =>
  hostIsFixed(value) ? {} : value;

const first = ({ args, keywords }: Call): Value | undefined => {
  const given = args[0] ?? keywords.get('url');
  // What was made into a request has been judged there.
  if (/urllib\d?(?:\.request)?\.Request\(\)$/.test(given?.name ?? '')) return undefined;
  return addressed(given);
};

/** Of `request("GET", url)`. */
const second = ({ args, keywords }: Call): Value | undefined =>
  addressed(args[1] ?? keywords.get('url'));

/** An address, or options that hold one. */
const target = ({ args: [given] }: Call): Value | undefined => {
  const { entries } = given ?? {};
  if (!entries) return addressed(given);
  const parts = ['baseURL', 'url', 'uri', 'hostname', 'host'].flatMap(
    (name) => entries.get(name) ?? [],
  );
  if (entries.has('baseURL')) return addressed(entries.get('baseURL'));
  return parts.length > 0 ? { items: parts.map((part) => addressed(part)!) } : undefined;
};

const METHODS = ['get', 'post', 'put', 'delete', 'patch', 'head', 'options'];
const methodsOf = (...objects: string[]): string =>
  objects.flatMap((object) => METHODS.map((method) => `${object}.${method}`)).join(' ');
const CLIENTS = [
  'requests.Session()',
  'requests.session()',
  'httpx.Client()',
  'httpx.AsyncClient()',
  'aiohttp.ClientSession()',
];

export const serverSideRequestForgery = taintRule({
  id: 'server-side-request-forgery',
  cwe: 'CWE-918',
  title: 'Server-side request forgery',
  severity: 'high',
  catches: 'Untrusted text that names the host of a request which the program makes.',
  misses:
    'Hosts that are allowed and lead elsewhere (redirects, DNS rebinding), and clients that were made in another file.',
  remedy:
    'Compare the host with a list of the program’s own, or write the host into the program and add only the path.',
  danger: 'makes a request to an address made of',
  safe: 'makes a request to a host of the program’s own',
  tables: {
    python: {
      sinks: [
        {
          names: `${methodsOf('requests', 'httpx', ...CLIENTS)} urllib.request.urlopen urllib.request.urlretrieve urllib.request.Request urllib.urlopen urllib2.urlopen urllib2.Request urlopen http.client.HTTPConnection http.client.HTTPSConnection httplib.HTTPConnection pycurl.Curl().setopt wget.download`,
          select: first,
        },
        {
          names: `requests.request httpx.request ${CLIENTS.map((client) => `${client}.request`).join(' ')} urllib3.PoolManager().request .urlopen`,
          select: second,
        },
      ],
    },
    javascript: {
      sinks: [
        {
          names: `fetch window.fetch axios axios.request node-fetch cross-fetch undici.request undici.fetch got request needle http.get https.get http.request https.request superagent.get superagent.post ${methodsOf('axios', 'got', 'request', 'needle', 'axios.create()')}`,
          select: target,
        },
      ],
    },
  },
  guard: hostChecked,
  bad: [
    ...examples(
      'python',
      'import requests\n\ndef fetch(url):\n    return requests.get(url, timeout=5).text\n',
      'from urllib.request import Request, urlopen\n\ndef fetch(host):\n    return urlopen(Request("http://" + host + "/status")).read()\n',
      'import aiohttp\n\nasync def fetch(url):\n    async with aiohttp.ClientSession() as session:\n        async with session.get(url) as response:\n            return await response.text()\n',
      'import httpx\nfrom urllib.parse import urlparse\n\ndef fetch(url):\n    if urlparse(url).scheme != "https":\n        raise ValueError(url)\n    with httpx.Client() as client:\n        return client.request("GET", url)\n',
    ),
    ...examples(
      'javascript',
      "const axios = require('axios');\napp.get('/proxy', async (req, res) => {\n  const { data } = await axios.get(req.query.url);\n  res.json(data);\n});\n",
      'async function load(host) {\n  const response = await fetch(`https://${host}/status`);\n  return response.json();\n}\n',
      "import http from 'node:http';\nexport const ping = (host, done) => http.get({ hostname: host, path: '/' }, done);\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import requests\n\ndef fetch(user):\n    return requests.get("https://api.example.com/users/" + user, timeout=5).json()\n',
      'import requests\nfrom urllib.parse import urlparse\n\nALLOWED = {"api.example.com"}\n\ndef fetch(url):\n    if urlparse(url).hostname not in ALLOWED:\n        raise ValueError(url)\n    return requests.get(url, timeout=5).text\n',
      'import httpx\n\nSOURCES = {"news": "https://news.example.com/feed", "jobs": "https://jobs.example.com/feed"}\n\ndef fetch(name):\n    return httpx.get(SOURCES[name]).text\n',
      'from urllib.request import Request, urlopen\n\ndef fetch(page):\n    request = Request(f"https://example.com/pages/{page}")\n    return urlopen(request).read()\n',
    ),
    ...examples(
      'javascript',
      "const axios = require('axios');\nfunction user(id) {\n  return axios.get(`https://api.example.com/users/${encodeURIComponent(id)}`);\n}\n",
      "const HOSTS = ['api.example.com'];\nasync function load(address) {\n  const url = new URL(address);\n  if (!HOSTS.includes(url.hostname)) throw new Error('host');\n  return fetch(url);\n}\n",
      "const https = require('https');\nfunction status(path, done) {\n  return https.get({ hostname: 'example.com', path }, done);\n}\n",
    ),
  ],
});
