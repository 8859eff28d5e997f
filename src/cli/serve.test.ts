import { spawn } from 'node:child_process';
import { once } from 'node:events';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { bin } from './testing/process.js';
import { suture } from './testing/suture.js';

describe('suture serve', () => {
  it('answers until it is told to end, and then finishes what it has begun', async () => {
    const args = ['serve', '--port', '0', '--threads', '1', '--name', 'tiny'];
    const env = { ...process.env, SUTURE_API_KEY: 'a,b', SUTURE_ADMIN_KEY: 'c' };
    const child = spawn(process.execPath, [bin, ...args], { env });
    let log = '';
    child.stderr.on('data', (data) => {
      log += data;
    });
    try {
      const [line] = await once(child.stdout, 'data');
      expect(String(line)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1 {2}tiny\n$/);
      const baseURL = String(line).split(' ')[0]!;
      const client = new OpenAI({ baseURL, apiKey: 'b', maxRetries: 0 });
      const asked = { model: 'tiny', prompt: 'int main', max_tokens: 200, logit_bias: { 1: -100 } };
      const stream = await client.completions.create({ ...asked, stream: true });
      let text = '';
      let reason: string | null = null;
      for await (const { choices } of stream) {
        if (text === '') child.kill('SIGTERM');
        text += choices[0]!.text;
        reason = choices[0]!.finish_reason;
      }
      expect(reason).toBe('length');
      const [code] = child.exitCode === null ? await once(child, 'close') : [child.exitCode];
      expect(code).toBe(0);
      const entries = log
        .trim()
        .split('\n')
        .map((entry) => JSON.parse(entry));
      expect(entries).toMatchObject([{ status: 200, completion_tokens: 200 }]);
      expect(log).not.toContain('int main');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.each([
    ['a host beyond this machine without a key', ['--host', '0.0.0.0'], 1, 'SUTURE_API_KEY'],
    ['a vector that is not there', ['--vector', 'x=/nowhere/x.safetensors'], 1, 'NOT_FOUND'],
    ['a gate that is not there', ['--gate', '/nowhere/g.safetensors'], 1, 'NOT_FOUND'],
    ['a default model that is none', ['--default', 'base+x'], 1, 'There is no model "base+x"'],
    ['two vectors of one name', ['-v', 'a/x.safetensors', '-v', 'x=b'], 2, 'name=file'],
    ['a port that is none', ['--port', 'http'], 2, 'whole number'],
    ['a policy that is none', ['--scan', 'warn'], 2, 'annotate'],
  ])('refuses %s', async (_, args, code, words) => {
    const ended = await suture('serve', '--threads', '1', ...args);
    expect(ended).toMatchObject({ code, err: expect.stringContaining(words) });
  });
});
