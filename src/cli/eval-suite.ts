import { ensure } from '../core/index.js';
import { loadSuite, type RunStore, type Suite } from '../evaluate/index.js';

/** The scenarios that a run was made of. @throws {SutureError} BAD_DATA where they have changed */
export function suiteOf(run: Pick<RunStore, 'config' | 'dir'>, path: string | undefined): Suite {
  const named = run.config.suite as { path?: string | null; hash?: string } | undefined;
  const suite = loadSuite(path ?? named?.path ?? undefined);
  ensure(
    named?.hash === undefined || named.hash === suite.hash || path !== undefined,
    'BAD_DATA',
    `The scenarios have changed since ${run.dir} was generated. Name them with --suite to go on with them as they are.`,
  );
  return suite;
}
