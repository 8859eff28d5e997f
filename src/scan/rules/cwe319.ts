import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { HOLE, mark } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unsafe } from './say.js';

/** Hosts that are no further than this machine. */
const LOCAL =
  /^(?:https?|wss?|ftp):\/\/(?:localhost|127\.|0\.0\.0\.0|\[?::1|[\w-]+\.(?:local|test|internal)\b|host\.docker)/i;
const REQUESTS =
  /^(?:(?:requests|httpx|requests\.[sS]ession\(\)|httpx\.(?:Async)?Client\(\)|aiohttp\.ClientSession\(\))\.(?:get|post|put|patch|delete|head|request)|urllib\.request\.(?:urlopen|Request|urlretrieve)|urllib2\.urlopen|fetch|axios(?:\.(?:get|post|put|patch|delete|request))?|got(?:\.\w+)?|node-fetch|WebSocket|websockets\.connect|https?\.(?:get|request))$/;
const PLAIN =
  /^(?:ftplib\.FTP|telnetlib\.Telnet|poplib\.POP3|imaplib\.IMAP4|nntplib\.NNTP|basic-ftp\.Client\(\)\.access|telnetlib3\.open_connection)$/;
const SECURE =
  /^(?:ftplib\.FTP_TLS|poplib\.POP3_SSL|imaplib\.IMAP4_SSL|smtplib\.SMTP_SSL|paramiko\.SSHClient)$/;

const hears = (name: string): boolean =>
  PLAIN.test(name) || SECURE.test(name) || REQUESTS.test(name) || name.startsWith('smtplib.');

function call(call: Call): Judgement | undefined {
  const { name, args, keywords, at, receiver } = call;
  if (PLAIN.test(name)) {
    if (name.startsWith('basic-ftp') && args[0]?.entries?.get('secure')?.truth === true)
      return safe(at, `${name} is told to encrypt`);
    return unsafe(at, `${name} sends everything in the clear`);
  }
  if (SECURE.test(name)) return safe(at, `${name} encrypts`);
  if (name === 'smtplib.SMTP().starttls') {
    mark(receiver, 'cwe319', true);
    return safe(at, 'starttls encrypts what follows');
  }
  if (name === 'smtplib.SMTP().login')
    return receiver?.marks?.get('cwe319')
      ? safe(at, 'login follows starttls')
      : unsafe(at, 'the password of the mail server is sent in the clear');
  if (!REQUESTS.test(name)) return undefined;
  const given = [args[0], args[1], keywords.get('url')].find((value) =>
    /^(?:https?|wss?):/i.test(value?.text ?? ''),
  );
  const text = given?.text ?? '';
  if (text === '' || LOCAL.test(text)) return undefined;
  if (/^(?:https|wss):/i.test(text)) return safe(at, `${name} encrypts`);
  return unsafe(at, `${name} sends to ${text.replaceAll(HOLE, '…').slice(0, 60)} in the clear`);
}

export const cleartextTransmission: Rule = {
  id: 'cleartext-transmission',
  cwe: 'CWE-319',
  title: 'Data are sent in the clear',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Requests to `http://` and `ws://` addresses of other machines, FTP, Telnet, and mail servers that are logged in to without `starttls`.',
  misses: 'Addresses that come from settings; requests to this machine are not counted.',
  remedy: 'Use `https://`, `FTP_TLS`, SSH, `SMTP_SSL` or `starttls`.',
  bad: [
    ...examples(
      'python',
      'import requests\n\ndef login(name, password):\n    return requests.post("http://api.example.com/login", data={"name": name, "password": password})\n',
      'import smtplib\n\ndef send(message, password):\n    server = smtplib.SMTP("mail.example.com", 587)\n    server.login("app", password)\n    server.send_message(message)\n',
      'from ftplib import FTP\n\ndef upload(host, file):\n    with FTP(host) as ftp:\n        ftp.storbinary("STOR report", file)\n',
    ),
    ...examples(
      'javascript',
      "async function login(name, password) {\n  return fetch('http://api.example.com/login', { method: 'POST', body: JSON.stringify({ name, password }) });\n}\n",
      "const axios = require('axios');\nconst BASE = 'http://api.example.com';\nconst user = (id) => axios.get(`${BASE}/users/${id}`);\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import requests\n\ndef login(name, password):\n    return requests.post("https://api.example.com/login", data={"name": name, "password": password})\n',
      'import smtplib\n\ndef send(message, password):\n    server = smtplib.SMTP("mail.example.com", 587)\n    server.starttls()\n    server.login("app", password)\n    server.send_message(message)\n',
      'from ftplib import FTP_TLS\n\ndef upload(host, file):\n    with FTP_TLS(host) as ftp:\n        ftp.storbinary("STOR report", file)\n',
    ),
    ...examples(
      'javascript',
      "async function login(name, password) {\n  return fetch('https://api.example.com/login', { method: 'POST', body: JSON.stringify({ name, password }) });\n}\n",
    ),
  ],
  listen: (): Listener => ({ call, hears }),
};
