// CWE-078, OS command injection. Decisions: os.system (2 bases), os.popen (2) or a shell in
// subprocess (3) against a list of arguments.
import { type Base, lines } from './base.js';

const common = {
  cwe: 'CWE-078',
  language: 'python',
  prelude: 'import os\nimport shlex\nimport subprocess\n\n\n',
} as const;

const fix = 'Use a list of arguments.';
const reaches = '$arg reaches a shell.';
const listed = '$arg is one argument of a list.';
const quoted = '$arg is quoted for the shell.';
const constant = 'The command is constant.';
const inner = 'The list starts a shell that reads $arg.';

export const CWE_078: readonly Base[] = [
  {
    ...common,
    id: '078-ping', // early
    signature: 'def $fn($arg):',
    goal: 'ping $arg once',
    pools: {
      fn: ['ping', 'ping_host', 'check_host', 'probe_host', 'reach', 'try_host', 'host_up'],
      arg: ['host', 'server', 'site', 'name', 'target'],
    },
    api: { insecure: 'os.system', secure: 'subprocess with a list' },
    insecure: { code: 'os.system("ping -c 1 " + $arg)', why: reaches },
    secure: { code: 'subprocess.run(["ping", "-c", "1", $arg])', why: listed },
    fix,
    misleading: {
      insecure: [
        { code: 'subprocess.run(["sh", "-c", "ping -c 1 " + $arg])', why: inner },
        { code: 'subprocess.run(["bash", "-c", f"ping -c 1 {$arg}"])', why: inner },
        {
          code: lines(
            'safe = shlex.quote($arg)',
            'subprocess.run(["sh", "-c", "ping -c 1 " + $arg])',
          ),
          why: 'safe is not used, $arg is.',
        },
      ],
      secure: [
        { code: 'os.system("ping -c 1 " + shlex.quote($arg))', why: quoted },
        { code: 'os.system("ping -c 1 localhost")', why: constant },
        { code: 'os.system("ping -c 1 " + "localhost")', why: constant },
      ],
    },
  },
  {
    ...common,
    id: '078-compress', // middle
    signature: 'def $fn($arg):',
    goal: 'report and compress the file $arg with gzip',
    pools: {
      fn: ['compress', 'pack_file', 'zip_file', 'shrink', 'pack', 'compress_file', 'squeeze'],
      arg: ['path', 'file', 'name', 'item', 'entry'],
    },
    api: { insecure: 'os.system', secure: 'subprocess with a list' },
    insecure: { code: lines('print("packing", $arg)', 'os.system("gzip " + $arg)'), why: reaches },
    secure: {
      code: lines('print("packing", $arg)', 'subprocess.run(["gzip", $arg])'),
      why: listed,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines('print("packing", $arg)', 'subprocess.run(["sh", "-c", "gzip " + $arg])'),
          why: inner,
        },
        {
          code: lines('print("packing", $arg)', 'subprocess.run(["bash", "-c", f"gzip {$arg}"])'),
          why: inner,
        },
        {
          code: lines('safe = shlex.quote($arg)', 'subprocess.run(["sh", "-c", "gzip " + $arg])'),
          why: 'safe is not used, $arg is.',
        },
      ],
      secure: [
        {
          code: lines('print("packing", $arg)', 'os.system("gzip " + shlex.quote($arg))'),
          why: quoted,
        },
        { code: lines('print("packing", $arg)', 'os.system("gzip old.log")'), why: constant },
        {
          code: lines('print("packing", $arg)', 'os.system("gzip " + "old.log")'),
          why: constant,
        },
      ],
    },
  },
  {
    ...common,
    id: '078-dns-lookup', // middle
    signature: 'def $fn($arg):',
    goal: 'return what dig says about $arg without blanks around it',
    pools: {
      fn: ['dns_lookup', 'resolve', 'look_up', 'dig_host', 'name_record', 'query_dns', 'lookup'],
      arg: ['host', 'site', 'name', 'server', 'domain'],
    },
    api: { insecure: 'os.popen', secure: 'subprocess with a list' },
    insecure: {
      code: lines('out = os.popen("dig " + $arg).read()', 'return out.strip()'),
      why: reaches,
    },
    secure: {
      code: lines('out = subprocess.check_output(["dig", $arg], text=True)', 'return out.strip()'),
      why: listed,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'out = subprocess.check_output(["sh", "-c", "dig " + $arg], text=True)',
            'return out.strip()',
          ),
          why: inner,
        },
        {
          code: lines(
            'out = subprocess.check_output(["bash", "-c", f"dig {$arg}"], text=True)',
            'return out.strip()',
          ),
          why: inner,
        },
        {
          code: lines(
            'safe = shlex.quote($arg)',
            'out = subprocess.check_output(["sh", "-c", "dig " + $arg], text=True)',
            'return out.strip()',
          ),
          why: 'safe is not used, $arg is.',
        },
      ],
      secure: [
        {
          code: lines('out = os.popen("dig " + shlex.quote($arg)).read()', 'return out.strip()'),
          why: quoted,
        },
        {
          code: lines('out = os.popen("dig localhost").read()', 'return out.strip()'),
          why: constant,
        },
        {
          code: lines('out = os.popen("dig " + "localhost").read()', 'return out.strip()'),
          why: constant,
        },
      ],
    },
  },
  {
    ...common,
    id: '078-disk-usage', // early
    signature: 'def $fn($arg):',
    goal: 'return the disk usage of $arg as du prints it',
    pools: {
      fn: ['disk_usage', 'usage', 'space_used', 'measure', 'folder_size', 'du_of', 'disk_size'],
      arg: ['path', 'target', 'area', 'root', 'file'],
    },
    api: { insecure: 'os.popen', secure: 'subprocess with a list' },
    insecure: { code: 'return os.popen("du -s " + $arg).read()', why: reaches },
    secure: {
      code: 'return subprocess.check_output(["du", "-s", $arg], text=True)',
      why: listed,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: 'return subprocess.check_output(["sh", "-c", "du -s " + $arg], text=True)',
          why: inner,
        },
        {
          code: 'return subprocess.check_output(["bash", "-c", f"du -s {$arg}"], text=True)',
          why: inner,
        },
        {
          code: lines(
            'safe = shlex.quote($arg)',
            'return subprocess.check_output(["sh", "-c", "du -s " + $arg], text=True)',
          ),
          why: 'safe is not used, $arg is.',
        },
      ],
      secure: [
        { code: 'return os.popen("du -s " + shlex.quote($arg)).read()', why: quoted },
        { code: 'return os.popen("du -s /var").read()', why: constant },
        {
          code: 'return os.popen("du -s " + "/var").read()',
          why: constant,
        },
      ],
    },
  },
  {
    ...common,
    id: '078-process-grep', // early
    signature: 'def $fn($arg):',
    goal: 'list the processes that match $arg with pgrep',
    pools: {
      fn: ['find_process', 'grep_process', 'list_process', 'match_process', 'pgrep', 'processes'],
      arg: ['word', 'name', 'text', 'label', 'task'],
    },
    api: { insecure: 'shell=True', secure: 'a list of arguments' },
    insecure: { code: 'subprocess.run("pgrep " + $arg, shell=True)', why: reaches },
    secure: { code: 'subprocess.run(["pgrep", $arg])', why: listed },
    fix,
    misleading: {
      insecure: [
        { code: 'subprocess.run(["sh", "-c", "pgrep " + $arg])', why: inner },
        { code: 'subprocess.run(["bash", "-c", f"pgrep {$arg}"])', why: inner },
        {
          code: lines(
            'safe = shlex.quote($arg)',
            'subprocess.run(["bash", "-c", "pgrep " + $arg])',
          ),
          why: 'safe is not used, $arg is.',
        },
      ],
      secure: [
        { code: 'subprocess.run("pgrep " + shlex.quote($arg), shell=True)', why: quoted },
        { code: 'subprocess.run("pgrep init", shell=True)', why: constant },
        { code: 'subprocess.run("pgrep " + "init", shell=True)', why: constant },
      ],
    },
  },
  {
    ...common,
    id: '078-git-clone', // middle
    signature: 'def $fn($arg):',
    goal: 'report and clone the repository at $arg',
    pools: {
      fn: ['git_clone', 'clone', 'fetch_repo', 'get_repo', 'clone_repo', 'copy_repo', 'mirror'],
      arg: ['url', 'path', 'host', 'source', 'site'],
    },
    api: { insecure: 'shell=True', secure: 'a list of arguments' },
    insecure: {
      code: lines('print("cloning", $arg)', 'subprocess.run(f"git clone {$arg}", shell=True)'),
      why: reaches,
    },
    secure: {
      code: lines('print("cloning", $arg)', 'subprocess.run(["git", "clone", $arg])'),
      why: listed,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'print("cloning", $arg)',
            'subprocess.run(["sh", "-c", "git clone " + $arg])',
          ),
          why: inner,
        },
        {
          code: lines(
            'print("cloning", $arg)',
            'subprocess.run(["bash", "-c", f"git clone {$arg}"])',
          ),
          why: inner,
        },
        {
          code: lines(
            'safe = shlex.quote($arg)',
            'subprocess.run(["bash", "-c", "git clone " + $arg])',
          ),
          why: 'safe is not used, $arg is.',
        },
      ],
      secure: [
        {
          code: lines(
            'print("cloning", $arg)',
            'subprocess.run(f"git clone {shlex.quote($arg)}", shell=True)',
          ),
          why: quoted,
        },
        {
          code: lines('print("cloning", $arg)', 'subprocess.run("git pull", shell=True)'),
          why: constant,
        },
        {
          code: lines(
            'print("cloning", $arg)',
            'subprocess.run("git clone " + "backup", shell=True)',
          ),
          why: constant,
        },
      ],
    },
  },
  {
    ...common,
    id: '078-convert-image', // middle
    signature: 'def $fn($arg):',
    goal: 'convert the image $arg to out.png and return whether it worked',
    pools: {
      fn: ['convert_image', 'convert', 'to_png', 'make_png', 'render', 'save_png', 'export_png'],
      arg: ['file', 'path', 'image', 'source', 'title'],
    },
    api: { insecure: 'shell=True', secure: 'a list of arguments' },
    insecure: {
      code: lines(
        'code = subprocess.call("convert " + $arg + " out.png", shell=True)',
        'return code == 0',
      ),
      why: reaches,
    },
    secure: {
      code: lines('code = subprocess.call(["convert", $arg, "out.png"])', 'return code == 0'),
      why: listed,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'code = subprocess.call(["sh", "-c", "convert " + $arg + " out.png"])',
            'return code == 0',
          ),
          why: inner,
        },
        {
          code: lines(
            'code = subprocess.call(["bash", "-c", f"convert {$arg} out.png"])',
            'return code == 0',
          ),
          why: inner,
        },
        {
          code: lines(
            'safe = shlex.quote($arg)',
            'code = subprocess.call(["bash", "-c", "convert " + $arg + " out.png"])',
            'return code == 0',
          ),
          why: 'safe is not used, $arg is.',
        },
      ],
      secure: [
        {
          code: lines(
            'code = subprocess.call("convert " + shlex.quote($arg) + " out.png", shell=True)',
            'return code == 0',
          ),
          why: quoted,
        },
        {
          code: lines(
            'code = subprocess.call("convert in.jpg out.png", shell=True)',
            'return code == 0',
          ),
          why: constant,
        },
        {
          code: lines(
            'code = subprocess.call("convert " + "in.jpg" + " out.png", shell=True)',
            'return code == 0',
          ),
          why: constant,
        },
      ],
    },
  },
];
