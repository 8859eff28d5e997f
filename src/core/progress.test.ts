import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatSeconds, Progress } from './index.js';

let now = 0;
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** What is written to a stream, piece by piece. */
function recorder(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) > 0 };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

describe('Progress', () => {
  it('writes a plain line now and then when piped, and the last always', () => {
    const { written, stream } = recorder(false);
    const progress = new Progress('work', 100, { stream });
    for (let step = 1; step <= 100; step++) {
      progress.update(step, 'loss 2.5');
      now += 200; // 5 steps a second
    }
    const seconds = progress.done();
    expect(written.every((line) => /^work \d+\/100.* {2}loss 2\.5\n$/.test(line))).toBe(true);
    // One at once, one each 5 s, one at the end.
    expect(written.map((line) => line.match(/\d+/)![0])).toEqual(['1', '26', '51', '76', '100']);
    expect(written[0]).not.toContain('left');
    expect(written[1]).toContain(', 15s left');
    expect(seconds).toBe(20);
  });

  it('redraws one line of a terminal, at most ten times a second, and clears it', () => {
    const { written, stream } = recorder(true);
    const progress = new Progress('work', 1000, { stream });
    for (let step = 1; step <= 50; step++) {
      progress.update(step);
      now += 10;
    }
    progress.done();
    expect(written).toHaveLength(6);
    expect(written.every((text) => text.startsWith('\r\x1b[2K') && !text.includes('\n'))).toBe(
      true,
    );
    expect(written.at(-1)).toBe('\r\x1b[2K');
  });

  it('estimates from what it saw itself: work resumed half-way has its first half for free', () => {
    const { written, stream } = recorder(false);
    const progress = new Progress('train', 100, { stream });
    progress.update(50);
    now = 10_000;
    progress.update(60);
    expect(written[1]).toBe('train 60/100, 40s left\n');
  });

  it('says nothing when quiet, and still measures', () => {
    const { written, stream } = recorder(true);
    const progress = new Progress('work', 2, { stream, quiet: true });
    progress.update(1);
    progress.update(2);
    now = 1500;
    expect(progress.done()).toBe(1.5);
    expect(written).toEqual([]);
  });
});

it.each([
  [-3, '0s'],
  [0, '0s'],
  [59.4, '59s'],
  [59.6, '1m00s'],
  [75, '1m15s'],
  [3599, '59m59s'],
  [3599.9, '1h00m'],
  [7322, '2h02m'],
  [90_000, '25h00m'],
])('%d seconds are %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
