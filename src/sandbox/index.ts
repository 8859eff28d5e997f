export { Sandbox, type SandboxOptions } from './sandbox.js';
export {
  DEFAULT_LIMITS,
  LANGUAGES,
  type Language,
  type Limits,
  type Program,
  type RunResult,
  type SanitizerReport,
  type TestedCode,
  type TestOutcome,
  type TestVerdict,
} from './types.js';
