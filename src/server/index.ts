export type { AccessOptions, LogEntry } from './app.js';
export { SCAN_POLICIES, type ScanPolicy } from './bodies.js';
export { type RunningServer, type ServerOptions, startServer } from './server.js';
export type { ServiceOptions } from './service.js';
