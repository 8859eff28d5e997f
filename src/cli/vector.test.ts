import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundTo, identifyModel } from '../engine/index.js';
import { readVector, writeVector } from '../steer/index.js';
import { suture } from './testing/suture.js';

let dir: string;
let vector: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-vector-'));
  vector = join(dir, 'v.safetensors');
  const direction = Float32Array.from({ length: 192 }, (_, i) => Math.sin(i));
  writeVector(vector, {
    directions: new Map([[5, direction]]),
    metadata: {
      cwe: 'CWE-787',
      method: 'mean-difference',
      site: 'decision',
      strength: 0.75,
      positions: 'last_prompt',
      ...boundTo(identifyModel('organism')),
      evaluation: JSON.stringify({ protocol: 'nested', held_out: { secure: { value: 0.815 } } }),
    },
  });
});
afterAll(() => rmSync(dir, { recursive: true }));

const llama = join(import.meta.dirname, '../../fixtures/llama_f32/model');

describe('suture vector', () => {
  it('shows what a vector is, and whose', async () => {
    const { out, code } = await suture('vector', 'show', vector, '--model', 'organism');
    expect(code).toBe(0);
    expect(out).toMatch(/^against +CWE-787$/m);
    expect(out).toMatch(/^made by +mean-difference, read at the decision$/m);
    expect(out).toMatch(/^layers +5 \(norm 9\.\d\d\)$/m);
    expect(out).toMatch(/^strength +0\.75, at the last prompt token$/m);
    expect(out).toMatch(/^evaluated +nested: secure 8[12] %$/m);
    expect(out).toMatch(/^It was made for organism\.$/m);
    const json = await suture('vector', 'show', vector, '--json');
    expect(JSON.parse(json.out)).toMatchObject({ layers: '5', strength: '0.75', version: '2' });
    const other = await suture('vector', 'show', vector, '--model', llama);
    expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/192 values.*d_model 64/) });
  });

  it('shows nothing of a vector that was changed', async () => {
    const bytes = readFileSync(vector);
    const path = join(dir, 'changed.safetensors');
    writeFileSync(path, bytes.fill('9', bytes.indexOf('0.75'), bytes.indexOf('0.75') + 1));
    const shown = await suture('vector', 'show', path);
    expect(shown).toMatchObject({ code: 1, out: '' });
    expect(shown.err).toMatch(/was changed after it was written.*BAD_VECTOR/);
  });

  it.each(['gguf', 'safetensors', 'json'])('goes out and comes back as %s', async (ending) => {
    const path = join(dir, `out.${ending}`);
    const exported = await suture('vector', 'export', vector, '--out', path);
    expect(exported.code).toBe(0);
    const use = `--control-vector-scaled ${path}:0.75 --control-vector-layer-range 5 5`;
    expect(exported.out.includes(use)).toBe(ending === 'gguf');
    const back = join(dir, 'back.safetensors');
    const imported = await suture('vector', 'import', path, '--out', back);
    expect(imported.out).toMatch(/for organism, layer 5, strength 0\.75 at last_prompt/);
    expect(readVector(back)).toEqual(readVector(vector));
  });

  it('signs a vector, and takes none but those of one key where that is asked for', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const [secret, open, signed] = ['key.pem', 'public.pem', 's.safetensors'].map((name) =>
      join(dir, name),
    ) as [string, string, string];
    writeFileSync(secret, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(open, publicKey.export({ format: 'pem', type: 'spki' }));
    const made = await suture('vector', 'sign', vector, '--key', secret, '--out', signed);
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/signed by MCow/) });
    const shown = await suture('vector', 'show', signed, '--signed-by', open);
    expect(shown.out).toMatch(/^signed by +MCow/m);
    const gguf = join(dir, 's.gguf');
    await suture('vector', 'export', signed, '--out', gguf);
    await suture('vector', 'import', gguf, '--out', signed);
    expect((await suture('vector', 'show', signed, '--signed-by', open)).code).toBe(0);
    for (const command of [
      ['vector', 'show', vector],
      ['generate', 'x', '--vector', vector],
      ['vector', 'bake', vector, '-m', 'organism', '-o', join(dir, 'unsigned')],
      ['serve', '--port', '0', '--threads', '1', '--vector', `fix=${vector}`],
    ]) {
      const refused = await suture(...command, '--signed-by', open);
      expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/is not signed/) });
    }
    const lost = await suture('vector', 'show', signed, '--signed-by', join(dir, 'none.pem'));
    expect(lost).toMatchObject({ code: 1, err: expect.stringMatching(/none\.pem.*NOT_FOUND/) });
  });

  it('says what an export lacks', async () => {
    const lacks = async (...args: string[]) =>
      (await suture('vector', 'export', vector, ...args)).err;
    expect(await lacks('--out', join(dir, 'v.bin'))).toMatch(/--format/);
    expect(await lacks('--out', join(dir, 'v.gguf'), '--layers', '3')).toMatch(/no layer 3/);
    const wrong = await suture('vector', 'export', vector, '-o', 'x.gguf', '--layers', '3-1');
    expect(wrong.code).toBe(2);
    expect((await suture('vector', 'export', vector)).code).toBe(2);
  });

  it('binds a vector of another program', async () => {
    const path = join(dir, 'foreign.json');
    const one = Array<number>(192).fill(1);
    writeFileSync(path, JSON.stringify({ directions: { 1: one, 5: one } }));
    const out = join(dir, 'bound.safetensors');
    const unbound = await suture('vector', 'import', path, '-o', out);
    expect(unbound).toMatchObject({ code: 1, err: expect.stringMatching(/--model/) });
    const all = await suture('vector', 'import', path, '-o', out, '-m', 'organism');
    expect(all.out).toMatch(/layers 1, 5, strength 1 at all/);
    expect(all.err).toMatch(/Block 5 is the last/);
    const args = ['-m', 'organism', '--layers', '1', '--strength', '2', '--cwe', '89'];
    const some = await suture('vector', 'import', path, '-o', out, ...args);
    expect(some).toMatchObject({ code: 0, err: '' });
    expect(readVector(out).metadata).toMatchObject({
      cwe: 'CWE-089',
      strength: 2,
      method: 'imported',
    });
  });
});

