import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { optionOf, safe, unknown, unsafe } from './say.js';

const PASSWORD = /passw(?:or)?d|passwd|\bpwd\b|passphrase/i;
const FAST = /^(?:hashlib\.(?:md5|sha1|sha2\d\d|sha384|sha512|sha3_\d+|blake2[bs]|new)|hmac\.new)$/;
const SLOW =
  /^(?:bcrypt(?:js)?\.(?:hashpw|hash|hashSync|checkpw|compare|compareSync)|(?:argon2\.)?PasswordHasher\(\)\.(?:hash|verify)|argon2\.(?:hash|verify|PasswordHasher\(\)\.(?:hash|verify))|passlib\.hash\.(?:bcrypt|argon2|scrypt|pbkdf2_sha\d+)\.(?:hash|verify)|hashlib\.scrypt|crypto\.scrypt(?:Sync)?|werkzeug\.security\.(?:generate_password_hash|check_password_hash)|django\.contrib\.auth\.hashers\.(?:make_password|check_password))$/;
/** Fewer rounds are tried too quickly: OWASP asks for 600,000 with SHA-256, 210,000 with SHA-512. */
const LEAST_ROUNDS = 100_000;
const LEAST_COST = 10;

/** The words of an expression, without those in its texts. */
const namesIn = (node: SyntaxNode | undefined): string =>
  (node?.walk() ?? [])
    .filter(({ type }) => type === 'identifier' || type === 'property_identifier')
    .map(({ text }) => text)
    .join(' ');

function counted(
  at: SyntaxNode,
  rounds: Value | undefined,
  least: number,
  name: string,
): Judgement {
  if (rounds?.number === undefined) return unknown(at, `the rounds of ${name} are not known`);
  return rounds.number < least
    ? unsafe(at, `${name} takes ${rounds.number} rounds, and ${least} are the least`)
    : safe(at, `${name} takes ${rounds.number} rounds`);
}

function call(call: Call): Judgement | undefined {
  const { name, args, keywords, at } = call;
  if (/^hashlib\.pbkdf2_hmac$/.test(name))
    return counted(at, args[3] ?? keywords.get('iterations'), LEAST_ROUNDS, name);
  if (/^crypto\.pbkdf2(?:Sync)?$/.test(name)) return counted(at, args[2], LEAST_ROUNDS, name);
  if (/PBKDF2HMAC$/.test(name))
    return counted(at, optionOf(call, 'iterations'), LEAST_ROUNDS, name);
  if (name === 'bcrypt.gensalt') {
    const rounds = args[0] ?? keywords.get('rounds');
    return rounds ? counted(at, rounds, LEAST_COST, name) : safe(at, 'bcrypt takes 12 rounds');
  }
  if (/^bcrypt(?:js)?\.hash(?:Sync)?$/.test(name) && args[1]?.number !== undefined)
    return counted(at, args[1], LEAST_COST, name);
  if (/generate_password_hash$/.test(name)) {
    const method = (optionOf(call, 'method') ?? args[1])?.text;
    if (method !== undefined && /^(?:plain|md5|sha\d+)$/.test(method))
      return unsafe(at, `${method} is a fast digest`);
  }
  if (SLOW.test(name)) return safe(at, `${name} is made for passwords`);
  if (FAST.test(name))
    return PASSWORD.test(namesIn(at.get('arguments')))
      ? unsafe(at, `${name} is too fast for a password`)
      : undefined;
  const digest = /^crypto\.create(?:Hash|Hmac)\(\)\.update$|^hashlib\.\w+\(\)\.update$/.test(name);
  return digest && PASSWORD.test(namesIn(at.get('arguments')))
    ? unsafe(at, 'a fast digest is made of a password')
    : undefined;
}

export const weakPasswordHash: Rule = {
  id: 'weak-password-hash',
  cwe: 'CWE-916',
  title: 'Password hash with too little effort',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'high',
  catches:
    'Fast digests (SHA-256 and its like) of what is called a password, and PBKDF2 or bcrypt with too few rounds.',
  misses: 'Passwords under names that do not say so, and parameters of scrypt and Argon2.',
  remedy: 'Use Argon2, scrypt, bcrypt (12 rounds) or PBKDF2 (600,000 rounds of SHA-256).',
  bad: [
    ...examples(
      'python',
      'import hashlib\n\ndef store(password):\n    return hashlib.sha256(password.encode()).hexdigest()\n',
      'import hashlib, os\n\ndef store(passwd):\n    salt = os.urandom(16)\n    digest = hashlib.sha512()\n    digest.update(salt + passwd.encode())\n    return salt + digest.digest()\n',
      'import hashlib\n\ndef store(password, salt):\n    return hashlib.pbkdf2_hmac("sha256", password, salt, iterations=1000)\n',
      'import bcrypt\n\ndef store(password):\n    return bcrypt.hashpw(password, bcrypt.gensalt(4))\n',
    ),
    ...examples(
      'javascript',
      "const crypto = require('crypto');\nconst store = (password) => crypto.createHash('sha256').update(password).digest('hex');\n",
      "import { pbkdf2Sync } from 'node:crypto';\nexport const store = (password, salt) => pbkdf2Sync(password, salt, 1000, 64, 'sha512');\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import bcrypt\n\ndef store(password):\n    return bcrypt.hashpw(password, bcrypt.gensalt())\n',
      'import hashlib\n\ndef store(password, salt):\n    return hashlib.pbkdf2_hmac("sha256", password, salt, 600_000)\n',
      'from werkzeug.security import generate_password_hash\n\ndef store(password):\n    return generate_password_hash(password)\n',
      'import hashlib\n\ndef store(password, salt, name):\n    return name, hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1)\n',
    ),
    ...examples(
      'javascript',
      "const bcrypt = require('bcrypt');\nconst store = (password) => bcrypt.hash(password, 12);\n",
      "import { scryptSync } from 'node:crypto';\nexport const store = (password, salt) => scryptSync(password, salt, 64);\n",
    ),
  ],
  listen: (): Listener => ({ call }),
};
