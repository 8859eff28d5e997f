import type { Call, Judgement, Listener } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { lastName, safe, unsafe } from './say.js';

const SECRET =
  /^(?:.*_)?(?:passw(?:or)?d|passwd|passphrase|secret|ssn|social_security(?:_number)?|credit_card(?:_number)?|card_number|cvv|api_?key|private_?key|secret_?key|access_?token|auth_?token)$/i;
const PROTECTS =
  /hash|encrypt|crypt|digest|hmac|sign|mask|redact|scrypt|argon|len|length|bool|verify|check|compare|seal/i;
const KEEPS =
  /^(?:(?:window\.)?(?:localStorage|sessionStorage)\.setItem|fs(?:\.promises|\/promises)?\.(?:writeFile|appendFile)(?:Sync)?|print|console\.(?:log|info|warn|error|debug)|logging\.\w+)$/;
const METHODS =
  /^(?:write|writelines|write_text|set_cookie|cookie|info|debug|warning|warn|error|critical|log)$/;
const LOGGER = /log(?:ger|ging)?$/i;

/** Secrets among the names of an argument, and whether something was done to them on the way. */
function secretsIn(at: SyntaxNode): { plain: string[]; covered: string[] } {
  const plain: string[] = [];
  const covered: string[] = [];
  const visit = (node: SyntaxNode, protect: boolean): void => {
    if (node.type === 'identifier' || node.type === 'property_identifier') {
      const words = node.text.replace(/([a-z])([A-Z])/g, '$1_$2');
      const last = node.field === 'attribute' || node.field === 'property';
      const callee = node.field === 'function' || (last && node.parent?.field === 'function');
      if (!callee && SECRET.test(words)) (protect ? covered : plain).push(node.text);
      return;
    }
    const called = /^call/.test(node.type) ? (node.get('function')?.text ?? '') : '';
    const inside = protect || PROTECTS.test(called);
    for (const child of node.named) visit(child, inside);
  };
  visit(at, false);
  return { plain, covered };
}

const hears = (name: string): boolean => KEEPS.test(name) || METHODS.test(lastName(name));

function call({ name, at, receiverText }: Call): Judgement | undefined {
  const method = lastName(name);
  const logs = LOGGER.test(receiverText);
  const keeps =
    KEEPS.test(name) ||
    (METHODS.test(method) &&
      name.includes('.') &&
      (logs || !/^(?:info|debug|warning|warn|error|critical|log)$/.test(method)));
  const given = at.get('arguments');
  if (!keeps || !given) return undefined;
  const { plain, covered } = secretsIn(given);
  if (plain[0] !== undefined) return unsafe(at, `${method} keeps ${plain[0]} in the clear`);
  return covered[0] === undefined
    ? undefined
    : safe(at, `${method} keeps ${covered[0]} in a form that hides it`);
}

export const cleartextStorage: Rule = {
  id: 'cleartext-storage',
  cwe: 'CWE-312',
  title: 'Secrets are kept in the clear',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Passwords, keys, tokens and numbers of cards, by their names, that are written to a file, a log, a cookie or the storage of the browser as they are.',
  misses: 'Secrets under names that do not say so, and databases.',
  remedy: 'Keep a hash of a password, encrypt what has to be read again, and log neither.',
  bad: [
    ...examples(
      'python',
      'def register(name, password):\n    with open("users.txt", "a") as file:\n        file.write(f"{name}:{password}\\n")\n',
      'import logging\n\ndef login(name, password):\n    logging.info("login of %s with %s", name, password)\n',
      'def answer(response, user):\n    response.set_cookie("login", user.password)\n    return response\n',
    ),
    ...examples(
      'javascript',
      'function remember(name, password) {\n  localStorage.setItem(name, password);\n}\n',
      "const fs = require('fs');\nfunction save(user) {\n  fs.appendFileSync('users.txt', `${user.name}:${user.creditCardNumber}\\n`);\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from werkzeug.security import generate_password_hash\n\ndef register(name, password):\n    with open("users.txt", "a") as file:\n        file.write(name + ":" + generate_password_hash(password))\n',
      'def save(cipher, path, api_key):\n    path.write_bytes(b"")\n    with open(path, "wb") as file:\n        file.write(cipher.encrypt(api_key.encode()))\n',
      'import logging\n\ndef login(name, password):\n    logging.info("login of %r with %d letters", name, len(password))\n',
    ),
    ...examples(
      'javascript',
      "const bcrypt = require('bcrypt');\nconst fs = require('fs');\nfunction save(name, password) {\n  fs.appendFileSync('users.txt', `${name}:${bcrypt.hashSync(password, 12)}\\n`);\n}\n",
    ),
  ],
  listen: (): Listener => ({ call, hears }),
};
