import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { examples, PYTHON, type Rule } from './rule.js';
import { lastName, safe } from './say.js';
import { judge } from './taint.js';

/** Remote shells and old modules that the rule for local ones does not look at. */
const SHELLS =
  /(?:^|\.)(?:exec_command|fabric\.(?:api|operations)\.(?:run|sudo|local)|fabric\.Connection\(\)\.(?:run|sudo|local)|invoke\.run|pexpect\.(?:run|spawn)|plumbum\.local|asyncio\.create_subprocess_shell|commands\.(?:getoutput|getstatusoutput))$/;
/** Functions of one's own, which say by their name that they run a command. */
const WRAPPERS =
  /^_*(?:(?:run|exec|execute|send|call|issue|do)_*(?:ssh|cmds?|commands?|shell|cli|bash|cliq|remote|adb)|(?:ssh|cmd|cli|cliq|shell|bash|eapi|adb)_*(?:run|exec|execute|cmd|command|call))$/i;

const words = {
  danger: 'runs a command made of',
  safe: 'runs a command that no untrusted text is part of',
};

function call({ name, args, keywords, at }: Call): Judgement | undefined {
  const method = lastName(name);
  const shell = SHELLS.test(name);
  if (!shell && !WRAPPERS.test(method)) return undefined;
  const command: Value | undefined = args[0] ?? keywords.get('command') ?? keywords.get('cmd');
  if (!command) return undefined;
  if (command.items) return safe(at, `${method} is given a list of arguments`);
  // What a wrapper makes of a text that it is only handed is for its own file to say.
  if (!shell && command.text === undefined) return undefined;
  return judge(words, 'CWE-078', method, command, at);
}

export const commandWrappersPython: Rule = {
  id: 'command-injection-wrappers',
  cwe: 'CWE-078',
  title: 'OS command injection through other functions',
  languages: PYTHON,
  severity: 'high',
  catches:
    'Untrusted text in a command for a remote shell (`exec_command`, Fabric, pexpect), or for a function whose name says that it runs a command and that lies elsewhere (`run_ssh`, `execute_command`).',
  misses: 'Functions whose names do not say what they do, and texts that are only handed on.',
  remedy: 'Hand on a list of arguments, or quote each part with `shlex.quote`.',
  cleaners: [{ place: 'CWE-078', names: { python: ['shlex.quote', 'pipes.quote'] } }],
  bad: examples(
    'python',
    'import paramiko\n\ndef remove(host, name):\n    client = paramiko.SSHClient()\n    client.connect(host)\n    client.exec_command("rm " + name)\n',
    'class Volume:\n    def remove(self, name):\n        self._run_ssh("volume delete %s" % name)\n',
    'def tag(device, name):\n    command = f"tag {name}"\n    return device.run_command(command)\n',
    'from fabric.api import run\n\ndef show(path):\n    run("cat {}".format(path))\n',
  ),
  good: examples(
    'python',
    'import paramiko, shlex\n\ndef remove(host, name):\n    client = paramiko.SSHClient()\n    client.connect(host)\n    client.exec_command("rm " + shlex.quote(name))\n',
    'class Volume:\n    def remove(self, name):\n        self._run_ssh(["volume", "delete", name])\n',
    'def tag(device):\n    return device.run_command("tag --list")\n',
    'from fabric.api import run\n\ndef show(number):\n    run("show {}".format(int(number)))\n',
  ),
  listen: (): Listener => ({ call }),
};
