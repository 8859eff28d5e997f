import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { flagOf, safe, unknown, unsafe } from './say.js';

const WEAK = /^(?:(?:rsa-)?(?:md[245]|sha-?1)|ripemd(?:128)?|crc32|adler32)$/i;
const STRONG =
  /^(?:(?:rsa-)?sha-?(?:2|3|224|256|384|512)\w*(?:-\d+)?|blake2\w*|blake3|shake_?\d+)$/i;

const MODULES =
  /^(?:hashlib|hmac|Crypto|Cryptodome|cryptography|crypto|crypto-js|CryptoJS)\.|md5$|^(?:js-)?sha1$/;

/** The digest that a call names, `undefined` where it makes none; `''` where it is not known. */
function digestOf({ name, args, keywords }: Call): string | undefined {
  const [, direct] =
    /^hashlib\.(?!new$|pbkdf2|scrypt|file_digest|algorithms|compare)(\w+)$/.exec(name) ??
    /^(?:Crypto|Cryptodome)\.Hash\.(\w+)\.new$/.exec(name) ??
    /^cryptography\.hazmat\.primitives\.hashes\.(\w+)$/.exec(name) ??
    [];
  if (direct !== undefined) return /^(?:Hash|Context)$/.test(direct) ? undefined : direct;
  if (/^(?:hashlib\.new|crypto\.create(?:Hash|Hmac|Sign|Verify))$/.test(name))
    return args[0]?.text ?? '';
  if (/^hmac\.(?:new|digest)$/.test(name)) {
    const digest = args[2] ?? keywords.get('digestmod') ?? keywords.get('digest');
    return digest?.text ?? /^hashlib\.(\w+)$/.exec(digest?.name ?? '')?.[1] ?? '';
  }
  if (name === 'md5' || name === 'js-md5' || name === 'blueimp-md5') return 'md5';
  if (name === 'sha1' || name === 'js-sha1') return 'sha1';
  return /^(?:crypto-js|CryptoJS)\.(MD5|SHA1|SHA256|SHA3|SHA512)$/.exec(name)?.[1];
}

function call(call: Call): Judgement | undefined {
  const digest = digestOf(call);
  if (digest === undefined || flagOf(call, 'usedforsecurity') === false) return undefined;
  const { at } = call;
  if (digest === '') return unknown(at, `the digest of ${call.name} is not known`);
  if (WEAK.test(digest)) return unsafe(at, `collisions of ${digest} can be made`);
  return STRONG.test(digest) ? safe(at, `${digest} is sound`) : undefined;
}

export const weakHash: Rule = {
  id: 'weak-hash',
  cwe: 'CWE-328',
  title: 'A weak digest',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches: 'MD5, SHA-1 and older digests, by the name of the function or of the algorithm.',
  misses: 'Digests that a library chooses by itself.',
  remedy: 'Use SHA-256, SHA-3 or BLAKE2; for what needs no security say `usedforsecurity=False`.',
  bad: [
    ...examples(
      'python',
      'import hashlib\n\ndef digest(data):\n    return hashlib.md5(data).hexdigest()\n',
      'from hashlib import new\n\ndef digest(data):\n    return new("sha1", data).hexdigest()\n',
      'import hashlib, hmac\n\ndef sign(key, data):\n    return hmac.new(key, data, hashlib.sha1).digest()\n',
    ),
    ...examples(
      'javascript',
      "const crypto = require('crypto');\nconst digest = (data) => crypto.createHash('md5').update(data).digest('hex');\n",
      "import md5 from 'md5';\nexport const digest = (data) => md5(data);\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import hashlib\n\ndef digest(data):\n    return hashlib.sha256(data).hexdigest()\n',
      'import hashlib as h\n\nNAME = "sha3_256"\n\ndef digest(data):\n    return h.new(NAME, data).hexdigest()\n',
      'import hmac\n\ndef sign(key, data):\n    return hmac.new(key, data, "sha256").digest()\n',
    ),
    ...examples(
      'javascript',
      "const crypto = require('crypto');\nconst digest = (data) => crypto.createHash('sha512').update(data).digest('hex');\n",
    ),
  ],
  listen: (): Listener => ({ call, hears: (name) => MODULES.test(name) }),
};
