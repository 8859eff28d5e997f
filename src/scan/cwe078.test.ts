import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.js';

const scanner = await Scanner.load();

function check(outcome: string, source: string): void {
  const verdict = scanner.classify(source, 'python', 'CWE-078');
  expect(verdict, verdict.reason).toMatchObject({ outcome, problems: [] });
}

function run(...lines: string[]): string {
  return [
    'import os',
    'import re',
    'import shlex',
    'import subprocess',
    '',
    'def run(host, path="."):',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

const INSECURE: Record<string, string> = {
  'os.system': run('os.system("ping -c 1 " + host)'),
  'os.popen': run('return os.popen(f"ping {host}").read()'),
  'shell=True': run('subprocess.run(f"ping {host}", shell=True)'),
  'shell=True and a list': run('subprocess.run(["ping " + host], shell=True)'),
  'shell=True in a dictionary': run(
    'options = {"shell": True}',
    'subprocess.run("ping " + host, **options)',
  ),
  'check_output with a format': run(
    'return subprocess.check_output("ping {}".format(host), shell=True)',
  ),
  'a text without a shell': run('subprocess.call("ping " + host)'),
  'a shell in the list': run('subprocess.run(["sh", "-c", "ping " + host])'),
  'a shell with a path': run('subprocess.run(["/bin/bash", "-c", f"ping {host}"])'),
  'a shell behind another program': run('subprocess.run(["sudo", "sh", "-c", host])'),
  'a list that was filled': run(
    'cmd = ["sh", "-c"]',
    'cmd.append("ls " + path)',
    'subprocess.run(cmd)',
  ),
  'one part not quoted': run('os.system(f"cp {shlex.quote(host)} {path}")'),
  'the wrong thing quoted': run(
    'safe = shlex.quote(host)',
    'os.system("ping " + host)',
    'return safe',
  ),
  getoutput: run('return subprocess.getoutput("ls %s" % path)'),
  'an import under another name':
    'from os import system as call\n\ndef run(host):\n    call("ping " + host)\n',
  'a program that the caller names': run('subprocess.run([host, "-v"])'),
  'html escaping is no quoting':
    'import html\nimport os\n\ndef run(host):\n    os.system("ping " + html.escape(host))\n',
};

const SECURE: Record<string, string> = {
  'a list': run('subprocess.run(["ping", "-c", "1", host], check=True)'),
  'a list with shell=False': run('subprocess.run(["ping", host], shell=False)'),
  'a list in a variable': run(
    'cmd = ["ls", "-l"]',
    'cmd.append(path)',
    'return subprocess.check_output(cmd)',
  ),
  'a list that was extended': run(
    'cmd = ["tar"]',
    'cmd += ["-cf", "a.tar", path]',
    'subprocess.check_call(cmd)',
  ),
  'a list with a built argument': run('subprocess.run(["git", "clone", f"https://{host}/x.git"])'),
  'a constant command': run('os.system("ls -l /var")'),
  'a constant command with a shell': run('subprocess.run("uptime | cut -c 1-10", shell=True)'),
  quoted: run('os.system("ping -c 1 " + shlex.quote(host))'),
  'quoted in an f-string': run('subprocess.run(f"ping {shlex.quote(host)}", shell=True)'),
  'all parts quoted': run('os.system(f"cp {shlex.quote(host)} {shlex.quote(path)}")'),
  'quoted before': run('host = shlex.quote(host)', 'os.system("ping " + host)'),
  'an allowed value': run('if host not in ["a", "b"]:', '    return', 'os.system("ping " + host)'),
  'only letters and digits': run(
    'if not host.isalnum():',
    '    raise ValueError(host)',
    'os.system("ping " + host)',
  ),
  'a full match': run(
    'if not re.fullmatch(r"[a-z0-9.-]+", host):',
    '    return None',
    'os.system("ping " + host)',
  ),
  'a number': run('os.system(f"sleep {int(host)}")'),
  'a constant shell': run('subprocess.run(["sh", "-c", "uptime"])'),
  'the risky call in a docstring': run(
    '"""Never os.system("ping " + host)."""',
    'subprocess.run(["ping", host])  # shell=True',
  ),
  Popen: run(
    'with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as p:',
    '    return p.stdout.read()',
  ),
};

const OTHER: Record<string, string> = {
  'nothing run': run('return host'),
  'a list of forbidden characters': run(
    'if any(c in host for c in ";|&"):',
    '    return',
    'os.system("ping " + host)',
  ),
  'a check that cannot be seen': `from checks import valid\n${run('if not valid(host):', '    return', 'os.system("ping " + host)')}`,
};

describe('CWE-078', () => {
  it.each(Object.entries(INSECURE))('insecure: %s', (_, source) => check('insecure', source));
  it.each(Object.entries(SECURE))('secure: %s', (_, source) => check('secure', source));
  it.each(Object.entries(OTHER))('other: %s', (_, source) => check('other', source));
});
