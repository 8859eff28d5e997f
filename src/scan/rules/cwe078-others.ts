import type { Call } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

/** Options that ask for a shell: `spawn(program, args, { shell: true })`. */
const usesShell = ({ args }: Call): boolean | undefined => {
  const shell = args.map((argument) => argument.entries?.get('shell')).find((value) => value);
  return shell ? (shell.truth ?? (shell.text === undefined ? undefined : true)) : false;
};

export const commandInjectionOthers = taintRule({
  id: 'command-injection',
  cwe: 'CWE-078',
  title: 'OS command injection',
  severity: 'critical',
  catches: 'Untrusted text that becomes part of a command line that a shell reads.',
  misses:
    'Commands that are put together in another file, and options that an argument list lets in.',
  remedy: 'Run the program with a list of arguments and no shell: `execFile`, `spawn`, `execv`.',
  danger: 'gives a shell',
  safe: 'gives a shell no untrusted text',
  tables: {
    javascript: {
      sinks: [
        {
          names:
            'child_process.exec child_process.execSync shelljs.exec execa.command execa.execaCommand',
        },
        {
          names:
            'child_process.spawn child_process.spawnSync child_process.execFile child_process.execFileSync',
          select: (call) => {
            const shell = usesShell(call);
            // Without a shell only the program itself must not be chosen by others.
            return shell === false ? call.args[0] : { items: call.args.slice(0, 2) };
          },
        },
      ],
    },
    c: { sinks: [{ names: 'system popen _popen wordexp' }] },
  },
  cleaners: { javascript: 'shell-quote.quote shell-escape shescape.quote' },
  bad: [
    ...examples(
      'javascript',
      "const { exec } = require('child_process');\nfunction ping(host, done) {\n  exec('ping -c 1 ' + host, done);\n}\n",
      "import cp from 'node:child_process';\nexport const show = (name) => cp.execSync(`cat ${name}`);\n",
      "const cp = require('child_process');\nfunction run(args) {\n  cp.spawn('ls ' + args, [], { shell: true });\n}\n",
    ),
    ...examples(
      'typescript',
      "import { exec } from 'child_process';\nfunction ping(host: string): void {\n  const command: string = 'ping ' + (host as string);\n  exec(command);\n}\n",
    ),
    ...examples(
      'c',
      '#include <stdio.h>\n#include <stdlib.h>\nvoid ping(const char *host) {\n  char command[256];\n  snprintf(command, sizeof(command), "ping %s", host);\n  system(command);\n}\n',
    ),
    ...examples(
      'cpp',
      '#include <cstdlib>\n#include <string>\nvoid ping(const std::string &host) {\n  std::string command = "ping " + host;\n  std::system(command.c_str());\n}\n',
    ),
  ],
  good: [
    ...examples(
      'javascript',
      "const { execFile } = require('child_process');\nfunction ping(host, done) {\n  execFile('ping', ['-c', '1', host], done);\n}\n",
      "const { exec } = require('child_process');\nfunction ping(host, done) {\n  if (!/^[a-z0-9.-]+$/.test(host)) return done(new Error('host'));\n  exec('ping -c 1 ' + host, done);\n}\n",
    ),
    ...examples('c', '#include <stdlib.h>\nvoid clear(void) {\n  system("clear");\n}\n'),
    ...examples(
      'c',
      '#include <stdio.h>\n#include <stdlib.h>\nvoid wait_for(int seconds) {\n  char command[64];\n  snprintf(command, sizeof(command), "sleep %d", seconds);\n  system(command);\n}\n',
    ),
  ],
});
