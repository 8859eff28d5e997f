import { z } from 'zod';
import { SutureError } from '../../core/index.js';
import { type Analyser, type OutsideFinding, severityOfWord } from './analyser.js';
import { cwesIn, jsonOf } from './sarif.js';

const place = z.object({ file: z.string(), line: z.int(), column: z.int().optional() });
const diagnostics = z.array(
  z.object({
    kind: z.string(),
    message: z.string(),
    option: z.string().optional(),
    metadata: z.object({ cwe: z.int() }).partial().optional(),
    locations: z.array(z.object({ caret: place, finish: place.optional() })).optional(),
  }),
);

/**
 * Reads what `gcc -fanalyzer -fdiagnostics-format=json` prints: warnings that name a CWE, or are the analyser's.
 * @throws {SutureError} BAD_DATA
 */
export function readGcc(text: string): { findings: OutsideFinding[]; errors: string[] } {
  const line = text.split('\n').find((one) => one.startsWith('['));
  if (line === undefined) return { findings: [], errors: [] };
  const parsed = diagnostics.safeParse(jsonOf(line, "gcc's output"));
  if (!parsed.success) {
    throw new SutureError('BAD_DATA', "gcc's output is not what gcc writes.", {
      cause: parsed.error,
    });
  }
  const findings = parsed.data.flatMap((one): OutsideFinding[] => {
    const at = one.locations?.[0];
    const cwe = one.metadata?.cwe;
    const own = one.option?.startsWith('-Wanalyzer') ?? false;
    if (one.kind !== 'warning' || !at || (cwe === undefined && !own)) return [];
    const { file, line: from, column } = at.caret;
    return [
      {
        path: file,
        cwes: cwe === undefined ? cwesIn(one.message) : [cwe],
        rule: one.option ?? 'warning',
        message: one.message,
        severity: severityOfWord('warning'),
        line: from,
        column: column ?? 1,
        endLine: Math.max(from, at.finish?.line ?? from),
      },
    ];
  });
  const errors = parsed.data.filter(({ kind }) => kind === 'error' || kind === 'fatal error');
  return { findings, errors: errors.map(({ message }) => message) };
}

/** GCC's own analyser, for C: file by file, compiled to nothing. */
export const gcc: Analyser = {
  name: 'gcc',
  languages: ['c'],
  program: 'gcc',
  install: 'Get GCC 10 to 14: "apt-get install gcc"',
  version: /\) (\d[\w.]*)/,
  async analyse(targets, { run }) {
    const options = ['-fanalyzer', '-fdiagnostics-format=json', '-S', '-o', '/dev/null'];
    const found: OutsideFinding[] = [];
    const unread: string[] = [];
    for (const { file } of targets) {
      const { stderr } = await run('gcc', [...options, file]);
      const { findings, errors } = readGcc(stderr);
      found.push(...findings);
      if (errors.length > 0) unread.push(`${file}: ${errors[0]}`);
    }
    return { findings: found, unread: notCompiled(unread, targets.length) };
  },
};

/** A file that does not compile is analysed as far as it was understood, or not at all. */
export const notCompiled = (unread: readonly string[], of: number): string | undefined =>
  unread.length === 0 ? undefined : `${unread.length} of ${of} files do not compile (${unread[0]})`;
