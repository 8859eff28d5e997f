import type { SanitizerReport } from './types.js';

/** What a sanitizer makes the program exit with, so that a program cannot seem to report by printing. */
export const SANITIZER_EXIT = 86;

/** The first report of AddressSanitizer or UndefinedBehaviorSanitizer in a program's error output. */
export function sanitizerReport(stderr: string): SanitizerReport | undefined {
  const undefinedBehaviour =
    /^(?:(?<file>[^\s:]+):(?<line>\d+):\d+: )?runtime error: (?<what>.+)$/m.exec(stderr);
  if (undefinedBehaviour) {
    const { file, line, what } = undefinedBehaviour.groups!;
    return {
      kind: 'UndefinedBehaviorSanitizer',
      what: what!,
      ...(file ? { frame: { file, line: Number(line) } } : {}),
    };
  }
  const address = /^==\d+==ERROR: AddressSanitizer: (.+)$/m.exec(stderr);
  if (!address) return undefined;
  const rest = stderr.slice(address.index);
  const access = /^(READ|WRITE) of size/m.exec(rest)?.[1] as 'READ' | 'WRITE' | undefined;
  // Frames of the library come first: "#0 0x... in strcpy (/lib/...)" has no file and line.
  const frame =
    /^\s*#\d+ 0x[0-9a-f]+ in (.+?) (?:\/tmp\/work\/)?([^\s/.][^\s:]*):(\d+)(?::\d+)?$/m.exec(rest);
  return {
    kind: 'AddressSanitizer',
    what: /^(?:attempting )?([\w-]+)/.exec(address[1]!)?.[1] ?? address[1]!,
    ...(access ? { access } : {}),
    ...(frame ? { frame: { function: frame[1]!, file: frame[2]!, line: Number(frame[3]) } } : {}),
  };
}