describe('suture vector bake', () => {
  it('writes a model that says what the steered one says', async () => {
    const out = join(dir, 'baked');
    const all = join(dir, 'all.safetensors');
    const { directions, metadata } = readVector(vector);
    writeVector(all, { directions, metadata: { ...metadata, positions: 'all' } });
    const bake = (...args: string[]) => suture('vector', 'bake', ...args, '--strength', '3000');
    const baked = await bake(all, '--model', 'organism', '--out', out);
    expect(baked).toMatchObject({ code: 0, err: '' });
    expect(baked.out).toMatch(
      /organism with the vector in model\.layers\.5\.mlp\.down_proj\.bias$/m,
    );
    expect(baked.out).toMatch(/^config\.json: mlp_bias true$/m);

    const say = (...args: string[]) =>
      suture('generate', 'void f() {', '--max-tokens', '6', ...args);
    const { out: steered } = await say('--vector', all, '--strength', '3000');
    const [without, withIt] = steered.split(/^With.*:\n/m).slice(1);
    expect((await say('--model', out)).out).toBe(withIt);
    expect(withIt).not.toBe(without!.trimEnd().concat('\n'));

    expect((await bake(all, '-m', 'organism', '-o', out)).err).toMatch(/is there already/);
    expect((await bake(all, '-m', out, '-o', `${out}2`)).err).toMatch(/made for another model/);
    const note = await bake(vector, '-m', 'organism', '-o', `${out}3`);
    expect(note).toMatchObject({
      code: 0,
      err: expect.stringMatching(/every token.*last_prompt:/),
    });
    expect((await bake(all, '-o', `${out}4`)).code).toBe(2);
  });

  it('says why a model cannot carry a vector', async () => {
    const model = join(import.meta.dirname, '../../fixtures/gemma2_bf16/model');
    const identity = identifyModel(model);
    const path = join(dir, 'gemma.safetensors');
    writeVector(path, {
      directions: new Map([[1, new Float32Array(identity.dModel).fill(1)]]),
      metadata: { method: 'x', strength: 1, positions: 'all', ...boundTo(identity) },
    });
    const refused = await suture('vector', 'bake', path, '-m', model, '-o', join(dir, 'none'));
    expect(refused.err).toMatch(/gemma2 model: a norm comes between.*UNSUPPORTED/);
  });
});

describe('suture generate', () => {
  const generate = (...args: string[]) =>
    suture('generate', 'x', '--max-tokens', '2', '--vector', vector, ...args);

  it('applies a vector backwards only where that is allowed', async () => {
    const refused = await generate('--strength', '-1');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/--allow-negative.*BAD_ARGUMENT/);
    const allowed = await generate('--strength', '-1', '--allow-negative');
    expect(allowed.code).toBe(0);
    expect(allowed.out).toMatch(/^With it \(CWE-787, layer 5, strength -1\):$/m);
  });
});
