import { commandInjection } from '../cwe078.js';
import { checkPython } from './adapted.js';
import { examples, PYTHON, type Rule } from './rule.js';

export const commandInjectionPython: Rule = {
  id: 'command-injection-python',
  cwe: 'CWE-078',
  title: 'OS command injection',
  languages: PYTHON,
  severity: 'critical',
  catches:
    'Untrusted text that reaches a shell unquoted (`os.system`, `shell=True`, `sh -c`), or names the program that is run.',
  misses:
    'Options that an argument list lets in (`--output=…`), and shells behind libraries that it does not know.',
  remedy:
    'Give the program and its arguments as a list, without a shell; or quote with `shlex.quote`.',
  bad: examples(
    'python',
    'import os\n\ndef ping(host):\n    os.system("ping -c 1 " + host)\n',
    'import subprocess\n\ndef show(name):\n    return subprocess.check_output(f"cat {name}", shell=True)\n',
  ),
  good: examples(
    'python',
    'import subprocess\n\ndef ping(host):\n    subprocess.run(["ping", "-c", "1", host])\n',
    'import os, shlex\n\ndef ping(host):\n    os.system("ping -c 1 " + shlex.quote(host))\n',
  ),
  check: checkPython(() => commandInjection),
};
