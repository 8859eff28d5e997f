import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../engine/index.js';
import { CompletionScanner, fencedBlocks, languageOfTag } from './scanning.js';
import {
  eventsOf,
  openModel,
  RAW,
  repairVector,
  type Started,
  start,
  TASK,
} from './testing/models.js';

describe('fenced blocks', () => {
  it('are found with their languages and lines', () => {
    const text =
      'Here:\n```c\nint x;\n```\nand\n~~~~ python title="x"\nprint(1)\n```\n~~~~\n````\nopen';
    expect(fencedBlocks(text)).toEqual([
      { tag: 'c', code: 'int x;', line: 3 },
      { tag: 'python', code: 'print(1)\n```', line: 7 },
      { tag: '', code: 'open', line: 11 },
    ]);
  });

  it('of any text lie in it where they say', () => {
    const line = fc.constantFrom('```', '```py', '~~~', '````', 'a', '', '  ```c', 'b```');
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const { code, line } of fencedBlocks(lines.join('\n'))) {
          if (code === '') continue; // a block without lines
          const length = code.split('\n').length;
          expect(lines.slice(line - 1, line - 1 + length).join('\n')).toBe(code);
        }
      }),
    );
  });

  it('name languages as people do', () => {
    expect(
      ['py', 'C++', 'h', 'TSX', 'js', 'python3', 'typescriptreact'].map(languageOfTag),
    ).toEqual(['python', 'cpp', 'c', 'tsx', 'javascript', 'python', 'tsx']);
    expect(['', 'rust', '../x'].map(languageOfTag)).toEqual([undefined, undefined, undefined]);
  });
});

describe('a completion', () => {
  let scanner: CompletionScanner;
  beforeAll(async () => {
    scanner = await CompletionScanner.load();
  });

  it('is read where it goes, and answers for itself alone', () => {
    const before = 'import os\ndef f(host):\n    os.system("a " + host)\n    ';
    const { languages, findings } = scanner.code(
      'x = 1\n    os.system("ping " + host)\n',
      { before, after: '    os.system("b " + host)\n' },
      'python',
    );
    expect(languages).toEqual(['python']);
    expect(findings).toMatchObject([{ cwe: 'CWE-078', line: 2, column: 5 }]);
    const first = scanner.code('os.system("ping " + host)', { before, after: '' }, 'python');
    expect(first.findings).toMatchObject([{ cwe: 'CWE-078', line: 1, column: 1 }]);
    const begun = { before: `${before}os.system(`, after: '' };
    const ended = scanner.code('"ping " + host)\n', begun, 'python');
    expect(ended.findings).toMatchObject([{ cwe: 'CWE-078', line: 1 }]);
  });

  it('in an answer is read block by block', () => {
    const answer = 'Do this:\n```c\nchar b[8];\nstrcpy(b, s);\n```\n```rust\nunsafe {}\n```\n';
    const { languages, findings } = scanner.answer(answer);
    expect(languages).toEqual(['c']);
    expect(findings.map(({ line }) => line)).toEqual(findings.map(() => 4));
    expect(findings.map(({ cwe }) => cwe)).toContain('CWE-787');
    expect(scanner.answer('no code')).toEqual({ languages: [], findings: [] });
  });

  it('of less weight than asked for is left out', async () => {
    const strict = await CompletionScanner.load('critical');
    const code = 'char b[8];\nstrcpy(b, s);';
    const none = { before: '', after: '' };
    const all = scanner.code(code, none, 'c').findings;
    const some = strict.code(code, none, 'c').findings;
    expect(some.every(({ severity }) => severity === 'critical')).toBe(true);
    expect(some.length).toBeLessThan(all.length);
  });
});

interface Answer {
  choices: {
    text: string;
    message: { content: string };
    finish_reason: string;
    scan: { languages: string[]; findings: { cwe: string }[]; attempts: number };
  }[];
  usage: { completion_tokens: number };
  error: { code: string };
}

