import type { PromptPair } from '../../evaluate/index.js';
import { norm } from '../../tensor/index.js';
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

/** A contrast whose difference at each site and layer is given. */
export function contrast(
  base: string,
  difference: (site: Site, layer: number) => readonly number[],
): Contrast {
  const at = (site: Site) =>
    Array.from({ length: LAYERS }, (_, layer) => Float32Array.from(difference(site, layer)));
  const differences = { last_prompt: at('last_prompt'), decision: at('decision') };
  return {
    pair: handMadePair({ id: `${base}/1`, base }),
    differences,
    norms: {
      last_prompt: differences.last_prompt.map(norm),
      decision: differences.decision.map(norm),
    },
  };
}
