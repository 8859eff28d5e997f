// The thread of a JavaScript program: nothing that it changes is seen by the tests, and of the tests it
// has what they hand to its functions.
import inspector from 'node:inspector';
import { syncBuiltinESMExports } from 'node:module';
import { workerData } from 'node:worker_threads';
import { ENDED, Peer } from './peer.js';

// It could debug the tests' thread.
inspector.Session.prototype.connectToMainThread = undefined;
inspector.open = undefined;
inspector.url = undefined;
syncBuiltinESMExports();
const { port, bell } = workerData;
process.on('exit', () => {
  Atomics.store(bell, ENDED, 1);
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
});
const peer = new Peer(port, bell, 1, 0);
// The tests know these by their numbers: 1 and 2.
peer.export(async () => ({ ...(await import('./candidate.js')) }));
peer.export((source) => (0, eval)(source));
