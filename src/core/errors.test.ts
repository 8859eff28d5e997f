import { describe, expect, it } from 'vitest';
import { ensure, fileError, messageOf, SutureError } from './index.js';

describe('fileError', () => {
  it.each([
    ['ENOENT', 'NOT_FOUND', 'no such file or folder'],
    ['ENOSPC', 'DISK', 'the disk is full'],
    ['EDQUOT', 'DISK', 'the disk is full'],
    ['EACCES', 'DISK', 'permission denied (EACCES)'],
    ['EPERM', 'DISK', 'permission denied (EPERM)'],
    ['EROFS', 'DISK', 'permission denied (EROFS)'],
    ['EEXIST', 'DISK', 'a part of this path is a file'],
    ['ENOTDIR', 'DISK', 'a part of this path is a file'],
    ['EMFILE', 'DISK', 'from the system'],
  ])('%s is %s: %s', (system, code, words) => {
    const thrown = Object.assign(new Error('from the system'), { code: system });
    const error = fileError(thrown, 'write', '/some/file');
    expect(error).toBeInstanceOf(SutureError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^Could not write \/some\/file: /);
    expect(error.message).toContain(words);
    expect(error.cause).toBe(thrown);
  });

  it('leaves a SutureError as it is, and takes whatever was thrown', () => {
    const known = new SutureError('BAD_DATA', 'known');
    expect(fileError(known, 'read', 'x')).toBe(known);
    expect(fileError('a text', 'read', 'x').message).toBe('Could not read x: a text.');
  });
});

it('ensure throws only where the condition fails', () => {
  expect(() => ensure(1, 'BAD_DATA', 'no')).not.toThrow();
  expect(() => ensure(0, 'BAD_DATA', 'no')).toThrow(
    expect.objectContaining({ name: 'SutureError', code: 'BAD_DATA', message: 'no' }),
  );
});

it('messageOf reads errors and anything else', () => {
  expect(messageOf(new TypeError('wrong'))).toBe('wrong');
  expect(messageOf(undefined)).toBe('undefined');
});
