export type { AccessOptions, LogEntry } from './app.js';
export { SCAN_POLICIES, type ScanPolicy } from './bodies.js';
export type { Experiment, Launch } from './experiments.js';
export { type ListedRun, runVector, type ShownRun, vectorName } from './runs.js';
export { type RunningServer, type ServerOptions, startServer } from './server.js';
export type { ServiceOptions } from './service.js';
export type { Playground, StudioOptions } from './studio.js';
