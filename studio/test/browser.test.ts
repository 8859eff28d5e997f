import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../src/engine/index.js';
import type { RepairMetrics } from '../../src/repair/index.js';
import { renderRepairReport } from '../../src/report/index.js';
import { plausibleMetrics } from '../../src/report/testing/metrics.js';
import { openModel, repairVector, start, TASK } from '../../src/server/testing/models.js';

const SAMPLES = 50_000;
const root = mkdtempSync(join(tmpdir(), 'suture-cli-studio-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The browser of this machine, where it has one. */
const browserPath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((dir) =>
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(dir, name)),
  )
  .find(existsSync);
if (!browserPath) console.warn('No Chromium here: the page of the studio is not tested.');

/** A run with the figures of a plausible one, and many samples. */
function makeRun(dir: string, metrics: RepairMetrics): void {
  const { cwe, model } = metrics;
  const line = (i: number) =>
    JSON.stringify({
      condition: i % 2 === 0 ? 'none' : 'steered',
      pair: `log-line/judge-${i}`,
      base: 'log-line',
      intent: 'insecure',
      sample: 0,
      text: `snprintf(out, cap, "${i}");`,
      finishReason: 'eos',
      judgement: { outcome: i % 5 === 0 ? 'insecure' : 'secure', reason: `reason ${i}` },
    });
  const lines = Array.from({ length: SAMPLES }, (_, i) => line(i));
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'run.json'), JSON.stringify({ command: 'repair', cwe, model }));
  writeFileSync(join(dir, 'metrics.json'), JSON.stringify(metrics));
  writeFileSync(join(dir, 'report.html'), renderRepairReport(metrics));
  writeFileSync(join(dir, 'samples.jsonl'), `${lines.join('\n')}\n{"torn`);
}

/** Stands in for a command: it says how far it is, and goes on until it is interrupted. */
const launch = () =>
  spawn(process.execPath, [
    '-e',
    "console.error('find the layer 3/10'); setInterval(() => {}, 1000)",
  ]);

