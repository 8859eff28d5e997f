import { describe, expect, it } from 'vitest';
import { Device, PROVIDERS } from './device.js';
import { loadModel } from './index.js';
import { fixture } from './testing/models.js';

describe('a device', () => {
  it.each(PROVIDERS)('%s works, or is refused with what it needs', async (provider) => {
    const opened = await Device.open({ provider, threads: 1 }).catch((thrown) => thrown);
    if (opened instanceof Device) {
      expect(opened.provider).toBe(provider);
      await opened.close();
      return;
    }
    expect(provider).not.toBe('cpu');
    expect(opened).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(
        new RegExp(`"${provider}" does not work here. It needs .+"cpu"`),
      ),
    });
  });

  it('that there is not is refused by name', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: what JavaScript callers may give
    const run = loadModel(fixture('llama_f32/model'), { device: 'tpu' as any });
    await expect(run).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('There is no device "tpu"; use one of cpu, webgpu'),
    });
  });
});
