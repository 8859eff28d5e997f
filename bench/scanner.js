import { pairs } from '../dist/organism/index.js';
import { CWES, Scanner } from '../dist/scan/index.js';
import { median, report } from './measure.js';

/** Time to judge one completed function, over all tasks of the embedded corpus. */
export async function benchScanner() {
  const scanner = await Scanner.load();
  const tasks = CWES.flatMap((cwe) => pairs(cwe)).flatMap(({ bodies, context, language, cwe }) =>
    Object.values(bodies).map((body) => ({
      source: context.before + body + context.after,
      language,
      cwe,
    })),
  );
  /** @type {number[]} */
  const times = [];
  for (const { source, language, cwe } of tasks) {
    const start = performance.now();
    scanner.classify(source, language, cwe);
    times.push(performance.now() - start);
  }
  console.log(`\nJudging ${tasks.length} functions of the embedded corpus`);
  report('median of a function', `${median(times).toFixed(2)} ms`);
  report('slowest', `${Math.max(...times).toFixed(1)} ms`);
}
