import { Sandbox } from '../sandbox.js';

const opened = await Sandbox.open({ workers: 2 });

/** Why tests of bubblewrap's cells are skipped here, for their titles; empty where they are not. */
export const noCells =
  opened.kind === 'bubblewrap' ? '' : `(skipped: ${opened.reason ?? 'no bubblewrap'})`;

/** The sandbox that the tests of a file share. */
export const cells = () => opened;

/** Ends it. */
export const closeCells = () => opened.close();
