import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { norm, readSafetensors, readSafetensorsHeader, writeSafetensors } from '../tensor/index.js';
import { checkSigner, readVector, signVector, vectorTexts, writeVector } from './index.js';
import { bad, changed, direction, file } from './testing/vectors.js';
import { directionTensors } from './vector-file.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-vector-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'v.safetensors');

/** Writes texts and numbers as they are, whatever the checksum says. */
function forge(texts: Record<string, string>, directions: ReadonlyMap<number, Float32Array>): void {
  writeSafetensors(path, directionTensors(directions, 'directions'), { metadata: texts });
}

describe('a vector file', () => {
  it('is read as it was written, to the bit, whatever its layers', () => {
    writeVector(path, file);
    expect(readVector(path)).toEqual(file);
    const finite = { noNaN: true, min: -1e6, max: 1e6 } as const;
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 20 })
          .chain((width) =>
            fc.uniqueArray(
              fc.tuple(
                fc.nat(80),
                fc.float32Array({ minLength: width, maxLength: width, ...finite }),
              ),
              { minLength: 1, maxLength: 5, selector: ([layer]) => layer },
            ),
          ),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.option(fc.string(), { nil: undefined }),
        (layers, strength, evaluation) => {
          const directions = new Map(layers);
          const some = { ...changed({ strength: strength + 0, evaluation }), directions };
          writeVector(path, some);
          const read = readVector(path);
          expect(read.metadata).toEqual(some.metadata);
          expect(new Map(read.directions)).toEqual(directions);
        },
      ),
      { seed: 1, numRuns: 40 },
    );
  });

  it('is plain safetensors, which other programs can read', () => {
    writeVector(path, file);
    expect([...readSafetensors(path)]).toEqual([['directions.2', { dims: [4], data: direction }]]);
    expect(readSafetensorsHeader(path).metadata).toMatchObject({
      format: 'suture.steering-vector',
      hook: 'hook_resid_post',
      layers: '2',
      norms: String(norm(direction)),
      strength: '0.75',
    });
  });

  it('is refused where its numbers were changed', () => {
    const texts = vectorTexts(file);
    for (const other of [
      direction.map((x) => 1.01 * x),
      direction.map((x) => -x),
      direction.with(0, Number.NaN),
    ]) {
      forge(texts, new Map([[2, other]]));
      expect(() => readVector(path)).toThrow(bad(/was changed/));
    }
  });

  it('is refused where its layers were changed', () => {
    const texts = vectorTexts(file);
    for (const layers of [
      [[3, direction]],
      [
        [2, direction],
        [3, direction],
      ],
      [],
    ] as [number, Float32Array][][]) {
      forge(texts, new Map(layers));
      expect(() => readVector(path)).toThrow(bad(/was changed/));
    }
  });

  it('is refused where any of what it says was changed, taken away or added', () => {
    const texts = vectorTexts(file);
    for (const name of Object.keys(texts).filter((key) => !['format', 'version'].includes(key))) {
      forge({ ...texts, [name]: `${texts[name]} ` }, file.directions);
      expect(() => readVector(path)).toThrow(bad(/was changed/));
      const { [name]: _, ...fewer } = texts;
      forge(fewer, file.directions);
      expect(() => readVector(path)).toThrow(bad(/was changed/));
    }
    forge({ ...texts, note: 'hello' }, file.directions);
    expect(() => readVector(path)).toThrow(bad(/was changed/));
  });

  it.each<[string, object]>([
    ['cwe', { cwe: 'CWE-1' }],
    ['method', { method: '' }],
    ['site', { site: 'everywhere' }],
    ['strength', { strength: Number.NaN }],
    ['strength', { strength: Number.POSITIVE_INFINITY }],
    ['positions', { positions: 'now and then' }],
  ])('is refused where its %s is %j', (name, metadata) => {
    writeVector(path, changed(metadata));
    expect(() => readVector(path)).toThrow(bad(name));
    expect(() => readVector(path)).toThrow(bad('is not a steering vector'));
  });

  it('is refused where a direction is no vector', () => {
    const tensor = { dims: [2, 2], data: direction };
    writeSafetensors(path, new Map([['directions.2', tensor]]), { metadata: vectorTexts(file) });
    expect(() => readVector(path)).toThrow(bad(/directions\.2 has shape \[2, 2\]/));
  });

  it('is refused where it is something else', () => {
    expect(() => readVector(join(dir, 'nowhere'))).toThrow(bad('nowhere', 'NOT_FOUND'));
    writeSafetensors(path, new Map([['w', { dims: [4], data: direction }]]));
    expect(() => readVector(path)).toThrow(bad('is not a steering vector of Suture'));
    forge({ ...vectorTexts(file), version: '1' }, file.directions);
    expect(() => readVector(path)).toThrow(bad(/another version of Suture \(format 1, here 2\)/));
    writeFileSync(path, 'these are only words');
    expect(() => readVector(path)).toThrow(bad('v.safetensors', 'BAD_CHECKPOINT'));
    writeVector(path, file);
    truncateSync(path, readFileSync(path).length - 1);
    expect(() => readVector(path)).toThrow(bad('truncated', 'BAD_CHECKPOINT'));
  });
});

describe('a signed vector', () => {
  const pem = (kind: 'ed25519' | 'x25519') => {
    const { privateKey, publicKey } = generateKeyPairSync(kind as 'ed25519');
    const secret = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    return { secret, open: publicKey.export({ format: 'pem', type: 'spki' }).toString() };
  };
  const [mine, other] = [pem('ed25519'), pem('ed25519')];
  const signed = signVector(file, mine.secret);

  it('is read with its signature, which names the key', () => {
    writeVector(path, signed);
    expect(readVector(path)).toEqual(signed);
    checkSigner(readVector(path), mine.open);
    expect(() => checkSigner(signed, other.open)).toThrow(bad('another key'));
    expect(() => checkSigner(file, mine.open)).toThrow(bad('not signed'));
  });

  it('is refused where its content was changed and its checksum made anew', () => {
    const stronger = { ...changed({ strength: 1.5 }), signature: signed.signature! };
    forge(vectorTexts(stronger), file.directions);
    expect(() => readVector(path)).toThrow(bad('its signature is not of this content'));
    const unsigned = vectorTexts(changed({ strength: 1.5 }));
    forge(unsigned, file.directions); // anyone can take a signature away
    expect(() => checkSigner(readVector(path), mine.open)).toThrow(bad('not signed'));
  });

  it('is refused where its signer is no key, or no Ed25519 key', () => {
    const der = Buffer.from(pem('x25519').open.replace(/-.*-|\n/g, ''), 'base64');
    for (const signer of ['', 'none', der.toString('base64')]) {
      forge({ ...vectorTexts(signed), signer }, file.directions);
      expect(() => readVector(path)).toThrow(bad('its signature is not of this content'));
    }
  });

  it('is not made with anything else than a private Ed25519 key', () => {
    expect(() => signVector(file, mine.open)).toThrow(bad('no private key', 'BAD_ARGUMENT'));
    expect(() => signVector(file, pem('x25519').secret)).toThrow(
      bad('kind x25519', 'BAD_ARGUMENT'),
    );
    expect(() => checkSigner(signed, 'words')).toThrow(bad('no public key', 'BAD_ARGUMENT'));
  });
});
