/** Values that have to be hard to guess, made by generators that can be guessed: CWE-330 and CWE-338. */
import type { Judgement, Listener } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unsafe } from './say.js';

/** What has to be hard to guess, by its name. */
const SECRET =
  /token|passw(?:or)?d|passphrase|secret|salt|nonce|(?:^|_|api|[a-z](?=K))key$|otp|(?:^|_)(?:pin|iv|sid)(?:$|_)|captcha|csrf|session_?id|reset_?code|verif\w*code|activation_?code|credential|coupon|voucher/i;
const PYTHON_WEAK =
  /^(?:random|numpy\.random|random\.Random\(\)|numpy\.random\.(?:RandomState|default_rng)\(\))\.(?:random|randint|randrange|choice|choices|sample|getrandbits|uniform|shuffle|randbytes|rand|bytes|integers)$/;
const JAVASCRIPT_WEAK =
  /^(?:Math\.random|(?:lodash|_)\.(?:random|sample|sampleSize|shuffle)|chance\.\w+)$/;
const STRONG =
  /^(?:secrets\.(?!compare_digest)\w+|os\.urandom|(?:random|secrets)\.SystemRandom\(\)\.\w+|uuid\.uuid4|(?:Crypto|Cryptodome)\.Random\.get_random_bytes|(?:window\.|self\.|globalThis\.)?crypto\.(?:randomBytes|randomInt|randomUUID|getRandomValues|webcrypto\.getRandomValues)|uuid\.v4|nanoid\.nanoid|nanoid)$/;
const PREDICTABLE = /^(?:uuid\.uuid1|uuid\.v1)$/;

const NAMES: Record<string, string> = {
  assignment: 'left',
  assignment_expression: 'left',
  augmented_assignment: 'left',
  augmented_assignment_expression: 'left',
  variable_declarator: 'name',
  keyword_argument: 'name',
  pair: 'key',
  function_definition: 'name',
  function_declaration: 'name',
  method_definition: 'name',
};

/** What the result of a call is for: the variable, key, argument or function that it stands in. */
function purposeOf(at: SyntaxNode): string | undefined {
  for (let node: SyntaxNode | undefined = at; node; node = node.parent) {
    const field = NAMES[node.type];
    const name = field === undefined ? undefined : node.get(field)?.text;
    if (name !== undefined && SECRET.test(name)) return name;
  }
  return undefined;
}

const listening = (weak: (name: string) => boolean) => (): Listener => ({
  hears: (name) => STRONG.test(name) || weak(name),
  call({ name, at }): Judgement | undefined {
    if (STRONG.test(name)) return safe(at, `${name} cannot be guessed`);
    const purpose = weak(name) ? purposeOf(at) : undefined;
    return purpose === undefined
      ? undefined
      : unsafe(at, `${purpose} is made by ${name}, which can be guessed`);
  },
});
const generated = (name: string): boolean => PYTHON_WEAK.test(name) || JAVASCRIPT_WEAK.test(name);

const shared = {
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  misses: 'Secrets under names that do not say so, and generators with a seed that is known.',
  remedy:
    'Use `secrets` or `os.urandom` in Python, `crypto.randomBytes` or `crypto.randomUUID` in JavaScript.',
} as const;

const BAD = [
  ...examples(
    'python',
    'import random\n\ndef make():\n    token = "".join(random.choice("0123456789abcdef") for _ in range(32))\n    return token\n',
    'import random as rnd\nimport string\n\ndef generate_password(length):\n    letters = string.ascii_letters\n    return "".join(rnd.choices(letters, k=length))\n',
    'from random import randint\n\ndef send(mail, address):\n    mail.send(address, otp=randint(100000, 999999))\n',
  ),
  ...examples(
    'javascript',
    'function sign() {\n  const sessionId = Math.random().toString(36).slice(2);\n  return sessionId;\n}\n',
    'const createToken = () => {\n  const apiKey = `key-${Math.floor(Math.random() * 1e9)}`;\n  return { apiKey };\n};\n',
  ),
];
const GOOD = [
  ...examples(
    'python',
    'import secrets\n\ndef make():\n    token = secrets.token_hex(32)\n    return token\n',
    'import random\nimport string\n\ndef generate_password(length):\n    source = random.SystemRandom()\n    return "".join(source.choice(string.ascii_letters) for _ in range(length))\n',
    'import os, random\n\ndef start(colours):\n    colour = random.choice(colours)\n    salt = os.urandom(16)\n    return colour, salt\n',
  ),
  ...examples(
    'javascript',
    "const crypto = require('crypto');\nfunction sign() {\n  const sessionId = crypto.randomBytes(16).toString('hex');\n  return sessionId;\n}\n",
    "import { randomUUID } from 'node:crypto';\nexport function start() {\n  const angle = Math.random() * 360;\n  return { angle, token: randomUUID() };\n}\n",
  ),
];

export const predictableValues: Rule = {
  ...shared,
  id: 'predictable-value',
  cwe: 'CWE-330',
  title: 'Values that are not random enough',
  catches:
    'Tokens, passwords, keys and codes that a generator for games makes, or that hold the time and the machine (`uuid1`).',
  bad: [
    ...BAD,
    ...examples(
      'python',
      'import uuid\n\ndef start(user):\n    user.reset_token = str(uuid.uuid1())\n    return user\n',
    ),
  ],
  good: GOOD,
  listen: listening((name) => generated(name) || PREDICTABLE.test(name)),
};

export const weakGenerator: Rule = {
  ...shared,
  id: 'weak-generator',
  cwe: 'CWE-338',
  title: 'A weak generator of random numbers',
  catches: 'Tokens, passwords, keys and codes made by `random`, `numpy.random` or `Math.random`.',
  bad: BAD,
  good: GOOD,
  listen: listening(generated),
};
