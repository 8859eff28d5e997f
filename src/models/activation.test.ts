import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Graph, serialize } from '../graph/index.js';
import { activation } from './activation.js';
import { gelu, geluTanh, relu, silu } from './testing/oracle.js';

const quickGelu = (x: number) => x / (1 + Math.exp(-1.702 * x));

describe('activation', () => {
  it.each<[string, (x: number) => number]>([
    ['gelu', gelu],
    ['gelu_python', gelu],
    ['gelu_new', geluTanh],
    ['gelu_fast', geluTanh],
    ['gelu_accurate', geluTanh],
    ['gelu_pytorch_tanh', geluTanh],
    ['gelu_python_tanh', geluTanh],
    ['quick_gelu', quickGelu],
    ['relu', relu],
    ['silu', silu],
    ['swish', silu],
  ])('%s, from the far left to the far right', async (name, definition) => {
    const points = Float32Array.from({ length: 161 }, (_, i) => (i - 80) / 8);
    const graph = new Graph();
    const x = graph.input('x', 'f32', [points.length]);
    graph.output('y', activation(name, 'hidden_act', 'config.json')(x));
    const session = await ort.InferenceSession.create(serialize(graph));
    const { y } = await session.run({ x: new ort.Tensor('float32', points, [points.length]) });
    await session.release();
    for (const [i, value] of (y!.data as Float32Array).entries()) {
      expect(Math.abs(value - definition(points[i]!)), `${name}(${points[i]})`).toBeLessThan(2e-6);
    }
  });

  it('says where a name stands that is not known, and which are', () => {
    const act = () => activation('mish', 'activation_function', 'there/config.json');
    expect(act).toThrow('there/config.json: activation_function "mish" is not supported');
    expect(act).toThrow('gelu_new');
  });
});
