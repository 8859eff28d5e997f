import { expect, it } from 'vitest';
import { gateShares, pruneGates, streamHooks } from './analyser.js';

it('closes gates that let next to nothing through, and forgets layers that none reads', () => {
  // Shares are the softmax of 30 times what is trained: the first head reads layer 0 and 2 alike.
  const gates = { dims: [2, 3], data: Float32Array.of(0.2, 0, 0.2, 0.1, -0.3, -0.3) };
  const shares = gateShares(gates);
  expect(shares[0]![0]).toBeCloseTo(1 / (2 + Math.exp(-6)), 6);
  const pruned = pruneGates(gates);
  expect(pruned.layers).toEqual([0, 2]);
  const [first, second] = gateShares(pruned.gates);
  expect(first![0]).toBeCloseTo(0.5, 6);
  expect(second).toEqual([1, 0]);
});

it('reads the embedding first, then each block', () => {
  expect(streamHooks({ nLayers: 2 }, 'all')).toEqual([
    'blocks.0.hook_resid_pre',
    'blocks.0.hook_resid_post',
    'blocks.1.hook_resid_post',
  ]);
  expect(streamHooks({ nLayers: 2 }, 1)).toEqual(['blocks.1.hook_resid_post']);
});
