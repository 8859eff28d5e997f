export type { AccessOptions, LogEntry } from './app.js';
export { SCAN_POLICIES, type ScanPolicy } from './bodies.js';
export { type ListedRun, runName, type ShownRun } from './runs.js';
export { type RunningServer, type ServerOptions, startServer } from './server.js';
export type { ServiceOptions } from './service.js';
export type { Playground } from './studio.js';
