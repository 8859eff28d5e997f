import { expect, it } from 'vitest';
import { seccompFilter } from './seccomp.js';

/** Runs a filter on a system call, as the kernel would: { nr, arch, ip, args[6] }. */
function judge(filter: Buffer, nr: number, arch: number, first = 0): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr, 0);
  data.writeUInt32LE(arch, 4);
  data.writeUInt32LE(first, 16);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = filter.readUInt16LE(at * 8);
    const value = filter.readUInt32LE(at * 8 + 4);
    const jump = (taken: boolean) => {
      at += filter.readUInt8(at * 8 + (taken ? 2 : 3));
    };
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x15) jump(accumulator === value);
    else if (code === 0x35) jump(accumulator >= value);
    else if (code === 0x45) jump((accumulator & value) !== 0);
    else if (value === 0x7fff0000) return 'allow';
    else if (value === 0x80000000) return 'kill';
    else return `errno ${value & 0xffff}`;
  }
}

it.each([
  ['x64', 0xc000003e, { read: 0, ptrace: 101, mount: 165, clone: 56, clone3: 435, socket: 41 }],
  ['arm64', 0xc00000b7, { read: 63, ptrace: 117, mount: 40, clone: 220, clone3: 435, socket: 198 }],
] as const)('lets %s do what programs do, and nothing else', (...[name, arch, calls]) => {
  const filter = seccompFilter(name)!;
  expect(judge(filter, calls.read, arch)).toBe('allow');
  expect(judge(filter, calls.ptrace, arch)).toBe('errno 1');
  expect(judge(filter, calls.mount, arch)).toBe('errno 1');
  // A thread; a user namespace; libraries fall back from clone3.
  expect(judge(filter, calls.clone, arch, 0x003d0f00)).toBe('allow');
  expect(judge(filter, calls.clone, arch, 0x10000000)).toBe('errno 1');
  expect(judge(filter, calls.clone3, arch)).toBe('errno 38');
  for (const family of [1, 2, 10, 16]) {
    expect(judge(filter, calls.socket, arch, family)).toBe('allow');
  }
  for (const family of [0, 17, 38, 40]) {
    expect(judge(filter, calls.socket, arch, family)).toBe('errno 97');
  }
  expect(judge(filter, calls.read | 0x40000000, arch)).toBe('errno 38');
  // 32-bit calls of the same machine.
  expect(judge(filter, calls.read, 0x40000003)).toBe('kill');
});

it('has none for a machine whose calls it does not know', () => {
  expect(seccompFilter('riscv64')).toBeUndefined();
});
