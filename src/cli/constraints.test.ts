import { describe, expect, it } from 'vitest';
import { suture } from './testing/suture.js';

const generate = (...options: string[]) =>
  suture('generate', 'Copy src into dst in C.', '--threads', '1', ...options);

describe('suture generate under constraints', () => {
  it('has what is required and not what is forbidden, and says so', async () => {
    const phrases = ['--require', 'strlcpy', '--forbid', 'snprintf', '--forbid', 'snp'];
    const { code, out } = await generate(...phrases, '--beams', '6', '--max-tokens', '24');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Without being told:\n.*\nTold the answer \(with "strlcpy", without "snprintf", without "snp"; satisfied in 1 search\):\n/s,
    );
    const [, text] = out.split('search):\n');
    expect(text).toContain('strlcpy');
    expect(text).not.toContain('snp');
  });

  it('marks what lacks something', async () => {
    const options = ['--require', 'a rather long phrase', '--max-tokens', '2', '-t', '0.8'];
    const { code, out } = await generate(...options, '--beams', '2');
    expect(code).toBe(0);
    expect(out).toContain('not satisfied in 10 searches: "a rather long phrase" is not in it):');
  });

  it.each([
    [['--require', 'a', '--vector', 'v'], 2, /--vector/],
    [['--beams', '3'], 1, /give a text/],
    [['--require', 'ab', '--forbid', 'b'], 1, /is forbidden/],
  ])('refuses %j', async (options, code, message) => {
    const found = await generate(...options, '--max-tokens', '2');
    expect(found.code).toBe(code);
    expect(found.err).toMatch(message);
  });
});
