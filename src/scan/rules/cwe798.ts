import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { HOLE, isConstant } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { C, examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';

const SECRET =
  /(?:^|[_.])(?:\w*_?)?(?:passw(?:or)?d|passwd|pwd|passphrase|secret|api_?key|access_?key|private_?key|auth_?token|access_?token|secret_?key)$/i;
/** Names beside secrets, and what stands where a secret will be. */
const NOT_SECRET =
  /(?:field|label|name|prompt|path|file|url|hash|length|min|max|regex|pattern|error|message|id)$/i;
const PLACEHOLDER =
  /^(?:|.|x+|\*+|<.*>|\$\{?\w*\}?|.*(?:change_?me|your|example|placeholder|todo|dummy|none|null|undefined|test).*)$/i;

/** In every name that the first of the patterns above matches; most names end here. */
const HINT = /pass|pwd|secret|key|token/i;

const secretName = (name: string): boolean => {
  if (!HINT.test(name)) return false;
  const last =
    name
      .split(/[.[\]'"]+/)
      .filter(Boolean)
      .at(-1) ?? '';
  return SECRET.test(last.replace(/([a-z])([A-Z])/g, '$1_$2')) && !NOT_SECRET.test(last);
};

function judge(name: string, value: Value, at: SyntaxNode): Judgement | undefined {
  if (!secretName(name)) return undefined;
  if (
    value.text !== undefined &&
    value.number === undefined &&
    isConstant(value) &&
    !value.text.includes(HOLE)
  ) {
    if (PLACEHOLDER.test(value.text) || /\s/.test(value.text.trim())) return undefined;
    return { status: 'unsafe', message: `${name} is written into the program`, at };
  }
  // Read from where secrets are kept.
  if (/environ|getenv|process\.env|keyring|getpass|vault|config|secrets/i.test(at.text))
    return { status: 'safe', message: `${name} comes from outside of the program`, at };
  return undefined;
}

function call({ keywords, args, at, name }: Call): Judgement | undefined {
  for (const [keyword, value] of keywords) {
    const judged = judge(keyword, value, at);
    if (judged?.status === 'unsafe') return judged;
  }
  // Options of JavaScript: `createConnection({ user, password: 'x' })`.
  for (const argument of args)
    for (const [key, value] of argument.entries ?? []) {
      const judged = judge(key, value, at);
      if (judged?.status === 'unsafe') return judged;
    }
  if (
    /(?:^|\.)(?:jwt|jsonwebtoken)\.(?:sign|verify|encode|decode)$/.test(name) &&
    args[1]?.text !== undefined &&
    isConstant(args[1])
  )
    return { status: 'unsafe', message: `the key of ${name} is written into the program`, at };
  return undefined;
}

export const hardCodedCredentials: Rule = {
  id: 'hard-coded-credentials',
  cwe: 'CWE-798',
  title: 'Hard-coded credentials',
  languages: [...PYTHON, ...JAVASCRIPT, ...C],
  severity: 'high',
  catches:
    'Texts of the program that are assigned to, or given as, a password, secret, key or token.',
  misses:
    'Secrets under names that do not say so. Placeholders (`changeme`, `<password>`) are not counted.',
  remedy: 'Read it from the environment or from a store of secrets.',
  bad: [
    ...examples(
      'python',
      'import psycopg2\n\ndef connect():\n    return psycopg2.connect(host="db", user="app", password="hunter42")\n',
      'API_KEY = "sk-9f8a7b6c5d4e"\n',
    ),
    ...examples(
      'javascript',
      "const mysql = require('mysql');\nconst db = mysql.createConnection({ user: 'app', password: 'hunter42' });\n",
    ),
    ...examples(
      'c',
      'const char *connect_db(void) {\n  const char *password = "hunter42";\n  return password;\n}\n',
    ),
  ],
  good: [
    ...examples(
      'python',
      'import os\n\ndef connect(driver):\n    password = os.environ["DB_PASSWORD"]\n    return driver.connect(password=password)\n',
    ),
    ...examples(
      'javascript',
      'function connect(driver) {\n  const password = process.env.DB_PASSWORD;\n  return driver.connect({ password });\n}\n',
    ),
    ...examples(
      'c',
      '#include <stdlib.h>\nconst char *connect_db(void) {\n  const char *password = getenv("DB_PASSWORD");\n  return password;\n}\n',
    ),
  ],
  listen: (): Listener => ({
    call,
    assign: ({ text, at }, value) => judge(text, value, at.parent ?? at),
  }),
};
