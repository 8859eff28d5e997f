import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { HOLE, mark } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unsafe } from './say.js';

const NAMES = /^(?:tempfile\.mktemp|os\.tempnam|os\.tmpnam|tmp\.tmpNameSync|tmp\.tmpName)$/;
const SOUND =
  /^(?:tempfile\.(?:mkstemp|mkdtemp|NamedTemporaryFile|TemporaryFile|TemporaryDirectory|SpooledTemporaryFile)|fs(?:\.promises|\/promises)?\.mkdtemp(?:Sync)?|tmp\.(?:file|dir)(?:Sync)?|tmp-promise\.(?:file|dir))$/;
const WRITES =
  /^fs(?:\.promises|\/promises)?\.(?:writeFile|appendFile|createWriteStream)(?:Sync)?$/;
const SHARED = /^(?:\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)/;

/** In a folder where everyone may put a file, or a link, of that name first. */
const isShared = (path: Value | undefined): boolean =>
  SHARED.test(path?.text ?? '') || (path?.text !== undefined && path.marks?.get('cwe377') === true);

const OPENS = new Set(['open', 'io.open', 'codecs.open']);

const hears = (name: string): boolean =>
  OPENS.has(name) || NAMES.test(name) || SOUND.test(name) || WRITES.test(name);

function call(call: Call): Judgement | undefined {
  const { name, args, keywords, at } = call;
  if (NAMES.test(name))
    return unsafe(at, `${name} gives a name that others may take before it is used`);
  if (SOUND.test(name)) return safe(at, `${name} makes the file itself, under a name of its own`);
  const opens = OPENS.has(name);
  const mode = (args[1] ?? keywords.get('mode'))?.text ?? 'r';
  const flag = args.map(({ entries }) => entries?.get('flag')?.text).find((text) => text) ?? 'w';
  const writes = (opens && /[wa+]/.test(mode)) || (WRITES.test(name) && !flag.includes('x'));
  if (writes && isShared(args[0])) {
    const shown = args[0]?.text?.replaceAll(HOLE, '…');
    return unsafe(at, `${name} writes ${shown}, a name that others may take first`);
  }
  const creates = (opens && mode.includes('x')) || (WRITES.test(name) && flag.includes('x'));
  return creates && isShared(args[0])
    ? safe(at, `${name} fails where the file is there already`)
    : undefined;
}

/** `path.join(os.tmpdir(), name)` and `os.path.join(tempfile.gettempdir(), name)`. */
function called({ name, args }: Call, result: Value): void {
  const folder = /^(?:os\.tmpdir|tempfile\.gettempdir)\(\)$/.test(args[0]?.name ?? '');
  if (folder && /^(?:path|os\.path)\.join$/.test(name)) mark(result, 'cwe377', true);
}

export const insecureTemporaryFile: Rule = {
  id: 'insecure-temporary-file',
  cwe: 'CWE-377',
  title: 'Insecure temporary file',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Names of temporary files that are made before the file is (`tempfile.mktemp`), and fixed or guessable names in a folder that everyone writes to.',
  misses: 'Folders for all that are named by the environment.',
  remedy:
    'Let the library make the file: `tempfile.NamedTemporaryFile`, `tempfile.mkstemp`, `fs.mkdtemp`.',
  bad: [
    ...examples(
      'python',
      'import tempfile\n\ndef save(data):\n    path = tempfile.mktemp(suffix=".txt")\n    with open(path, "w") as file:\n        file.write(data)\n',
      'import os\n\ndef save(data):\n    with open(f"/tmp/report-{os.getpid()}.txt", "w") as file:\n        file.write(data)\n',
      'import os, tempfile\n\ndef save(data):\n    with open(os.path.join(tempfile.gettempdir(), "report.txt"), "wb") as file:\n        file.write(data)\n',
    ),
    ...examples(
      'javascript',
      "const fs = require('fs');\nfunction save(data) {\n  fs.writeFileSync('/tmp/report.txt', data);\n}\n",
      "import fs from 'node:fs';\nimport os from 'node:os';\nimport path from 'node:path';\nexport function save(data, done) {\n  fs.writeFile(path.join(os.tmpdir(), `report-${Date.now()}.txt`), data, done);\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import tempfile\n\ndef save(data):\n    with tempfile.NamedTemporaryFile("w", delete=False) as file:\n        file.write(data)\n    return file.name\n',
      'import os, tempfile\n\ndef save(data):\n    handle, path = tempfile.mkstemp()\n    with os.fdopen(handle, "w") as file:\n        file.write(data)\n    return path\n',
      'from tempfile import TemporaryDirectory\n\ndef save(data):\n    with TemporaryDirectory() as folder:\n        with open(folder + "/report.txt", "w") as file:\n            file.write(data)\n',
    ),
    ...examples(
      'javascript',
      "const fs = require('fs');\nconst os = require('os');\nconst path = require('path');\nfunction save(data) {\n  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'report-'));\n  fs.writeFileSync(path.join(folder, 'report.txt'), data);\n}\n",
      "const fs = require('fs');\nfunction save(data) {\n  fs.writeFileSync('/tmp/report.txt', data, { flag: 'wx', mode: 0o600 });\n}\n",
    ),
  ],
  listen: (): Listener => ({ call, hears, called }),
};
