import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { assetPath, messageOf } from '../core/index.js';
import { seccompFilter } from './seccomp.js';
import type { Limits } from './types.js';

/** Whom hostile code runs as where Suture runs as root: root is exempt from the limit on processes. */
const NOBODY = 65534;
const SYSTEM_PYTHON = '/usr/bin/python3';
/** Where programs are looked for, inside and outside. */
export const TOOL_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin'] as const;

/** How a cell is started: bubblewrap, what it shows, and the files that it makes up. */
export interface CellPlan {
  command: string;
  python: string;
  /** Folders of the machine that are shown, read-only. */
  shown: string[];
  /** Made-up files: path inside -> content. */
  files: Map<string, Buffer>;
  seccomp: Buffer | undefined;
  /** Another user for the cells, where this process is root. */
  user: number | undefined;
}

const root = () => process.getuid?.() === 0;

/** Whether the cell's user can reach a path. */
function reachable(path: string): boolean {
  try {
    if (!root()) {
      accessSync(path, constants.R_OK | constants.X_OK);
      return true;
    }
    for (let at = path; at !== '/'; at = dirname(at)) {
      if ((statSync(at).mode & 0o001) === 0) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** The first of the named programs, in the folders that a cell can see. */
export function findTool(...names: string[]): string | undefined {
  return names
    .flatMap((name) => TOOL_FOLDERS.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/**
 * What is needed for cells, or why there can be none here.
 * @param python the interpreter; defaults to the system's, else the one on the PATH
 */
export async function planCells(python?: string): Promise<CellPlan | { missing: string }> {
  if (process.platform !== 'linux') return { missing: 'bubblewrap needs Linux' };
  const command = (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'bwrap'))
    .find((path) => existsSync(path));
  if (!command) return { missing: 'bubblewrap (bwrap) is not installed' };

  const shown: string[] = [];
  let interpreter = python ?? SYSTEM_PYTHON;
  if (python !== undefined || !existsSync(SYSTEM_PYTHON)) {
    try {
      const asked = await promisify(execFile)(python ?? 'python3', [
        '-c',
        'import json, sys; print(json.dumps([sys.executable, sys.prefix, sys.base_prefix]))',
      ]);
      const [executable, ...prefixes] = JSON.parse(asked.stdout) as [string, string, string];
      interpreter = executable;
      shown.push(...new Set(prefixes));
    } catch (thrown) {
      return { missing: `Python 3 does not start (${messageOf(thrown)})` };
    }
  }
  // Node itself, for JavaScript, and stores from which whole systems are linked together.
  shown.push(dirname(dirname(process.execPath)), '/nix/store', '/gnu/store');
  const files = new Map(
    ['supervisor.py', 'candidate.py', 'tests.py', 'wire.py', 'main.c'].map((name) => [
      `/suture/${name}`,
      readFileSync(assetPath('sandbox', name)),
    ]),
  );
  files.set('/etc/passwd', Buffer.from(`suture:x:${NOBODY}:${NOBODY}::/tmp/work:/bin/sh\n`));
  files.set('/etc/hosts', Buffer.from('127.0.0.1 localhost\n::1 localhost\n'));
  return {
    command,
    python: interpreter,
    shown: shown.filter((path) => !/^\/usr(\/|$)/.test(path) && reachable(path)),
    files,
    seccomp: seccompFilter(),
    user: root() ? NOBODY : undefined,
  };
}

/**
 * Bubblewrap's arguments, and what is to be written to the descriptors that follow the cell's own.
 * @param firstDescriptor the number of the first of those
 */
export function cellArguments(
  plan: CellPlan,
  limits: Pick<Limits, 'fileBytes'>,
  firstDescriptor: number,
): { args: string[]; data: Buffer[] } {
  const args = ['--unshare-all', '--die-with-parent', '--new-session', '--as-pid-1'];
  args.push('--hostname', 'suture', '--uid', String(NOBODY), '--gid', String(NOBODY));
  args.push('--cap-drop', 'ALL', '--clearenv');
  const environment = {
    PATH: TOOL_FOLDERS.join(':'),
    HOME: '/tmp/work',
    TMPDIR: '/tmp',
    LANG: 'C.UTF-8',
    // The order of a set of texts is the same in every run.
    PYTHONHASHSEED: '0',
  };
  for (const [name, value] of Object.entries(environment)) args.push('--setenv', name, value);

  args.push('--ro-bind', '/usr', '/usr');
  for (const folder of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) args.push('--symlink', readlinkSync(folder), folder);
    else args.push('--ro-bind', folder, folder);
  }
  // What the loader, the compilers' names and time need; no other file of /etc is anyone's business.
  for (const path of ['/etc/alternatives', '/etc/ld.so.cache', '/etc/localtime']) {
    args.push('--ro-bind-try', path, path);
  }
  for (const path of plan.shown) args.push('--ro-bind', path, path);
  const data: Buffer[] = [];
  const descriptor = (content: Buffer) => {
    data.push(content);
    return String(firstDescriptor + data.length - 1);
  };
  for (const [path, content] of plan.files) args.push('--ro-bind-data', descriptor(content), path);
  args.push('--proc', '/proc', '--dev', '/dev');
  args.push('--size', String(16 * 2 ** 20), '--tmpfs', '/dev/shm', '--remount-ro', '/dev');
  args.push('--size', String(limits.fileBytes), '--tmpfs', '/tmp');
  args.push('--remount-ro', '/', '--chdir', '/tmp');
  if (plan.seccomp) args.push('--seccomp', descriptor(plan.seccomp));
  args.push('--', plan.python, '-s', '-B', '/suture/supervisor.py');
  return { args, data };
}
