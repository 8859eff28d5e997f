import type { PromptPair } from '../../evaluate/index.js';
import type { Contrast, Site } from '../index.js';

/** A task in C: put a name into a buffer of known size. */
export function handMadePair(changes: Partial<PromptPair> = {}): PromptPair {
  return {
    id: 'greet/1',
    cwe: 'CWE-787',
    base: 'greet',
    form: 'plain',
    split: 'derive',
    language: 'c',
    prompts: {
      insecure: 'Use sprintf. void greet(char *out, size_t cap, const char *name)',
      secure: 'Use snprintf. void greet(char *out, size_t cap, const char *name)',
      neutral: 'void greet(char *out, size_t cap, const char *name)',
    },
    bodies: {
      insecure: '    sprintf(out, "hi %s", name);\n}',
      secure: '    snprintf(out, cap, "hi %s", name);\n}',
    },
    context: {
      before: '#include <stdio.h>\nvoid greet(char *out, size_t cap, const char *name) {\n',
      after: '\n',
    },
    ...changes,
  };
}

/** Layers of the model that hand-made contrasts are of. */
export const LAYERS = 3;

/** A contrast whose insecure states are 0, so that the secure ones are its difference; neutral ones are half of it. */
export function contrast(
  base: string,
  difference: (site: Site, layer: number) => readonly number[],
): Contrast {
  const states = (factor: number) => {
    const at = (site: Site) =>
      Array.from({ length: LAYERS }, (_, layer) =>
        Float32Array.from(difference(site, layer), (x) => factor * x),
      );
    return {
      last_prompt: at('last_prompt'),
      decision: at('decision'),
      changed: at('changed'),
      mean: at('mean'),
    };
  };
  return {
    pair: handMadePair({ id: `${base}/1`, base }),
    secure: states(1),
    insecure: states(0),
    neutral: states(0.5),
  };
}
