import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { C, examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';

const WEAK =
  /^(?:(?:rsa-)?(?:md[245]|sha-?1)|r(?:ipe)?md-?128|rc[24]|des(?:-.*)?|3des|des-?ede.*|bf(?:-.*)?|blowfish|arcfour|.*-ecb)$/i;
const STRONG =
  /^(?:sha-?(?:2|3|256|384|512).*|blake.*|aes-.*-(?:gcm|ccm|cbc|ctr)|chacha20.*|shake.*)$/i;

const judged = (call: Call, algorithm: string): Judgement | undefined => {
  const { at } = call;
  if (WEAK.test(algorithm)) return { status: 'unsafe', message: `${algorithm} is broken`, at };
  if (STRONG.test(algorithm)) return { status: 'safe', message: `${algorithm} is sound`, at };
  return undefined;
};

const MODULES = /^(?:hashlib|Crypto|Cryptodome|crypto)\.|^(?:MD|SHA|DES|RC4|EVP_)/;

function call(call: Call): Judgement | undefined {
  const { name, args, keywords, at } = call;
  const [, python] = /^hashlib\.(?!new$|pbkdf2|scrypt|algorithms|file)(\w+)$/.exec(name) ?? [];
  // Said not to be for security.
  if (keywords.get('usedforsecurity')?.truth === false) return undefined;
  if (python !== undefined) return judged(call, python);
  const [, modules] = /^(?:Crypto|Cryptodome)\.(?:Hash|Cipher)\.(\w+)\.new$/.exec(name) ?? [];
  if (modules !== undefined) {
    const mode = args[1]?.name?.split('.').at(-1);
    return judged(
      call,
      mode === 'MODE_ECB' ? `${modules}-ECB` : modules === 'AES' ? 'aes-256-cbc' : modules,
    );
  }
  if (
    /^(?:hashlib\.new|crypto\.create(?:Hash|Hmac|Cipheriv|Decipheriv|Cipher|Decipher))$/.test(name)
  ) {
    const algorithm = args[0]?.text;
    if (algorithm === undefined)
      return { status: 'unknown', message: `the algorithm of ${name} is not known`, at };
    return judged(call, algorithm);
  }
  const [, native] =
    /^(MD[245]|SHA1|SHA256|SHA512|DES|RC4|EVP_(?:md[245]|sha1|sha256|sha384|sha512|des_\w+|rc4|aes_\d+_(?:ecb|cbc|gcm|ctr)))(?:_(?:Init|Update|Final|set_key|ecb_encrypt))?$/.exec(
      name,
    ) ?? [];
  return native === undefined
    ? undefined
    : judged(call, native.replace(/^EVP_/, '').replaceAll('_', '-'));
}

export const weakCryptography: Rule = {
  id: 'weak-cryptography',
  cwe: 'CWE-327',
  title: 'Broken cryptography',
  languages: [...PYTHON, ...JAVASCRIPT, ...C],
  severity: 'medium',
  catches:
    'MD5, SHA-1, DES, RC4, Blowfish and the ECB mode, by the name of the function or of the algorithm.',
  misses: 'Sound algorithms that are used wrongly: fixed nonces, short keys.',
  remedy:
    'Use SHA-256 or better, AES-GCM or ChaCha20-Poly1305; for what needs no security say `usedforsecurity=False`.',
  bad: [
    ...examples(
      'python',
      'import hashlib\n\ndef digest(data):\n    return hashlib.md5(data).hexdigest()\n',
      'import hashlib\n\ndef digest(data):\n    return hashlib.new("sha1", data).hexdigest()\n',
    ),
    ...examples(
      'javascript',
      "const crypto = require('crypto');\nconst digest = (data) => crypto.createHash('md5').update(data).digest('hex');\n",
    ),
    ...examples(
      'c',
      '#include <openssl/md5.h>\nvoid digest(const unsigned char *data, size_t n, unsigned char *out) {\n  MD5(data, n, out);\n}\n',
    ),
  ],
  good: [
    ...examples(
      'python',
      'import hashlib\n\ndef digest(data):\n    return hashlib.sha256(data).hexdigest()\n',
    ),
    ...examples(
      'javascript',
      "import { createHash } from 'node:crypto';\nexport const digest = (data) => createHash('sha256').update(data).digest('hex');\n",
    ),
    ...examples(
      'c',
      '#include <openssl/sha.h>\nvoid digest(const unsigned char *data, size_t n, unsigned char *out) {\n  SHA256(data, n, out);\n}\n',
    ),
  ],
  listen: (): Listener => ({ call, hears: (name) => MODULES.test(name) }),
};
