import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inLines, partingOf, piecesOf, type Written } from './completion.js';
import { csvOf } from './export.js';
import { linesOf } from './lines.js';
import { placeOf, playgroundLink } from './places.js';

const streamOf = (chunks: readonly Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

describe('linesOf', () => {
  it('gives the lines of a body however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' }).map((line) => line.replaceAll('\n', ''))),
        fc.integer({ min: 1, max: 7 }),
        async (lines, size) => {
          const bytes = new TextEncoder().encode(lines.join('\n'));
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          const found: string[] = [];
          for await (const line of linesOf(streamOf(chunks))) found.push(line);
          expect(found).toEqual(lines.length === 0 ? [''] : lines);
        },
      ),
    );
  });
});

const written = (texts: readonly string[], finish?: string): Written => ({
  pieces: texts.map((text) => ({ text })),
  ...(finish && { finish }),
});

describe('partingOf', () => {
  it.each([
    ['the first token that differs', ['a', 'b', 'c'], ['a', 'x', 'c'], undefined, 1],
    ['nothing while one may go on', ['a'], ['a', 'b'], undefined, undefined],
    ['the end of the one that ended', ['a'], ['a', 'b'], 'stop', 1],
    ['nothing where both are the same', ['a', 'b'], ['a', 'b'], 'stop', undefined],
    ['nothing before there is anything', [], ['a'], undefined, undefined],
  ])('is %s', (_, a, b, finish, at) => {
    expect(partingOf(written(a, finish), written(b))).toBe(at);
    expect(partingOf(written(b), written(a, finish))).toBe(at);
  });
});

describe('piecesOf', () => {
  const half = Math.log(0.5);
  it('takes the tokens of chats and of texts', () => {
    const content = [
      { token: 'in', logprob: half },
      { token: 't', logprob: 0 },
    ];
    const pieces = [
      { text: 'in', probability: 0.5 },
      { text: 't', probability: 1 },
    ];
    expect(piecesOf('int', { content })).toEqual(pieces);
    expect(piecesOf('int', { tokens: ['in', 't'], token_logprobs: [half, 0] })).toEqual(pieces);
  });
  it('keeps to the text where tokens are parts of a character, or are not told', () => {
    expect(piecesOf('é', { content: [{ token: '\ufffd', logprob: 0 }] })).toEqual([{ text: 'é' }]);
    expect(piecesOf('é', null)).toEqual([{ text: 'é' }]);
    expect(piecesOf('', undefined)).toEqual([]);
  });
});

it('inLines loses nothing, and its lines are those of the text', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\n', ' ') })), (texts) => {
      const lines = inLines(texts.map((text) => ({ text })));
      const text = lines.map((line) => line.map((part) => part.text).join('')).join('\n');
      expect(text).toBe(texts.join(''));
      for (const { index, text } of lines.flat()) expect(texts[index]).toContain(text);
    }),
  );
});

describe('csvOf', () => {
  it('quotes what needs it, leaves out what is no number, and makes no formulas', () => {
    expect(
      csvOf([
        ['a "b"', 'c,d', undefined],
        [1.5, -2, Number.NaN],
        ['=1+1', '@x', '-x'],
      ]),
    ).toBe('"a ""b""","c,d",\r\n1.5,-2,\r\n\'=1+1,\'@x,\'-x\r\n');
  });
});

describe('placeOf', () => {
  it('finds back what a link says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (prompt) => {
        expect(placeOf(playgroundLink(prompt, 'mine/cwe-787'))).toEqual({
          page: 'playground',
          prompt,
          vector: 'mine.cwe-787',
        });
      }),
    );
  });
  it.each([
    ['', { page: 'runs' }],
    ['#/nowhere/at/all', { page: 'runs' }],
    ['#/runs/', { page: 'runs' }],
    ['#/runs/ab', { page: 'run', id: 'ab', part: '' }],
    ['#/runs/ab/samples', { page: 'run', id: 'ab', part: 'samples' }],
    ['#/playground', { page: 'playground', prompt: undefined, vector: undefined }],
  ])('%s', (hash, place) => {
    expect(placeOf(hash)).toEqual(place);
  });
});
