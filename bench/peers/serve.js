// The end of an engine's process: requests come as lines of JSON on stdin, answers go to file
// descriptor 3, so that what libraries print cannot get between them.
import { readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** @param {Record<string, (params: any) => Promise<unknown>>} methods */
export async function serve(methods) {
  // Nobody waits for an answer any more when the parent is gone.
  process.stdin.on('end', () => process.exit());
  for await (const line of createInterface({ input: process.stdin })) {
    const { method, params } = JSON.parse(line);
    /** @type {unknown} */
    let answer;
    try {
      const run = methods[method];
      answer = { value: method === 'memory' ? peakMemory() : await run?.(params) };
    } catch (thrown) {
      answer = { error: thrown instanceof Error ? thrown.message : String(thrown) };
    }
    writeSync(3, `${JSON.stringify(answer)}\n`);
  }
}

/** The most memory this process has had, in bytes, mapped files included. */
function peakMemory() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Milliseconds that `work` takes. @param {() => Promise<unknown>} work */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
