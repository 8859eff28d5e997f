import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadModel } from '../model.js';
import { copyOf, fixture } from '../testing/models.js';
import { type PullOptions, pullModel } from './pull.js';
import { resolveModel } from './resolve.js';
import { type ServedModel, TestHub } from './testing/hub.js';

const COMMIT = 'c'.repeat(40);
const ID = 'test-org/tiny.model';
const dir = mkdtempSync(join(tmpdir(), 'suture-pull-'));
let hub: TestHub;
let cache: string;
beforeAll(async () => {
  hub = await TestHub.start();
});
afterAll(async () => {
  await hub.stop();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  cache = mkdtempSync(join(dir, 'hub-'));
  vi.stubEnv('HF_HUB_CACHE', cache);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_TOKEN', '');
  vi.stubEnv('HUGGING_FACE_HUB_TOKEN', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  hub.reset();
});

/** Serves the files of a folder, with others that nobody needs. */
function serve(from: string, changes: Partial<ServedModel> = {}): ServedModel {
  const files: Record<string, Buffer> = {
    '.gitattributes': Buffer.from('*.safetensors filter=lfs'),
    'README.md': Buffer.from('# Tiny'),
    'pytorch_model.bin': Buffer.from('a pickle'),
    'onnx/model.onnx': Buffer.from('onnx'),
  };
  for (const name of readdirSync(from)) files[name] = readFileSync(join(from, name));
  const model: ServedModel = {
    commit: COMMIT,
    refs: { main: COMMIT },
    files,
    large: Object.keys(files).filter((name) => name.endsWith('.safetensors')),
    ...changes,
  };
  hub.models.set(ID, model);
  return model;
}

/** A model whose weights are so many random bytes, for what does not read them. */
function serveBytes(length: number, changes: Partial<ServedModel> = {}): Buffer {
  const content = randomBytes(length);
  const files = { 'config.json': Buffer.from('{}'), 'model.safetensors': content };
  hub.models.set(ID, {
    commit: COMMIT,
    refs: { main: COMMIT },
    files,
    large: ['model.safetensors'],
    ...changes,
  });
  return content;
}

const pull = (options: PullOptions = {}, id = ID) => pullModel(id, { retryMs: 1, ...options });
const repo = () => join(cache, 'models--test-org--tiny.model');
const blobs = () => readdirSync(join(repo(), 'blobs'));
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const requests = (host: 'hub' | 'cdn', method: string) =>
  hub.seen.filter((request) => request.host === host && request.method === method);
const pulledWeights = () => readFileSync(join(repo(), 'snapshots', COMMIT, 'model.safetensors'));

describe('what is pulled', () => {
  it('is what Suture reads, in the layout that other libraries share', async () => {
    const { files } = serve(fixture('llama_f32/model'));
    const { dir: pulled, commit } = await pull();
    expect(commit).toBe(COMMIT);
    expect(pulled).toBe(join(repo(), 'snapshots', COMMIT));
    const wanted = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json'];
    const names = readdirSync(pulled);
    expect(names).toEqual(expect.arrayContaining(wanted.filter((name) => name in files)));
    expect(names.filter((name) => /README|\.bin|onnx|gitattributes/.test(name))).toEqual([]);
    for (const name of names) {
      expect(readlinkSync(join(pulled, name))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]+$/);
      expect(sha256(readFileSync(join(pulled, name)))).toBe(sha256(files[name]!));
    }
    expect(basename(readlinkSync(join(pulled, 'model.safetensors')))).toBe(
      sha256(files['model.safetensors']!),
    );
    expect(readFileSync(join(repo(), 'refs/main'), 'utf8')).toBe(COMMIT);
    expect(blobs()).toHaveLength(names.length);
  });

  it('loads, also as shards', async () => {
    serve(fixture('llama_sharded_biases_bf16/model'));
    await pull();
    const model = await loadModel(ID, { threads: 1 });
    const there = await loadModel(fixture('llama_sharded_biases_bf16/model'), { threads: 1 });
    expect(model.hash).toBe(there.hash);
    const [a, b] = await Promise.all([model.forward([[1, 2]]), there.forward([[1, 2]])]);
    expect(a.logits).toEqual(b.logits);
    await model.close();
    await there.close();
  });

  it('is found by the revision that was asked for', async () => {
    const other = 'd'.repeat(40);
    serveBytes(10, { commit: other, refs: { 'refs/pr/7': other } });
    await pull({}, `${ID}@refs/pr/7`);
    const expected = join(repo(), 'snapshots', other);
    expect(resolveModel(`${ID}@refs/pr/7`)).toBe(expected);
    expect(resolveModel(`${ID}@${other}`)).toBe(expected);
    expect(() => resolveModel(ID)).toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        message: expect.stringContaining(`suture pull ${ID}`),
      }),
    );
  });

  it('is not downloaded twice, and follows a branch that moved', async () => {
    const content = serveBytes(1000);
    await pull();
    const before = requests('cdn', 'GET').length;
    await pull();
    expect(requests('cdn', 'GET')).toHaveLength(before);
    const next = 'e'.repeat(40);
    serveBytes(1000, { commit: next, refs: { main: next } });
    await pull();
    expect(resolveModel(ID)).toBe(join(repo(), 'snapshots', next));
    expect(sha256(pulledWeights())).toBe(sha256(content)); // the old commit is still there
  });

  it('follows a model to its new name, with the token', async () => {
    const content = serveBytes(1000, { token: 'hf_secret' });
    hub.models.set('new/name', hub.models.get(ID)!);
    hub.renamed.set(ID, 'new/name');
    await pull({ token: 'hf_secret' });
    expect(sha256(pulledWeights())).toBe(sha256(content));
  });

  it('tells how far it is', async () => {
    serveBytes(3_000_000);
    const told: [string, number, number][] = [];
    await pull({ onProgress: (...args) => told.push(args) });
    expect(told.at(-1)).toEqual(['download (MB)', 3, 3]);
    expect(told.length).toBeGreaterThan(2);
  });
});

