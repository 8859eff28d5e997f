import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { flagOf, optionOf, safe, unknown, unsafe } from './say.js';

const HTTP =
  /^(?:requests|httpx|requests\.[sS]ession\(\)|httpx\.(?:Async)?Client\(\))\.(?:get|post|put|patch|delete|head|options|request|stream)$/;
const CLIENT =
  /^(?:httpx\.(?:Async)?Client|aiohttp\.TCPConnector|aiohttp\.ClientSession\(\)\.\w+)$/;
const NODE =
  /^(?:https\.(?:get|request|Agent)|tls\.connect|axios(?:\.\w+)?|got(?:\.\w+)?|request(?:\.\w+)?|node-fetch|undici\.Agent|nodemailer\.createTransport)$/;

function call(call: Call): Judgement | undefined {
  const { name, args, at } = call;
  if (/^ssl\._create_(?:unverified|stdlib)_context$/.test(name))
    return unsafe(at, `${name} verifies no certificate`);
  if (name === 'ssl.create_default_context')
    return safe(at, `${name} verifies certificates and host names`);
  if (name === 'ssl.wrap_socket') {
    return optionOf(call, 'cert_reqs')?.name === 'ssl.CERT_REQUIRED'
      ? unknown(at, 'ssl.wrap_socket verifies the certificate, but not the host name')
      : unsafe(at, 'ssl.wrap_socket verifies no certificate');
  }
  if (
    optionOf(call, 'cert_reqs')?.name === 'ssl.CERT_NONE' ||
    optionOf(call, 'cert_reqs')?.text === 'CERT_NONE'
  )
    return unsafe(at, `${name} verifies no certificate`);
  if (/\.set_missing_host_key_policy$/.test(name)) {
    const policy = args[0]?.name ?? '';
    return /RejectPolicy/.test(policy)
      ? safe(at, 'unknown host keys are rejected')
      : /(?:AutoAdd|Warning)Policy/.test(policy)
        ? unsafe(at, 'any host key is accepted')
        : unknown(at, 'what becomes of unknown host keys is not known');
  }
  const option = [
    'verify',
    'verify_ssl',
    'ssl',
    'rejectUnauthorized',
    'strictSSL',
    'validate_certs',
  ].find((candidate) => optionOf(call, candidate) !== undefined);
  const known = HTTP.test(name) || CLIENT.test(name) || NODE.test(name);
  const told =
    known || /^(?:rejectUnauthorized|strictSSL|verify_ssl|validate_certs)$/.test(option ?? '');
  if (option !== undefined && told) {
    if (optionOf(call, option)?.text !== undefined)
      return safe(at, `${option} names who is trusted`);
    const verifies = flagOf(call, option);
    if (verifies === false) return unsafe(at, `${option} is off: any certificate is accepted`);
    if (verifies === undefined)
      return unknown(at, `whether ${name} verifies certificates is not known`);
  }
  return known ? safe(at, `${name} verifies certificates`) : undefined;
}

function assign(
  { name, text, at }: { name: string; text: string; at: Judgement['at'] },
  value: { name?: string; truth?: boolean; text?: string },
): Judgement | undefined {
  const last = /\.(\w+)$/.exec(name)?.[1];
  if (last === 'verify_mode')
    return value.name === 'ssl.CERT_NONE'
      ? unsafe(at, 'verify_mode is CERT_NONE: any certificate is accepted')
      : value.name === 'ssl.CERT_REQUIRED'
        ? safe(at, 'certificates are required')
        : undefined;
  if (last === 'check_hostname')
    return value.truth === false
      ? unsafe(at, 'check_hostname is off: the certificate of any host is accepted')
      : undefined;
  if (
    last === 'verify' &&
    value.truth === false &&
    /session|client|requests|httpx/i.test(`${name} ${text}`)
  )
    return unsafe(at, 'verify is off: any certificate is accepted');
  if (last === '_create_default_https_context')
    return value.name === 'ssl._create_unverified_context'
      ? unsafe(at, 'all of the program verifies no certificate')
      : undefined;
  if (/NODE_TLS_REJECT_UNAUTHORIZED$/.test(name) && (value.text === '0' || value.truth === false))
    return unsafe(at, 'all of the program verifies no certificate');
  return undefined;
}

export const certificateValidation: Rule = {
  id: 'certificate-validation',
  cwe: 'CWE-295',
  title: 'Certificates are not validated',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'high',
  catches:
    'Verification of certificates, of host names or of SSH host keys that is switched off: `verify=False`, `CERT_NONE`, `AutoAddPolicy`, `rejectUnauthorized: false`.',
  misses: 'Checks of one’s own that accept too much, and contexts that were made in another file.',
  remedy:
    'Leave verification on; for a certificate of one’s own name the file of its authority (`verify="ca.pem"`, `ca`).',
  bad: [
    ...examples(
      'python',
      'import requests\n\ndef fetch(url):\n    return requests.get(url, verify=False)\n',
      'import ssl, urllib.request\n\ndef fetch(url):\n    context = ssl.create_default_context()\n    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n    return urllib.request.urlopen(url, context=context)\n',
      'import requests\n\ndef fetch(url):\n    session = requests.Session()\n    session.verify = False\n    return session.get(url)\n',
      'import paramiko\n\ndef connect(host):\n    client = paramiko.SSHClient()\n    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n    client.connect(host)\n',
    ),
    ...examples(
      'javascript',
      "const https = require('https');\nconst agent = new https.Agent({ rejectUnauthorized: false });\n",
      "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\n",
      "import tls from 'node:tls';\nexport function open(host) {\n  const options = { host, port: 443, rejectUnauthorized: false };\n  return tls.connect(options);\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import requests\n\ndef fetch(url):\n    return requests.get(url, verify="/etc/ssl/own-ca.pem")\n',
      'import ssl, socket\n\ndef connect(host):\n    context = ssl.create_default_context()\n    return context.wrap_socket(socket.create_connection((host, 443)), server_hostname=host)\n',
      'import requests as http\n\ndef fetch(url):\n    return http.get(url, timeout=5)\n',
      'import paramiko\n\ndef connect(host):\n    client = paramiko.SSHClient()\n    client.load_system_host_keys()\n    client.set_missing_host_key_policy(paramiko.RejectPolicy())\n    client.connect(host)\n',
    ),
    ...examples(
      'javascript',
      "const https = require('https');\nconst fs = require('fs');\nconst agent = new https.Agent({ ca: fs.readFileSync('ca.pem') });\n",
      "import tls from 'node:tls';\nexport const open = (host) => tls.connect({ host, port: 443, rejectUnauthorized: true });\n",
    ),
  ],
  listen: (): Listener => ({ call, assign }),
};
