import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { optionOf, safe, unknown, unsafe } from './say.js';

/** The argument that holds the mode, by function. */
const MODES: Record<string, number> = {
  'os.chmod': 1,
  'os.lchmod': 1,
  'os.fchmod': 1,
  '.chmod': 0,
  'os.mkfifo': 1,
  'os.mknod': 1,
  'os.open': 2,
  'os.mkdir': 1,
  'os.makedirs': 1,
  'os.umask': 0,
  'process.umask': 0,
  'fs.chmod': 1,
  'fs.fchmod': 1,
  'fs.lchmod': 1,
  'fs.mkdir': 1,
  'fs.open': 2,
  'fs.writeFile': -1,
  'fs.appendFile': -1,
  'fs.createWriteStream': -1,
};

/** Bits that let all others write; of `0o666`, `'0777'` and `stat.S_IRWXO | stat.S_IRUSR`. */
function othersOf(value: Value, written: string): 'write' | 'nothing' | 'read' | undefined {
  if (/\bS_I(?:WOTH|RWXO)\b/.test(written)) return 'write';
  if (/^[\s(|)]*(?:(?:stat|fs\.constants|constants)?\.?S_I[A-Z]+[\s(|)]*)+$/.test(written))
    return /\bS_IROTH\b/.test(written) ? 'read' : 'nothing';
  const octal = value.number === undefined && /^0?o?[0-7]{3,4}$/.test(value.text ?? '');
  const mode = octal ? Number.parseInt(value.text!.replace(/^0?o/, ''), 8) : value.number;
  if (mode === undefined) return undefined;
  return mode & 0o002 ? 'write' : mode & 0o004 ? 'read' : 'nothing';
}

/** The name that the table has for a function. */
function knownAs(called: string): string | undefined {
  const name = called.replace(/^fs(?:\/promises|\.promises)\./, 'fs.').replace(/Sync$/, '');
  const method = name.slice(Math.max(0, name.lastIndexOf('.')));
  return name in MODES ? name : method === '.chmod' ? method : undefined;
}

function call(call: Call): Judgement | undefined {
  const { args, at } = call;
  const known = knownAs(call.name);
  if (known === undefined) return undefined;
  const position = MODES[known]!;
  const plain = position >= 0 ? args[position] : undefined;
  const mode = (plain?.entries ? undefined : plain) ?? optionOf(call, 'mode');
  if (!mode) return undefined;
  const written = at.get('arguments')?.named ?? [];
  const source = written.find((node) => /S_I[A-Z]+/.test(node.text))?.text ?? '';
  if (known.endsWith('umask')) {
    if (mode.number === undefined) return undefined;
    // What the mask leaves out is what others may do.
    return mode.number & 0o002
      ? safe(at, 'the mask keeps others from writing')
      : unsafe(at, 'the mask lets everyone write to new files');
  }
  const others = othersOf(mode, source);
  if (others === undefined) return unknown(at, `the mode that ${call.name} sets is not known`);
  return others === 'write'
    ? unsafe(at, `${call.name.replace(/^\./, '')} lets everyone write`)
    : safe(at, `${call.name.replace(/^\./, '')} lets no others write`);
}

export const looseFilePermissions: Rule = {
  id: 'loose-file-permissions',
  cwe: 'CWE-732',
  title: 'Permissions of a file are too loose',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches: 'Modes that let everyone write: `chmod(path, 0o777)`, `umask(0)`, `stat.S_IWOTH`.',
  misses: 'Files that others must not read, and modes that a shell sets.',
  remedy: 'Give the owner alone what is needed: `0o600` for a file, `0o700` for a folder.',
  bad: [
    ...examples(
      'python',
      'import os\n\ndef save(path):\n    os.chmod(path, 0o777)\n',
      'import os, stat\n\ndef save(path):\n    os.chmod(path, stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH | stat.S_IWOTH)\n',
      'from pathlib import Path\n\nMODE = 0o666\n\ndef save(name):\n    Path(name).chmod(MODE)\n',
      'import os\n\ndef create(path):\n    os.umask(0)\n    return os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)\n',
    ),
    ...examples(
      'javascript',
      "const fs = require('fs');\nfs.chmodSync('settings.json', 0o777);\n",
      "import { writeFile } from 'node:fs/promises';\nexport const save = (path, data) => writeFile(path, data, { mode: 0o666 });\n",
      "const fs = require('fs');\nfs.chmod('run.sh', '777', () => {});\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import os\n\ndef save(path):\n    os.chmod(path, 0o600)\n',
      'import os, stat\n\ndef save(path):\n    os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)\n',
      'from pathlib import Path\n\ndef save(name):\n    Path(name).chmod(0o640)\n',
      'import os\n\ndef create(path):\n    os.umask(0o077)\n    return os.open(path, os.O_CREAT | os.O_WRONLY, mode=0o600)\n',
    ),
    ...examples(
      'javascript',
      "const fs = require('fs');\nfs.chmodSync('settings.json', 0o600);\n",
      "import { writeFile } from 'node:fs/promises';\nexport const save = (path, data) => writeFile(path, data, { mode: 0o600 });\n",
    ),
  ],
  listen: (): Listener => ({ call, hears: (name) => knownAs(name) !== undefined }),
};