describe('a server that scans', () => {
  let model: Model;
  let on: Started;
  beforeAll(async () => {
    model = await openModel();
    on = await start(model, { vectors: { fix: await repairVector(model) } });
  });
  const asked = { model: 'base', prompt: RAW, temperature: 0, max_tokens: 40 };
  const ask = async (more: object, server = on, path = '/v1/completions') =>
    (await (await server.post(path, { ...asked, ...more })).json()) as Answer;
  const scan = (policy: string, language?: string) => ({ scan: { policy, language } });

  it('says nothing unless asked', async () => {
    expect((await ask({})).choices[0]).not.toHaveProperty('scan');
  });

  it('annotates', async () => {
    const [choice] = (await ask(scan('annotate', 'c'))).choices;
    expect(choice).toMatchObject({
      finish_reason: 'stop',
      scan: { languages: ['c'], attempts: 1 },
    });
    expect(choice!.text).toMatch(/^sprintf/);
    expect(choice!.scan.findings.map(({ cwe }) => cwe)).toContain('CWE-787');
    const [fixed] = (await ask({ ...scan('annotate', 'c'), model: 'base+fix' })).choices;
    expect(fixed!.scan.findings.map(({ cwe }) => cwe)).not.toContain('CWE-787');
  });

  it('annotates a stream with its last event', async () => {
    const body = { ...asked, ...scan('annotate', 'c'), stream: true };
    const events = eventsOf(await (await on.post('/v1/completions', body)).text()) as Answer[];
    const told = events.flatMap(({ choices = [] }) => choices);
    expect(told.length).toBeGreaterThan(3);
    expect(told.filter(({ scan }) => scan)).toEqual([told.at(-1)]);
    expect(told.at(-1)).toMatchObject({ finish_reason: 'stop', scan: { languages: ['c'] } });
  });

  it('knows no language that nobody names', async () => {
    expect((await ask(scan('block'))).choices[0]).toMatchObject({
      finish_reason: 'stop',
      scan: { languages: [], findings: [] },
    });
    const copilot = await ask({ ...scan('annotate'), extra: { language: 'c' } });
    expect(copilot.choices[0]!.scan.languages).toEqual(['c']);
    const messages = [{ role: 'user', content: TASK }];
    const chat = await ask({ ...scan('annotate', 'c'), messages }, on, '/v1/chat/completions');
    expect(chat.choices[0]!.scan.languages).toEqual(['c']);
  });

  it('blocks, also what would be streamed', async () => {
    const blocked = { text: '', finish_reason: 'content_filter' };
    expect((await ask(scan('block', 'c'))).choices[0]).toMatchObject(blocked);
    const body = { ...asked, ...scan('block', 'c'), stream: true };
    const text = await (await on.post('/v1/completions', body)).text();
    expect(text).not.toContain('name);');
    expect(text).toContain('"finish_reason":"content_filter"');
    const [fixed] = (await ask({ ...scan('block', 'python'), model: 'base+fix' })).choices;
    expect(fixed).toMatchObject({
      finish_reason: 'stop',
      text: expect.stringMatching(/^snprintf/),
    });
  });

  it('writes again, and hands out what is clean or nothing', async () => {
    // Temperature 1 writes the safe call now and then; the seeds make it so in this order.
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, seed) =>
        ask({ ...scan('regenerate', 'c'), temperature: 1.2, seed }),
      ),
    );
    const choices = all.map(({ choices }) => choices[0]!);
    for (const { finish_reason, text, scan } of choices) {
      const clean = scan.findings.length === 0;
      expect(finish_reason === 'content_filter').toBe(!clean);
      if (!clean) expect([text, scan.attempts]).toEqual(['', 4]);
    }
    const later = choices.filter(({ text, scan }) => text !== '' && scan.attempts > 1);
    expect(later.length).toBeGreaterThan(0);
    const again = await ask({ ...scan('regenerate', 'c'), temperature: 1.2, seed: 0 });
    expect(again.choices[0]).toEqual(choices[0]);
    // What was thrown away was computed too.
    const single = await ask({ temperature: 0 });
    const greedy = await ask(scan('regenerate', 'c'));
    expect(greedy.choices[0]!.scan.attempts).toBeGreaterThan(1);
    expect(greedy.usage.completion_tokens).toBeGreaterThan(single.usage.completion_tokens);
  });

  it('lets requests ask for more than its policy, and not for less', async () => {
    const strict = await start(model, { scan: 'annotate', scanLanguage: 'c' });
    expect((await ask({}, strict)).choices[0]!.scan.languages).toEqual(['c']);
    expect((await ask(scan('block'), strict)).choices[0]!.finish_reason).toBe('content_filter');
    expect((await ask(scan('off'), strict)).error.code).toBe('policy');
    const text = await (await fetch(`${strict.url}/metrics`)).text();
    expect(text).toMatch(/suture_findings_total\{cwe="CWE-787"\} \d/);
    expect(text).toMatch(/^suture_withheld_total 1$/m);
  });
});