describe('the token', () => {
  it('goes to the hub and to no other host', async () => {
    serve(fixture('llama_f32/model'), { token: 'hf_secret' });
    vi.stubEnv('HF_TOKEN', 'hf_secret\n');
    await pull();
    expect(requests('cdn', 'GET').map(({ authorization }) => authorization)).toEqual([undefined]);
    const sent = hub.seen.filter(({ host }) => host === 'hub');
    expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer hf_secret']),
    );
  });

  it('may have its other name', async () => {
    serveBytes(10, { token: 'hf_other' });
    vi.stubEnv('HUGGING_FACE_HUB_TOKEN', 'hf_other');
    await pull();
    expect(pulledWeights()).toHaveLength(10);
  });

  it('is asked for where the hub wants one, and is never shown', async () => {
    serveBytes(10, { token: 'hf_right' });
    await expect(pull()).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/without a token.*HF_TOKEN.*settings\/tokens/),
    });
    vi.stubEnv('HF_TOKEN', 'hf_wrong');
    const refused = await pull().catch((thrown) => thrown);
    expect(refused).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/account of HF_TOKEN/),
    });
    vi.stubEnv('HF_TOKEN', 'hf_wr\nong');
    const malformed = await pull().catch((thrown) => thrown);
    expect(malformed).toMatchObject({ code: 'BAD_ARGUMENT' });
    for (const { message } of [refused, malformed]) expect(message).not.toMatch(/hf_wr/);
  });

  it('of an account that has not accepted the conditions', async () => {
    serveBytes(10, { gated: true });
    await expect(pull({ token: 'hf_x' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining(`gated. Accept its conditions at ${hub.endpoint}/${ID}`),
    });
  });
});

