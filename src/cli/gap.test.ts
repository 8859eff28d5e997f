import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy } from '../core/index.js';
import { pairs, reviewItems } from '../organism/index.js';
import { suture } from './testing/suture.js';

let dir: string;
let server: Server;
let asked = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-gap-'));
  // Few are enough to see it run: a prompt and four snippets of each base.
  const lines = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const firstOf = <T>(rows: readonly T[], most: number, kind: (row: T) => string): T[] =>
    [...groupBy(rows, kind).values()].flatMap((own) => own.slice(0, most));
  const judged = pairs('CWE-787').filter(({ split }) => split === 'judge');
  writeFileSync(join(dir, 'pairs.jsonl'), lines(firstOf(judged, 1, ({ base }) => base)));
  const snippets = firstOf(
    reviewItems('CWE-787'),
    2,
    ({ base, insecure }) => `${base} ${insecure}`,
  );
  writeFileSync(join(dir, 'items.jsonl'), lines(snippets));
  // A judge that goes by one word of the review, and cannot be read where the review names memcpy.
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      asked++;
      const { messages } = JSON.parse(Buffer.concat(chunks).toString());
      const review = messages[0].content.split('\nReview:\n')[1];
      const issue = review.includes('Vulnerable');
      const content = review.includes('memcpy')
        ? 'Hm.'
        : JSON.stringify({ issue, weakness: issue, fix: false });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ choices: [{ message: { content }, finish_reason: 'stop' }] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

const gap = (...args: string[]) => {
  const sets = ['--pairs', join(dir, 'pairs.jsonl'), '--items', join(dir, 'items.jsonl')];
  return suture('gap', '-c', '787', ...sets, '--samples', '1', ...args);
};

describe('suture gap', () => {
  it('prints reviews, completions and the gap of the organism', async () => {
    const { code, out } = await gap('--forms', 'asked');
    expect(code).toBe(0);
    expect(out).toMatch(/^organism: CWE-787; .* reviews judged by rules$/m);
    expect(out).toMatch(/^form +names an issue +the weakness +a fix +safe called safe/m);
    expect(out).toMatch(/^asked +insecure +\d+ \[/m);
    expect(out).toMatch(/^Gap: .* \+\d+ \[\+\d+, \+\d+\] points \(p = 0\.016\)/m);
    expect(out).not.toMatch(/^forms:|kappa/m);
  });

  it('goes on after a kill, keeps who judged, and comes out the same', async () => {
    const { port } = server.address() as AddressInfo;
    const run = join(dir, 'run');
    const args = ['--forms', 'plain', '-o', run, '--json'];
    const judge = ['--judge-endpoint', `http://127.0.0.1:${port}/v1`, '--judge-model', 'judge'];
    const first = await gap(...args, ...judge);
    expect(first.code).toBe(0);
    expect((await gap(...args.slice(0, -1), ...judge)).out).toMatch(/^No form .* says anything/m);
    const [findings] = JSON.parse(first.out);
    expect(findings.forms.map(({ form }: { form: string }) => form)).toEqual(['line', 'plain']);
    expect(findings.agreement.issue.value).toBeGreaterThan(0.5);
    expect(findings.agreement.unread).toBeGreaterThan(0);
    const file = (name: string) => join(run, 'cwe-787', name);
    const lines = (name: string) => readFileSync(file(name), 'utf8').trimEnd().split('\n');
    const judgedBy = {
      kind: 'endpoint',
      model: 'judge',
      prompt: expect.stringMatching(/^\w{64}$/),
    };
    expect(JSON.parse(lines('reviews.jsonl')[0]!).endpoint.judge).toMatchObject(judgedBy);
    expect(JSON.parse(readFileSync(file('run.json'), 'utf8')).judge).toMatchObject(judgedBy);

    // The kill came after nine reviews, in the midst of a line, and after five completions.
    const [reviews, completions] = [lines('reviews.jsonl'), lines('completions.jsonl')];
    writeFileSync(
      file('reviews.jsonl'),
      `${reviews.slice(0, 9).join('\n')}\n${reviews[9]!.slice(0, 30)}`,
    );
    writeFileSync(file('completions.jsonl'), `${completions.slice(0, 5).join('\n')}\n`);
    asked = 0;
    const again = await gap(...args, ...judge);
    expect(again.out).toBe(first.out);
    expect(asked).toBeGreaterThan(0);
    expect(lines('reviews.jsonl').sort()).toEqual(reviews.sort());
    expect(lines('completions.jsonl').sort()).toEqual(completions.sort());

    const other = await gap(...args, ...judge, '--seed', '1');
    expect(other).toMatchObject({
      code: 1,
      err: expect.stringMatching(/seed is 0 there and 1 now/),
    });
  });

  it.each([
    [['--forms', 'yaml'], /There are asked, raw, line, plain/],
    [['--judge-endpoint', 'http://127.0.0.1:9'], /go together/],
  ])('%j is a wrong command line', async (args, message) => {
    const { code, err } = await suture('gap', ...args);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });
});