describe.skipIf(!browserPath)('the studio in a browser', () => {
  let browser: Browser;
  let page: Page;
  let url: string;
  let model: Model;
  const metrics = plausibleMetrics();
  const faults: string[] = [];

  beforeAll(async () => {
    makeRun(join(root, 'all/cwe-787'), metrics);
    model = await openModel();
    const vectors = { 'all.cwe-787': await repairVector(model) };
    url = `${(await start(model, { studio: { runs: root, launch }, vectors })).url}/studio`;
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: browserPath!, args });
    page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(new URL(url).origin))
        faults.push(`a request to ${request.url()}`);
    });
  }, 60_000);
  afterAll(() => browser?.close());

  it('opens on the runs, and shows the curves of one, which keys can read and save', async () => {
    await page.goto(url);
    await page.getByRole('link', { name: 'all/cwe-787' }).click();
    const curve = metrics.curves.find(({ random, site }) => !random && site === 'decision')!;
    const chart = page.getByRole('application', { name: `decision point, layer ${curve.layer}` });
    await chart.focus();
    await chart.press('ArrowRight');
    await chart.press('ArrowRight');
    const figure = page.locator('figure', { has: chart });
    const point = curve.points.toSorted((a, b) => a.strength - b.strength)[1]!;
    const share = `${(100 * point.rates.secureWellFormed.value).toFixed(1)}\u00a0%`;
    expect(await figure.locator('[aria-live]').textContent()).toContain(
      `strength ${point.strength}: secure & well-formed ${share}`,
    );
    for (const [kind, begins] of [
      ['SVG', '<svg'],
      ['PNG', '\u0089PNG'],
      ['CSV', 'strength,secure & well-formed,'],
    ] as const) {
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        figure.getByRole('button', { name: `Save as ${kind}` }).click(),
      ]);
      const bytes = Buffer.concat(await (await saved.createReadStream()).toArray());
      expect(bytes.toString('latin1').slice(0, begins.length)).toBe(begins);
    }
    await page.getByText('Random vectors').first().waitFor();
    expect(await page.getByRole('row', { name: /^steering vector/i }).count()).toBeGreaterThan(0);
  });

  it('starts a run, shows how far it is, and cancels it', async () => {
    await page.goto(url);
    await page.getByText('New run').click();
    await page.getByLabel('weakness').selectOption('CWE-089');
    await page.getByRole('button', { name: 'Start' }).click();
    const bar = page.getByRole('progressbar', { name: 'Progress of repair-cwe-089-seed0' });
    await page.getByText('find the layer 3/10').waitFor();
    expect(await bar.evaluate((it) => [it.getAttribute('value'), it.getAttribute('max')])).toEqual([
      '3',
      '10',
    ]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('cancelled; started again, it goes on').waitFor();
    await page.getByRole('link', { name: 'all/cwe-787' }).click();
  });

  it('scrolls 50,000 samples with a few rows in the document, and filters them', async () => {
    await page.getByRole('link', { name: 'Samples' }).click();
    const status = page.getByText(`50,000 of 50,000 samples; 1 lines could not be read`);
    await status.waitFor();
    const list = page.getByRole('listbox', { name: 'Samples' });
    await list.press('End');
    expect(await list.getByRole('option').count()).toBeLessThan(100);
    await page.getByText('reason 49999').waitFor();
    await page.getByLabel('outcome').selectOption('insecure');
    await page.getByLabel('condition').selectOption('none');
    await page.getByText('5,000 of 50,000 samples').waitFor();
    expect(await list.getByRole('option').allTextContents()).toSatisfy((rows: string[]) =>
      rows.every((row) => row.startsWith('insecurenone')),
    );
    await page.getByLabel('text or reason').fill('reason 49990');
    await page.getByText('1 of 50,000 samples').waitFor();
  });

  it('frames the report of the run itself', async () => {
    await page.getByRole('link', { name: 'Report', exact: true }).click();
    const frame = page.frameLocator('iframe');
    await frame.getByRole('heading', { level: 1, name: /^What happened to/ }).waitFor();
  });

  it('steers in the playground: both completions, where they part, and what the scanner finds', async () => {
    await page.getByRole('link', { name: 'Playground' }).click();
    await page.getByLabel(/^Prompt for/).fill(TASK);
    await page.getByRole('button', { name: 'Write' }).click();
    const base = page.getByRole('region', { name: 'As it is' });
    const steered = page.getByRole('region', { name: /^With all\.cwe-787, strength/ });
    await base.getByText('without a bound').first().waitFor();
    await steered.getByText('The scanner found nothing.').waitFor();
    const written = async (side: typeof base) => (await side.locator('pre').textContent())!;
    expect(await written(base)).toContain('sprintf(');
    expect(await written(steered)).toContain('snprintf(');
    await page
      .getByText(
        /^They part at token \d+: “.*sprintf.*” \(p = [01]\.\d+\) as it is, “.*” \(p = [01]\.\d+\) with the vector\.$/,
      )
      .waitFor();
    expect(await page.locator('.token.parts').count()).toBe(2);

    // Without strength there is nothing to steer with; a negative one cannot be chosen.
    const strength = page.getByRole('slider', { name: /^strength/ });
    await strength.press('Home');
    await strength.press('ArrowLeft');
    await page.getByText('Both are the same, token by token.').waitFor();
    expect(await strength.inputValue()).toBe('0');
  });

  it('asks for the key where the server has one', async () => {
    const shut = await start(model, { studio: { runs: root, launch }, apiKeys: ['secret'] });
    const other = await browser.newPage();
    await other.goto(`${shut.url}/studio`);
    const key = other.getByLabel(/^Key of this server/);
    await key.fill('guess');
    await key.press('Enter');
    await other.getByText('This server has no such key.').waitFor();
    await key.fill('secret');
    await key.press('Enter');
    await other.getByText('New run').waitFor();
    await other.getByRole('link', { name: 'all/cwe-787' }).click();
    await other.getByRole('link', { name: 'Report', exact: true }).click();
    const frame = other.frameLocator('iframe');
    await frame.getByRole('heading', { level: 1, name: /^What happened to/ }).waitFor();
    await other.close();
  });

  it('reads in the dark and on a narrow window, and nothing went wrong on the way', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 360, height: 700 });
    for (const hash of ['#/', '#/playground']) {
      await page.goto(url + hash);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const wider = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
      expect(wider).toBe(false);
    }
    const page_ = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(page_).toBe('rgb(20, 23, 27)');
    expect(faults).toEqual([]);
  });
});
