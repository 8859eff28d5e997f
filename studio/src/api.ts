/** What the server says when it refuses, or that it could not be reached. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

// Kept for this tab, until it is closed.
const KEY = 'suture-key';
export const giveKey = (key: string): void => sessionStorage.setItem(KEY, key);

/** Asks this page's own server. @throws {ServerError} for all that is no answer */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...(key && { Authorization: `Bearer ${key}` }), ...init.headers };
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers });
  } catch (thrown) {
    if (init.signal?.aborted) throw thrown;
    throw new ServerError(0, 'The server cannot be reached: is “suture studio” still running?');
  }
  if (answer.ok) return answer;
  const body = (await answer.json().catch(() => undefined)) as
    | { error?: { message?: string } }
    | undefined;
  throw new ServerError(answer.status, body?.error?.message ?? `The server says ${answer.status}.`);
}

export async function askJson<T>(path: string): Promise<T> {
  return (await (await ask(path)).json()) as T;
}
