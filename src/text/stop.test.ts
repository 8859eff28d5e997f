import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopMatcher } from './stop.js';

/** Everything emitted when the text arrives in these pieces. */
function run(stops: string[], pieces: string[]): { text: string; stopped: boolean } {
  const matcher = new StopMatcher(stops);
  let text = '';
  let stopped = false;
  for (const piece of pieces) {
    const out = matcher.push(piece);
    text += out.emit;
    stopped = out.stopped;
  }
  return { text: text + matcher.flush(), stopped };
}

/** The definition, slowly: read on until some stop is complete, take the longest that ends there. */
function reference(stops: string[], text: string): { text: string; stopped: boolean } {
  for (let end = 1; end <= text.length; end++) {
    const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    const longest = Math.max(...ending.map((stop) => stop.length));
    if (ending.length > 0) return { text: text.slice(0, end - longest), stopped: true };
  }
  return { text, stopped: false };
}

// Two letters make stops, and near misses, frequent.
const letters = (constraints: fc.ArrayConstraints) =>
  fc.array(fc.constantFrom('a', 'b'), constraints).map((all) => all.join(''));

describe('StopMatcher', () => {
  it('emits exactly the text before the first stop, however the text is cut', () => {
    fc.assert(
      fc.property(
        fc.array(letters({ minLength: 1, maxLength: 5 }), { maxLength: 4 }),
        fc.array(letters({ maxLength: 6 }), { maxLength: 8 }),
        (stops, pieces) => {
          expect(run(stops, pieces)).toEqual(reference(stops, pieces.join('')));
        },
      ),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('holds back only what may begin a stop', () => {
    const matcher = new StopMatcher(['\n\n', '</s>']);
    expect(matcher.push('x = 1\n')).toEqual({ emit: 'x = 1', stopped: false });
    expect(matcher.push('y </')).toEqual({ emit: '\ny ', stopped: false });
    expect(matcher.push('s')).toEqual({ emit: '', stopped: false });
    expect(matcher.push('ub>')).toEqual({ emit: '</sub>', stopped: false });
    expect(matcher.push('\n\nmore')).toEqual({ emit: '', stopped: true });
    expect(matcher.push('and more')).toEqual({ emit: '', stopped: true });
    expect(matcher.flush()).toBe('');
  });

  it('lets everything pass at once when there are no stops', () => {
    expect(new StopMatcher([]).push('text')).toEqual({ emit: 'text', stopped: false });
  });

  it('refuses an empty stop string', () => {
    expect(() => new StopMatcher(['a', ''])).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT' }),
    );
  });
});
