import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { ensure, SutureError } from '../core/index.js';

/** Ed25519 (RFC 8032) over a text. */
export interface Signature {
  /** The public key: SubjectPublicKeyInfo, base64. */
  signer: string;
  /** Base64. */
  signature: string;
}

/** @throws {SutureError} BAD_ARGUMENT where the PEM is no private Ed25519 key */
export function signText(text: string, privateKey: string): Signature {
  const key = keyFrom('private', () => createPrivateKey(privateKey));
  return {
    signer: exported(createPublicKey(key)),
    signature: sign(null, Buffer.from(text), key).toString('base64'),
  };
}

/** Whether the owner of `signer` signed this text. */
export function isSigned(text: string, { signer, signature }: Signature): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(signer, 'base64'),
      format: 'der',
      type: 'spki',
    });
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
    );
  } catch {
    return false; // not a key at all
  }
}

/** What signatures made with the private half of a key name as their signer. */
export const signerOf = (publicKey: string): string =>
  exported(keyFrom('public', () => createPublicKey(publicKey)));

const exported = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('base64');

function keyFrom(half: 'private' | 'public', parse: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch (thrown) {
    throw new SutureError('BAD_ARGUMENT', `This is no ${half} key in PEM form. ${HOW}`, {
      cause: thrown,
    });
  }
  ensure(
    key.asymmetricKeyType === 'ed25519',
    'BAD_ARGUMENT',
    `The key is of the kind ${key.asymmetricKeyType}; vectors are signed with Ed25519. ${HOW}`,
  );
  return key;
}

const HOW =
  '"openssl genpkey -algorithm ed25519 -out key.pem" makes one, "openssl pkey -in key.pem -pubout" gives its public half.';