describe('interruptions', () => {
  it('of the connection are overcome by asking for the rest', async () => {
    const content = serveBytes(200_000);
    hub.faults.push({}, { breakAfter: 50_000 }, { endAfter: 60_000 }, { status: 503 }, {});
    await pull();
    expect(sha256(pulledWeights())).toBe(sha256(content));
    const ranges = requests('cdn', 'GET').map(({ range }) => range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.at(-1)).toMatch(/^bytes=\d+-$/);
    expect(Number(ranges.at(-1)!.slice(6, -1))).toBeGreaterThan(60_000);
    expect(blobs()).toHaveLength(2);
  });

  it('again and again end in an error, and the next pull continues', async () => {
    const content = serveBytes(200_000);
    hub.faults.push({}, { breakAfter: 50_000 });
    for (let i = 0; i < 4; i++) hub.faults.push({ status: 502 });
    await expect(pull()).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(/502.*pull" again continues/),
    });
    expect(() => resolveModel(ID)).toThrow(/suture pull/);
    expect(blobs().filter((name) => name.endsWith('.incomplete'))).toHaveLength(1);
    hub.seen.length = 0;
    await pull();
    expect(requests('cdn', 'GET').map(({ range }) => range)).toEqual([
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
    ]);
    expect(sha256(pulledWeights())).toBe(sha256(content));
    expect(blobs()).toHaveLength(2);
  });

  it('by the user keep what is there', async () => {
    const content = serveBytes(200_000);
    hub.faults.push({}, { stallAfter: 80_000 });
    const controller = new AbortController();
    const stopped = pull({
      signal: controller.signal,
      onProgress: () => blobs().some((name) => name.startsWith(sha256(content))) && abortSoon(),
    });
    const abortSoon = () => setTimeout(() => controller.abort(), 20);
    await expect(stopped).rejects.toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringContaining('the same command continues'),
    });
    const [left] = blobs().filter((name) => name.endsWith('.incomplete'));
    expect(lstatSync(join(repo(), 'blobs', left!)).size).toBeGreaterThan(0);
    await pull();
    expect(sha256(pulledWeights())).toBe(sha256(content));
  });

  it('by a kill are no obstacle: what the dead process got is continued', async () => {
    const content = serveBytes(200_000);
    const host = hostname().replace(/[^\w-]/g, '_');
    mkdirSync(join(repo(), 'blobs'), { recursive: true });
    const left = `${sha256(content)}.${host}.${2 ** 22 + 1}.0badcafe.incomplete`;
    writeFileSync(join(repo(), 'blobs', left), content.subarray(0, 150_000));
    writeFileSync(join(repo(), 'blobs', left.replace('0bad', '1bad')), content.subarray(0, 9));
    await pull();
    expect(requests('cdn', 'GET').map(({ range }) => range)).toEqual(['bytes=150000-']);
    expect(sha256(pulledWeights())).toBe(sha256(content));
    expect(blobs()).toHaveLength(2);
  });

  it('are no obstacle where the server sends all of it again', async () => {
    const content = serveBytes(200_000);
    hub.faults.push({}, { breakAfter: 50_000 }, { ignoreRange: true });
    await pull();
    expect(sha256(pulledWeights())).toBe(sha256(content));
  });

  it('that left more than there is are begun anew', async () => {
    const content = serveBytes(1000);
    hub.faults.push({}, { breakAfter: 100 });
    for (let i = 0; i < 4; i++) hub.faults.push({ status: 500 });
    await expect(pull()).rejects.toMatchObject({ code: 'NETWORK' });
    const [left] = blobs().filter((name) => name.endsWith('.incomplete'));
    writeFileSync(join(repo(), 'blobs', left!), randomBytes(2000));
    await pull();
    expect(sha256(pulledWeights())).toBe(sha256(content));
  });
});

