/**
 * Which parameter says how large a buffer is. C does not tell; names and order do:
 * `(char *out, size_t out_size)`, `(char *dst, const char *src, size_t n)`.
 */
export interface Parameter {
  name: string;
  pointer: boolean;
  /** Points to something that the function must not write. */
  readOnly: boolean;
}

const SIZE_WORDS = new Set(
  'size sz len length cap capacity max maximum limit count cnt n num nmemb nbytes bytes room avail available space buflen bufsize bufsz bufmax maxlen maxsize outlen outsize outsz dstlen dstsize dstsz destlen destsize srclen srcsize slots elements total'.split(
    ' ',
  ),
);
/** Sizes that speak of the destination even when the source stands between. */
const CAPACITY_WORDS = new Set(
  'size sz cap capacity max maximum limit n room avail available space bufsize bufsz bufmax buflen maxlen maxsize'.split(
    ' ',
  ),
);
const OUTPUT_WORDS = new Set('dst dest destination out output buf buffer target result'.split(' '));

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[_\d]+/)
    .filter((word) => word !== '');
}

/** @returns for each pointer parameter that has one, the name of its size parameter */
export function pairSizes(parameters: readonly Parameter[]): Map<string, string> {
  const sizes = parameters.filter(
    (parameter) =>
      !parameter.pointer && wordsOf(parameter.name).some((word) => SIZE_WORDS.has(word)),
  );
  const pointers = parameters.filter((parameter) => parameter.pointer);
  const pairs = new Map<string, string>();
  const give = (pointer: Parameter | undefined, size: Parameter) => {
    if (pointer && !pairs.has(pointer.name)) pairs.set(pointer.name, size.name);
  };
  const unclaimed: Parameter[] = [];
  for (const size of sizes) {
    // `out_size`, `outlen`, `buflen`: the name of the pointer, or its start, is in that of the size.
    const own = wordsOf(size.name).filter((word) => !CAPACITY_WORDS.has(word));
    const named =
      pointers.find(({ name }) => wordsOf(name).some((word) => own.includes(word))) ??
      pointers.find(
        ({ name }) => name.length > 2 && size.name.toLowerCase().startsWith(name.toLowerCase()),
      ) ??
      pointers.find(({ name }) => own.some((word) => word.length > 2 && name.startsWith(word)));
    if (named) give(named, size);
    else unclaimed.push(size);
  }
  for (const size of unclaimed) {
    const before = parameters.slice(0, parameters.indexOf(size)).filter(({ pointer }) => pointer);
    const nearest = before.at(-1);
    const written = before.find(({ readOnly, name }) => !readOnly && !pairs.has(name));
    const words = wordsOf(size.name);
    const ofOutput = words.some((word) => CAPACITY_WORDS.has(word) || OUTPUT_WORDS.has(word));
    // Directly behind a buffer it is that buffer's; behind a source, only a word for capacity reaches back.
    if (nearest && !nearest.readOnly) give(nearest, size);
    else if (ofOutput && written) give(written, size);
    else give(nearest, size);
  }
  return pairs;
}
