import type { Call, PythonRule } from './flow-python.js';
import type { Finding } from './types.js';
import { mixed, type Value } from './values-python.js';

/** Functions that hand their first argument to a shell. */
const SHELLS = new Set(
  'os.system os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput commands.getstatusoutput popen2.popen2 asyncio.create_subprocess_shell'.split(
    ' ',
  ),
);
const SPAWNERS = new Set(
  'subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen'.split(
    ' ',
  ),
);
/** Programs that run the text behind these flags. */
const INTERPRETERS =
  /(?:^|\/)(?:(?:ba|z|da|k|c|fi)?sh|cmd(?:\.exe)?|powershell|pwsh|python[\d.]*|perl|ruby|node|php)$/i;
const FLAGS = /^(?:-\w*[cer]|\/[cCkK]|-Command|-eval)$/;

type Judged = Omit<Finding, 'line'>;

/** CWE-078, OS command injection: no shell, or nothing in its text that is not quoted. */
export const commandInjection: PythonRule = {
  call(call) {
    const { name, args, keywords } = call;
    if (SHELLS.has(name)) return inShell(name, args[0] ?? keywords.get('cmd'));
    if (SPAWNERS.has(name)) return spawned(call);
    if (/^os\.(?:exec|spawn)|^asyncio\.create_subprocess_exec$|^pty\.spawn$/.test(name)) {
      // spawn* has the mode in front; exec*p and spawn*v take the arguments as one list.
      const parts = args.slice(name.startsWith('os.spawn') ? 1 : 0);
      const list = name.startsWith('asyncio.')
        ? parts
        : [parts[0]!, ...(parts[1]?.items?.slice(1) ?? parts.slice(2))];
      return list[0] ? withoutShell(name, list) : undefined;
    }
    return undefined;
  },
};

function inShell(name: string, command: Value | undefined): Judged | undefined {
  if (!command) return undefined;
  switch (mixed(command).taint.shell) {
    case 2:
      return {
        status: 'unsafe',
        reason: `${name} gives a shell untrusted text that is not quoted`,
      };
    case 1:
      return { status: 'unknown', reason: `where the command of ${name} comes from is not known` };
    default:
      return { status: 'safe', reason: `the command of ${name} holds no unquoted untrusted text` };
  }
}

function spawned({ name, args, keywords }: Call): Judged | undefined {
  const command = args[0] ?? keywords.get('args');
  if (!command) return undefined;
  const shell = keywords.get('shell');
  if (shell && shell.truth !== false) {
    const judged = inShell(name, command);
    // Whether there is a shell may hang on a variable.
    return shell.truth === undefined && judged?.status === 'unsafe'
      ? { status: 'unknown', reason: `whether ${name} uses a shell is not known` }
      : judged;
  }
  if (command.items) {
    // What a text is split into: the program cannot be told from its arguments.
    if (command.repeated && command.items.length === 1) return doubtful(name, command);
    return withoutShell(name, command.items);
  }
  return inShell(name, command);
}

function doubtful(name: string, command: Value): Judged {
  return mixed(command).taint.shell > 0
    ? { status: 'unknown', reason: `the arguments of ${name} are split out of untrusted text` }
    : { status: 'safe', reason: `the command of ${name} is constant` };
}

/** Judges an argument list: the program is the first, and another shell may stand among them. */
function withoutShell(name: string, list: readonly Value[]): Judged {
  let doubted = false;
  const check = (value: Value | undefined, text: string): Judged | undefined => {
    const taint = value ? mixed(value).taint.shell : 0;
    if (taint === 2) return { status: 'unsafe', reason: `${name} ${text}` };
    if (taint === 1) doubted = true;
    return undefined;
  };
  const program = check(list[0], 'runs a program that untrusted data names');
  if (program) return program;
  const interpreter = list.findIndex((value) => INTERPRETERS.test(value.text ?? ''));
  if (interpreter >= 0) {
    const flag = list.findIndex((value, at) => at > interpreter && FLAGS.test(value.text ?? ''));
    if (flag >= 0) {
      const nested = check(
        list[flag + 1],
        `gives ${list[interpreter]!.text} untrusted text to run`,
      );
      if (nested) return nested;
    }
  }
  return doubted
    ? { status: 'unknown', reason: `what ${name} runs is not known` }
    : { status: 'safe', reason: `${name} runs a list of arguments without a shell` };
}