describe('what is not right', () => {
  it('content is removed, and said to be wrong', async () => {
    const content = serveBytes(1000);
    hub.faults.push({}, { content: randomBytes(1000) });
    await expect(pull()).rejects.toMatchObject({
      code: 'BAD_CHECKPOINT',
      message: expect.stringMatching(/model\.safetensors is not what the hub describes.*removed/),
    });
    expect(blobs()).toHaveLength(1);
    expect(() => resolveModel(ID)).toThrow(/suture pull/);
    hub.faults.push({ content: randomBytes(1001) });
    await expect(pull()).rejects.toMatchObject({ code: 'BAD_CHECKPOINT' });
    await pull();
    expect(sha256(pulledWeights())).toBe(sha256(content));
  });

  it('small files are held to their hash too', async () => {
    serveBytes(10);
    hub.faults.push({ content: Buffer.from('{ ') });
    await expect(pull()).rejects.toMatchObject({
      code: 'BAD_CHECKPOINT',
      message: expect.stringContaining('config.json'),
    });
  });

  it('names in the list or the index do not lead out of the folder', async () => {
    const outside = 'model-00002-of-00002.safetensors';
    const { files } = serve(fixture('llama_sharded_biases_bf16/model'));
    const evil = `../../../../${basename(cache)}-evil.safetensors`;
    files[evil] = files[outside]!;
    files['../../../../evil.json'] = Buffer.from('{}');
    await pull();
    const index = JSON.parse(files['model.safetensors.index.json']!.toString());
    const [first] = Object.keys(index.weight_map);
    index.weight_map[first!] = evil;
    files['model.safetensors.index.json'] = Buffer.from(JSON.stringify(index));
    await expect(pull()).rejects.toMatchObject({
      code: 'BAD_CHECKPOINT',
      message: expect.stringContaining(evil),
    });
    const all = readdirSync(dir, { recursive: true, encoding: 'utf8' });
    expect(all.filter((name) => name.includes('evil'))).toEqual([]);
  });

  it('an index with a shard that is not there', async () => {
    const { files } = serve(fixture('llama_sharded_biases_bf16/model'));
    delete files['model-00002-of-00002.safetensors'];
    await expect(pull()).rejects.toMatchObject({
      code: 'BAD_CHECKPOINT',
      message: expect.stringMatching(/lacks model-00002-of-00002/),
    });
  });

  it.each([
    [{ 'pytorch_model.bin': Buffer.from('x') }, /pytorch_model\.bin/],
    [{ 'tiny.gguf': Buffer.from('x') }, /tiny\.gguf/],
    [{}, /has no weights as safetensors\./],
  ])('a model without safetensors', async (files, words) => {
    serveBytes(1, { files: { 'config.json': Buffer.from('{}'), ...files } });
    await expect(pull()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(words),
    });
    expect(requests('hub', 'GET').filter(({ url }) => url.includes('/resolve/'))).toEqual([]);
  });

  it.each(['', 'name', 'a/b/c', '../b', 'a/..', 'a/b@', 'a/b@../c', 'a/b@x/../../y', 'a--b/c'])(
    'the name "%s"',
    async (id) => {
      await expect(pull({}, id)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
      expect(hub.seen).toEqual([]);
    },
  );

  it('a revision that is not there', async () => {
    serveBytes(1);
    await expect(pull({}, `${ID}@v9`)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${ID} has no revision "v9".`,
    });
  });

  it('a server that is none of the hub', async () => {
    serveBytes(1, { commit: '../../x', refs: { main: '../../x' } });
    await expect(pull()).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining('does not answer as the Hugging Face hub does'),
    });
    await expect(pull({ endpoint: 'no address' })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });

  it('a host that cannot be reached', async () => {
    const gone = await TestHub.start();
    const { endpoint } = gone;
    await gone.stop();
    await expect(pull({ endpoint })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(/Could not reach http.*ECONNREFUSED/),
    });
  });

  it('a cache that cannot be written to', async () => {
    serveBytes(1);
    writeFileSync(join(cache, 'file'), '');
    vi.stubEnv('HF_HUB_CACHE', join(cache, 'file'));
    await expect(pull()).rejects.toMatchObject({ code: 'DISK' });
  });
});

it('two at once get one whole copy', async () => {
  const content = serveBytes(2_000_000);
  const [a, b] = await Promise.all([pull(), pull()]);
  expect(a.dir).toBe(b.dir);
  expect(sha256(pulledWeights())).toBe(sha256(content));
  expect(blobs()).toHaveLength(2);
  expect(requests('cdn', 'GET')).toHaveLength(1);
});

it('a local folder goes before a model of the same name in the cache', async () => {
  serveBytes(10);
  await pull();
  const here = mkdtempSync(join(dir, 'cwd-'));
  cpSync(copyOf('llama_f32/model'), join(here, ID), { recursive: true });
  vi.spyOn(process, 'cwd').mockReturnValue(here);
  expect(resolveModel(ID)).toBe(join(here, ID));
  vi.restoreAllMocks();
  expect(existsSync(join(resolveModel(ID), 'tokenizer.json'))).toBe(false);
});

describe('the command', () => {
  const bin = fileURLToPath(new URL('../../../bin/suture.js', import.meta.url));
  /** @param interruptWhen asked again and again; sends SIGINT when it holds */
  function suture(args: string[], interruptWhen = () => false) {
    const child = spawn(process.execPath, [bin, ...args], { env: process.env });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    const watch = setInterval(() => interruptWhen() && child.kill('SIGINT'), 20);
    return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
      child.on('close', (code) => {
        clearInterval(watch);
        resolve({ code, out, err });
      }),
    );
  }

  it('keeps what it got at Ctrl-C, and goes on from there', async () => {
    const content = serveBytes(200_000);
    hub.faults.push({}, { stallAfter: 80_000 });
    let interrupted = false;
    const begun = () => {
      const there = existsSync(join(repo(), 'blobs'))
        ? blobs().find((name) => name.startsWith(sha256(content)))
        : undefined;
      const size = there ? statSync(join(repo(), 'blobs', there)).size : 0;
      if (interrupted || size === 0) return false;
      interrupted = true;
      return true;
    };
    const stopped = await suture(['pull', ID], begun);
    expect(stopped.err).toMatch(/the same command continues\. \(INTERRUPTED\)/);
    expect(stopped.code).toBe(130);
    expect(blobs().filter((name) => name.endsWith('.incomplete'))).toHaveLength(1);
    hub.seen.length = 0;
    const done = await suture(['pull', ID]);
    expect(done.code).toBe(0);
    expect(done.out).toContain(`${ID}: 2 files, 200 kB, commit ${COMMIT}`);
    expect(requests('cdn', 'GET').map(({ range }) => range)).toEqual([
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
    ]);
    expect(sha256(pulledWeights())).toBe(sha256(content));
  });

  it('finds what it pulled by its name', async () => {
    serve(fixture('qwen2_tied_bf16/model'));
    expect((await suture(['inspect', ID])).err).toMatch(
      /suture pull test-org\/tiny\.model.*NOT_FOUND/,
    );
    expect((await suture(['pull', ID])).code).toBe(0);
    const { code, out } = await suture(['inspect', ID]);
    expect(code).toBe(0);
    expect(out).toMatch(/family +qwen2/);
  });
});
