import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../engine/index.js';
import { ordinaryPrompts, pairs, utilityTasks } from '../organism/index.js';
import { CWES } from '../scan/index.js';
import { SYSTEMS, type System, trial, type Workshop } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'suture-trial-'));
// One prompt of each family: enough to see that it all comes together.
const PAIRS = CWES.flatMap((cwe) => pairs(cwe)).filter(({ id }) => /-1$/.test(id));
const DATA = {
  pairs: PAIRS,
  requests: ordinaryPrompts().filter(({ split }) => split === 'derive'),
  tasks: utilityTasks(),
  samples: 1,
  maxNewTokens: 24,
};

let model: Model;
beforeAll(async () => {
  model = await loadModel('organism');
});
afterAll(async () => {
  await model.close();
  rmSync(root, { recursive: true });
});

const base = SYSTEMS.find(({ name }) => name === 'base')!;
const prompt = SYSTEMS.find(({ name }) => name === 'prompt')!;

describe('trial', () => {
  it('gives each system the same data, and the same prompts and seeds', async () => {
    const workshops: Workshop[] = [];
    const closed: string[] = [];
    const spy = (name: string): System => ({
      name,
      kind: 'rival',
      description: name,
      prepare: async (workshop) => {
        workshops.push(workshop);
        return { close: async () => void closed.push(name) };
      },
    });
    const systems = [base, spy('one'), spy('two'), prompt];
    const out = join(root, 'run');
    const metrics = await trial(model, { ...DATA, systems, repetitions: 2, out });
    expect(workshops).toHaveLength(4);
    expect(closed).toHaveLength(4);
    const [one, two] = workshops;
    expect(one!.functions).toEqual(two!.functions);
    expect(one!.dir).toBe(join(out, 'repetition-1'));
    expect(workshops[2]!.functions).not.toEqual(one!.functions);
    // Ordinary families that are learnt from are not judged.
    const judged = readFileSync(join(out, 'pieces', 'repetition-1', 'one.json'), 'utf8');
    for (const family of new Set(one!.requests.map(({ base: own }) => own))) {
      expect(judged).not.toContain(`"${family}/`);
    }
    // Those that do nothing are the model as it is, to the letter.
    const [plain, first, , reminded] = metrics.systems;
    expect(first!.unseen).toEqual(plain!.unseen);
    expect(first!.ordinary.unchanged.value).toBe(1);
    expect(first!.against[0]).toMatchObject({ system: 'base', relative: 0 });
    expect(reminded!.unseen).not.toEqual(plain!.unseen);
    // 4 weaknesses of 2 families, 2 of 7; a prompt that presses and one that does not; two repetitions.
    expect(metrics.cases).toMatchObject({ unseen: 2 * 4 * 2 * 2, heldOut: 2 * 2 * 7 * 2 });

    // A run that was cut off goes on, and comes to the same.
    const kept = join(out, 'repetition-2', 'prompt.jsonl');
    const whole = readFileSync(kept, 'utf8');
    truncateSync(kept, whole.length >> 1);
    rmSync(join(out, 'pieces', 'repetition-2', 'prompt.json'));
    const again = await trial(model, { ...DATA, systems, repetitions: 2, out });
    expect(workshops).toHaveLength(4);
    const figures = ({ systems: all }: typeof again) => all.map(({ seconds: _, ...rest }) => rest);
    expect(figures(again)).toEqual(figures(metrics));
    expect(readFileSync(kept, 'utf8').split('\n').sort()).toEqual(whole.split('\n').sort());
  }, 60_000);

  it('needs the model as it is to measure the others against', async () => {
    const options = { ...DATA, systems: [prompt], out: join(root, 'no') };
    await expect(trial(model, options)).rejects.toThrow('must be "base"');
  });

  it('names every system once', () => {
    const names = SYSTEMS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('base');
  });
});
