/**
 * Every failure that a user can cause ends in a `SutureError`.
 *
 * `code` is stable and meant for programs; `message` says what was wrong and what to do.
 */
export type ErrorCode =
  | 'BAD_ARGUMENT'
  | 'BAD_CONFIG'
  | 'BAD_DATA'
  | 'BAD_CHECKPOINT'
  | 'BAD_ADAPTER'
  | 'BAD_VECTOR'
  | 'BAD_GRAPH'
  | 'UNSUPPORTED'
  | 'NOT_FOUND'
  | 'DISK'
  | 'NETWORK'
  | 'FORBIDDEN'
  | 'INTERRUPTED'
  | 'ENGINE'
  | 'INTERNAL';

/**
 * @example
 * throw new SutureError('BAD_VECTOR', 'The vector has 64 values; this model has d_model 192.');
 */
export class SutureError extends Error {
  override readonly name = 'SutureError';
  readonly code: ErrorCode;

  /**
   * @param code stable identifier of the kind of failure
   * @param message what was wrong and what to do about it
   * @param options.cause the error that led here, where there was one
   */
  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** Throws a `SutureError` with `message` unless `condition` holds. */
export function ensure(condition: unknown, code: ErrorCode, message: string): asserts condition {
  if (!condition) throw new SutureError(code, message);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Turns a Node file-system error into a `SutureError` that names the path and the remedy. */
export function fileError(thrown: unknown, action: string, path: string): SutureError {
  if (thrown instanceof SutureError) return thrown;
  const { code } = thrown as NodeJS.ErrnoException;
  const cause = { cause: thrown };
  switch (code) {
    case 'ENOENT':
      return new SutureError(
        'NOT_FOUND',
        `Could not ${action} ${path}: no such file or folder.`,
        cause,
      );
    // What making a folder says where a file of that name is.
    case 'EEXIST':
    case 'ENOTDIR':
      return new SutureError(
        'DISK',
        `Could not ${action} ${path}: a part of this path is a file, not a folder.`,
        cause,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new SutureError(
        'DISK',
        `Could not ${action} ${path}: the disk is full. Free some space and run again; nothing that was there before has been changed.`,
        cause,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new SutureError(
        'DISK',
        `Could not ${action} ${path}: permission denied (${code}).`,
        cause,
      );
    default:
      return new SutureError('DISK', `Could not ${action} ${path}: ${messageOf(thrown)}.`, cause);
  }
}
