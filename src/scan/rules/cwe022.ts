import type { Test, Value } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

/** Functions that give a path without `..` in it, so that its beginning says where it leads. */
const RESOLVED = /(?:^|\.)(?:realpath|abspath|normpath|resolve|normalize)\(\)$/;

/** A path that was resolved, and then compared with the folder it has to lie in. */
function guard(test: Test, holds: boolean): Value | undefined {
  if (test.kind === 'call') {
    const { name, args, receiver } = test.call;
    if (/\.(?:startswith|startsWith|is_relative_to)$/.test(name) && holds)
      return RESOLVED.test(resolvedName(receiver)) ? receiver : undefined;
    // `strstr(path, "..")` and `path.includes('..')` find nothing.
    if (/(?:^|\.)(?:strstr|includes)$/.test(name) && !holds)
      return [receiver, args[0]].find(
        (value) => value?.taint && args.some(({ text }) => text === '..'),
      );
    return undefined;
  }
  if (test.kind !== 'compare') return undefined;
  const { op, left, right } = test;
  if ((op === 'in' && !holds) || (op === 'not in' && holds))
    return left.text === '..' ? right : undefined;
  // `os.path.commonpath([root, path]) == root` and `path.parent == root`.
  const equal = (op === '==' && holds) || (op === '!=' && !holds);
  if (equal)
    return [left, right].find((value) => /common(?:path|prefix)\(\)$/.test(value.name ?? ''));
  return undefined;
}

const resolvedName = (value: Value | undefined): string => value?.name ?? '';

export const pathTraversal = taintRule({
  id: 'path-traversal',
  cwe: 'CWE-022',
  title: 'Path traversal',
  severity: 'high',
  catches:
    'Untrusted text that becomes part of the path of a file that is opened, sent, moved or removed.',
  misses:
    'Links that lead out of a folder, and checks that only look complete, such as a search for `../` in text that is decoded later.',
  remedy:
    'Take the last part of the name only (`os.path.basename`, `secure_filename`), or resolve the path and see that it begins with the folder.',
  danger: 'opens a path made of',
  safe: 'opens a path that no untrusted text leads astray',
  tables: {
    python: {
      sinks: [
        {
          names:
            'open io.open codecs.open os.open os.remove os.unlink os.rmdir os.mkdir os.makedirs os.listdir os.scandir os.stat shutil.rmtree flask.send_file send_file zipfile.ZipFile tarfile.open',
        },
        {
          names: 'os.rename shutil.copy shutil.copyfile shutil.copytree shutil.move',
          arguments: [0, 1],
        },
        {
          names: '.read_text .read_bytes .write_text .write_bytes .unlink .rmdir .iterdir',
          select: ({ receiver }) => receiver,
        },
        { names: '.extractall .extract', arguments: [0], keywords: ['path'] },
        { names: 'bottle.static_file static_file', keywords: ['root'], arguments: [] },
      ],
    },
    javascript: {
      sinks: [
        {
          names:
            'fs.readFile fs.readFileSync fs.writeFile fs.writeFileSync fs.appendFile fs.appendFileSync fs.createReadStream fs.createWriteStream fs.unlink fs.unlinkSync fs.readdir fs.readdirSync fs.rm fs.rmSync fs.open fs.openSync fs.mkdir fs.mkdirSync fs.promises.readFile fs.promises.writeFile fs.promises.unlink fs/promises.readFile fs/promises.writeFile fs/promises.unlink fs/promises.open fs/promises.rm',
        },
        {
          names: '.sendFile .download',
          when: ({ args, receiverText }) =>
            /(?:^|\.)(?:res|response|reply)$/.test(receiverText) && !args[1]?.entries?.has('root'),
        },
      ],
    },
    c: {
      sinks: [
        {
          names:
            'fopen open fopen64 open64 opendir unlink remove rmdir mkdir ifstream ofstream creat',
        },
        { names: 'rename link symlink', arguments: [0, 1] },
        { names: 'openat', arguments: [1] },
      ],
    },
  },
  cleaners: {
    python:
      'os.path.basename werkzeug.utils.secure_filename secure_filename werkzeug.security.safe_join werkzeug.utils.safe_join flask.safe_join safe_join django.utils._os.safe_join',
    javascript: 'path.basename path.posix.basename sanitize-filename',
    c: 'basename',
  },
  guard,
  bad: [
    ...examples(
      'python',
      'def read(name):\n    with open("/srv/files/" + name) as file:\n        return file.read()\n',
      'import os\n\ndef remove(folder, name):\n    os.remove(os.path.join("/srv", name))\n',
    ),
    ...examples(
      'javascript',
      "const fs = require('fs');\nconst path = require('path');\nfunction read(name) {\n  return fs.readFileSync(path.join('/srv/files', name));\n}\n",
      "app.get('/file', (req, res) => {\n  res.sendFile('/srv/' + req.params.name);\n});\n",
    ),
    ...examples(
      'c',
      '#include <stdio.h>\nFILE *get(const char *name) {\n  char path[256];\n  snprintf(path, sizeof(path), "/srv/%s", name);\n  return fopen(path, "r");\n}\n',
    ),
  ],
  good: [
    ...examples(
      'python',
      'import os\n\ndef read(name):\n    path = os.path.realpath(os.path.join("/srv/files", name))\n    if not path.startswith("/srv/files/"):\n        raise ValueError(name)\n    return open(path).read()\n',
      'from werkzeug.utils import secure_filename\n\ndef save(file):\n    name = secure_filename(file.filename)\n    with open("/srv/" + name, "wb") as out:\n        out.write(file.read())\n',
    ),
    ...examples(
      'javascript',
      "const fs = require('fs');\nconst path = require('path');\nfunction read(name) {\n  const file = path.resolve('/srv/files', name);\n  if (!file.startsWith('/srv/files/')) throw new Error('name');\n  return fs.readFileSync(file);\n}\n",
      "import fs from 'node:fs';\nimport path from 'node:path';\nexport const read = (name) => fs.readFileSync(path.join('/srv', path.basename(name)));\n",
    ),
    ...examples(
      'c',
      '#include <stdio.h>\n#include <string.h>\nFILE *get(const char *name) {\n  char path[256];\n  if (strstr(name, "..") || strchr(name, \'/\')) return NULL;\n  snprintf(path, sizeof(path), "/srv/%s", name);\n  return fopen(path, "r");\n}\n',
    ),
  ],
});
