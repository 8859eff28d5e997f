import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SutureError } from '../../core/index.js';
import type { ModelIdentity } from '../../engine/index.js';
import { CWES } from '../../scan/index.js';
import { writeSafetensors } from '../../tensor/index.js';
import { checkGate, type GateFile, gateTexts, readGate, writeGate } from '../index.js';
import { gateFile } from '../testing/gates.js';
import { bad } from '../testing/vectors.js';
import { checksum, directionTensors } from '../vector-file.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-gate-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'g.safetensors');
const weightsOf = ({ heads }: GateFile) =>
  new Map([heads.alarm, ...heads.routes.values()].map(({ weights }, i) => [i, weights]));

/** Writes texts and numbers with a checksum that fits them. */
function forge(changes: Record<string, string>, weights = weightsOf(gateFile)): void {
  const texts = { ...gateTexts(gateFile), ...changes };
  const metadata = { ...texts, checksum: checksum(texts, weights) };
  writeSafetensors(path, directionTensors(weights, 'heads'), { metadata });
}

describe('a gate file', () => {
  it('is read as it was written, to the bit', () => {
    writeGate(path, gateFile);
    expect(readGate(path)).toEqual(gateFile);
    expect([...readGate(path).heads.routes.keys()]).toEqual(['CWE-787', 'CWE-089']);
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
    const head = fc.record({
      weights: fc.float32Array({
        minLength: 7,
        maxLength: 7,
        noNaN: true,
        noDefaultInfinity: true,
      }),
      intercept: number,
    });
    const routes = fc.uniqueArray(fc.tuple(fc.constantFrom(...CWES), head), {
      minLength: 1,
      selector: ([cwe]) => cwe,
    });
    fc.assert(
      fc.property(head, routes, number, fc.nat(90), (alarm, each, value, layer) => {
        const { threshold } = gateFile.metadata;
        const metadata = { ...gateFile.metadata, layer, threshold: { ...threshold, value } };
        const file = { metadata, heads: { alarm, routes: new Map(each) } };
        writeGate(path, file);
        expect(readGate(path)).toEqual(file);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('is refused where any byte of it was changed, and wherever it is cut off', () => {
    writeGate(path, gateFile);
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= change;
        writeFileSync(path, bytes);
        try {
          // What is between the texts of the header says nothing.
          expect(readGate(path)).toEqual(gateFile);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SutureError);
        }
        writeFileSync(path, whole);
        truncateSync(path, at);
        expect(() => readGate(path)).toThrow(SutureError);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('is refused where it is something else, however it is signed off', () => {
    forge({ format: 'suture.steering-vector' });
    expect(() => readGate(path)).toThrow(bad(/not a gate/, 'BAD_DATA'));
    writeGate(path, gateFile);
    const texts = { ...gateTexts(gateFile), threshold: '{}' };
    writeSafetensors(path, directionTensors(weightsOf(gateFile), 'heads'), { metadata: texts });
    expect(() => readGate(path)).toThrow(bad(/was changed/, 'BAD_DATA'));
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no JSON', { threshold: 'high' }, /not JSON/],
    ['half a threshold', { threshold: '{"value":1}' }, /budget/],
    ['another weakness', { cwes: '["CWE-787","CWE-1"]' }, /cwes/],
    ['a weakness twice', { cwes: '["CWE-787","CWE-787"]' }, /has 3 heads; its 1 weaknesses need 2/],
    ['a head too few', { intercepts: '[0,0]' }, /has 3 heads/],
    ['a layer that is none', { layer: '-1' }, /layer/],
    ['another method', { method: 'guess' }, /method/],
  ])('is refused with %s', (_, changes, words) => {
    forge(changes);
    expect(() => readGate(path)).toThrow(bad(words, 'BAD_DATA'));
  });

  it.each([
    ['not finite', Float32Array.of(1, Number.NaN, 0, 0)],
    ['of another width', Float32Array.of(1)],
  ])('is refused with a head that is %s', (_, weights) => {
    forge({}, new Map([...weightsOf(gateFile), [1, weights]]));
    expect(() => readGate(path)).toThrow(bad(/not finite, or not equally wide/, 'BAD_DATA'));
  });
});

describe('checkGate', () => {
  const tokenizer = { hash: 'tokenizer', chatTemplateHash: 'template' };
  const made = { id: 'm', dModel: 4, nLayers: 3, hash: 'weights', tokenizer, config: {} };
  const model = (changes: object = {}) => ({ ...made, ...changes }) as unknown as ModelIdentity;

  it('takes the model that the gate was made for, another one only by force', () => {
    checkGate(gateFile, model());
    const other = model({ hash: 'others' });
    expect(() => checkGate(gateFile, other)).toThrow(
      bad(/another model \(organism\): the weights/, 'BAD_DATA'),
    );
    checkGate(gateFile, other, true);
  });

  it.each([{ dModel: 8 }, { nLayers: 2 }])('refuses %o, forced or not', (changes) => {
    expect(() => checkGate(gateFile, model(changes), true)).toThrow(
      bad(/reads 4 values at layer 2/, 'BAD_DATA'),
    );
  });
});
