import { incompleteHostCheck } from './cwe020.js';
import { pathTraversal } from './cwe022.js';
import { commandInjectionPython } from './cwe078.js';
import { commandInjectionOthers } from './cwe078-others.js';
import { commandWrappersPython } from './cwe078-wrappers.js';
import { crossSiteScriptingPython } from './cwe079.js';
import { crossSiteScriptingJavaScript } from './cwe079-javascript.js';
import { sqlInjectionPython } from './cwe089.js';
import { sqlFragmentsPython } from './cwe089-fragments.js';
import { sqlInjectionJavaScript } from './cwe089-javascript.js';
import { sqlPastedText } from './cwe089-pasted.js';
import { sqlWrappersPython } from './cwe089-wrappers.js';
import { codeInjection } from './cwe094.js';
import { headerInjection } from './cwe113.js';
import { incompleteEscaping } from './cwe116.js';
import { logInjection } from './cwe117.js';
import { bufferBoundsRule } from './cwe119.js';
import { formatStringRule } from './cwe134.js';
import { informationExposure } from './cwe200.js';
import { errorExposure } from './cwe209.js';
import { debugInformation } from './cwe215.js';
import { certificateValidation } from './cwe295.js';
import { cleartextStorage } from './cwe312.js';
import { cleartextTransmission } from './cwe319.js';
import { weakCryptography } from './cwe327.js';
import { weakHash } from './cwe328.js';
import { crossSiteRequestForgery } from './cwe352.js';
import { insecureTemporaryFile } from './cwe377.js';
import { regexInjection } from './cwe400.js';
import { deserialization } from './cwe502.js';
import { openRedirect } from './cwe601.js';
import { externalEntities } from './cwe611.js';
import { xpathInjection } from './cwe643.js';
import { looseFilePermissions } from './cwe732.js';
import { entityExpansion } from './cwe776.js';
import { outOfBoundsWriteRule } from './cwe787.js';
import { hardCodedCredentials } from './cwe798.js';
import { massAssignment } from './cwe915.js';
import { weakPasswordHash } from './cwe916.js';
import { serverSideRequestForgery } from './cwe918.js';
import { permissiveCors } from './cwe942.js';
import { nosqlInjection } from './cwe943.js';
import { prototypePollution } from './cwe1321.js';
import { catastrophicPattern } from './cwe1333.js';
import { NATIVE_RULES } from './native.js';
import type { Rule } from './rule.js';
import { predictableValues, weakGenerator } from './weak-random.js';

/** All rules, by CWE. A new rule is added here. */
export const RULES: readonly Rule[] = [
  incompleteHostCheck,
  pathTraversal,
  commandInjectionPython,
  commandInjectionOthers,
  commandWrappersPython,
  crossSiteScriptingPython,
  crossSiteScriptingJavaScript,
  sqlInjectionPython,
  sqlInjectionJavaScript,
  sqlWrappersPython,
  sqlFragmentsPython,
  sqlPastedText,
  codeInjection,
  headerInjection,
  incompleteEscaping,
  logInjection,
  bufferBoundsRule,
  prototypePollution,
  catastrophicPattern,
  formatStringRule,
  informationExposure,
  errorExposure,
  debugInformation,
  certificateValidation,
  cleartextStorage,
  cleartextTransmission,
  weakCryptography,
  weakHash,
  crossSiteRequestForgery,
  insecureTemporaryFile,
  regexInjection,
  deserialization,
  openRedirect,
  externalEntities,
  xpathInjection,
  looseFilePermissions,
  entityExpansion,
  outOfBoundsWriteRule,
  hardCodedCredentials,
  massAssignment,
  weakPasswordHash,
  serverSideRequestForgery,
  permissiveCors,
  nosqlInjection,
  ...NATIVE_RULES,
  predictableValues,
  weakGenerator,
];
