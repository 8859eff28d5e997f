import { describe, expect, it } from 'vitest';
import { checkDeepGuardPreset, DEEPGUARD_PRESETS, deepGuardPreset } from './presets.js';

describe('presets', () => {
  it('have figures that agree with each other: secure and passing is passing times secure of it', () => {
    expect(DEEPGUARD_PRESETS).toHaveLength(5);
    for (const { name, published } of DEEPGUARD_PRESETS) {
      expect(Object.keys(published)).toHaveLength(7);
      for (const [system, { pass, secureOfPassing, securePass }] of Object.entries(published)) {
        const product = (pass * secureOfPassing) / 100;
        expect(Math.abs(product - securePass), `${name} ${system}`).toBeLessThan(0.03);
      }
    }
  });

  it('come to the relative gain over SVEN that the paper reports', () => {
    const gains = DEEPGUARD_PRESETS.map(
      ({ published: { DeepGuard, SVEN } }) => 100 * (DeepGuard!.securePass / SVEN!.securePass - 1),
    );
    expect(gains.reduce((a, b) => a + b) / gains.length).toBeCloseTo(11.9, 1);
  });

  it('are refused beside other models, and by names that there are none of', () => {
    const preset = deepGuardPreset('deepguard/seed-coder-8b');
    const config = { family: 'llama', nLayers: 32, dModel: 4096 };
    expect(() => checkDeepGuardPreset(preset, { id: 'mine', config })).not.toThrow();
    const other = { ...config, nLayers: 6 };
    expect(() => checkDeepGuardPreset(preset, { id: 'mine', config: other })).toThrow(
      'of mine nLayers is 6, not 32',
    );
    expect(() => deepGuardPreset('deepguard/gpt')).toThrow('there are deepguard/qwen2.5-coder-3b');
  });
});
