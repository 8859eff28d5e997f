import { z } from 'zod';

/** A text that holds JSON of a form, as in the metadata of safetensors. */
export const jsonText = <T extends z.ZodType>(form: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('It is not JSON.');
        return z.NEVER;
      }
    })
    .pipe(form);
