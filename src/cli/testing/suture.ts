import { vi } from 'vitest';
import { main } from '../index.js';

/** What the command line prints, in this process. */
export async function suture(
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  const complain = vi.spyOn(console, 'error').mockImplementation((text) => {
    err += text;
  });
  const usage = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text;
    return true;
  });
  try {
    await main(['node', 'suture', ...args]);
    return { code: Number(process.exitCode ?? 0), out, err };
  } finally {
    for (const spy of [write, complain, usage]) spy.mockRestore();
    process.exitCode = undefined;
  }
}
