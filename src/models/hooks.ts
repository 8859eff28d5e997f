import { SutureError } from '../core/index.js';
import type { ModelConfig } from './config.js';

/** Hook points inside a block that lie on, or are added to, the residual stream: [b, s, d_model]. */
const RESIDUAL = [
  'hook_resid_pre',
  'hook_attn_out',
  'hook_resid_mid',
  'hook_mlp_out',
  'hook_resid_post',
];
/** Inputs of a block's two parts, after their norms: [b, s, d_model]. */
const INPUTS = ['attn.hook_in', 'mlp.hook_in'];

/** What the names of a model's hook points depend on. */
export type HookShape = Pick<ModelConfig, 'nLayers' | 'parallel'>;

/** All hook points of a model, in the order of the forward pass. */
export function hookNames({ nLayers, parallel }: HookShape): string[] {
  const attention = ['attn.hook_in', 'attn.hook_pattern', 'attn.hook_z', 'hook_attn_out'];
  const block = parallel
    ? ['hook_resid_pre', ...attention, 'mlp.hook_in', 'hook_mlp_out', 'hook_resid_post']
    : [
        'hook_resid_pre',
        ...attention,
        'hook_resid_mid',
        'mlp.hook_in',
        'hook_mlp_out',
        'hook_resid_post',
      ];
  return [
    'hook_embed',
    ...Array.from({ length: nLayers }, (_, i) => block.map((name) => `blocks.${i}.${name}`)).flat(),
    'ln_final.hook_normalized',
    'logits',
  ];
}

/** Whether interventions can act there: the hook's value is [b, s, d_model]. */
export function isResidualHook(name: string): boolean {
  const ends = (suffix: string) => name.endsWith(`.${suffix}`);
  return name === 'hook_embed' || RESIDUAL.some(ends) || INPUTS.some(ends);
}

/**
 * The hook points that a pattern names. `*` stands for any one part between dots, a negative
 * layer counts from the end: `blocks.*.hook_resid_post`, `blocks.-1.hook_resid_post`.
 *
 * @throws {SutureError} BAD_ARGUMENT where nothing matches, with the closest names there are
 */
export function matchHooks(pattern: string, config: HookShape): string[] {
  const resolved = pattern.replace(/^blocks\.-(\d+)\./, (_, n) => `blocks.${config.nLayers - n}.`);
  const parts = resolved.split('.');
  const names = hookNames(config);
  const matches = names.filter((name) => {
    const own = name.split('.');
    return own.length === parts.length && parts.every((part, i) => part === '*' || part === own[i]);
  });
  if (matches.length > 0) return matches;
  const general = [...new Set(names.map((name) => name.replace(/^blocks\.\d+/, 'blocks.{i}')))];
  throw new SutureError(
    'BAD_ARGUMENT',
    `No hook point is called "${pattern}". With ${config.nLayers} layers (i from 0 to ${config.nLayers - 1}) there are: ${general.join(', ')}.`,
  );
}
