import { checkChoice, checkRange, describe } from '../../check.js';
import { DTypeError } from '../../errors.js';
import { gelu, relu } from '../../ops/unary.js';
import type { Tensor } from '../../tensor.js';
import type { Dropout } from '../dropout.js';
import type { Linear } from '../linear.js';
import { readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';

/** Between the two linear maps of a layer. */
export type TransformerActivation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

export interface TransformerLayerOptions extends LayerOptions {
  /** Features between the two linear maps. Default 2048. */
  dimFeedforward?: number;
  /** Probability of dropping, in training. Default 0.1. */
  dropout?: number;
  /** Default relu. */
  activation?: TransformerActivation;
  /** Added to the variance in the norms. Default 1e-5. */
  layerNormEps?: number;
  /** Whether inputs are [N, L, E] and not [L, N, E]. Default false. */
  batchFirst?: boolean;
  /** Whether the norms stand before attention and feed-forward, not behind the sums. Default false. */
  normFirst?: boolean;
  /** Whether linear maps and norms have biases. Default true. */
  bias?: boolean;
}

export type LayerSettings = Required<TransformerLayerOptions>;

const defaults: LayerSettings = {
  dimFeedforward: 2048,
  dropout: 0.1,
  activation: 'relu',
  layerNormEps: 1e-5,
  batchFirst: false,
  normFirst: false,
  bias: true,
  dtype: 'float32',
};

export const layerOptionNames: readonly string[] = Object.keys(defaults);

export function readLayerOptions(name: string, options: TransformerLayerOptions): LayerSettings {
  const settings = readOptions<TransformerLayerOptions>(name, options, defaults);
  checkRange(name, 'dropout', settings.dropout, 0, 1);
  checkRange(name, 'layerNormEps', settings.layerNormEps, 0, Infinity);
  if (typeof settings.activation !== 'function') {
    checkChoice(name, 'activation', settings.activation, ['relu', 'gelu']);
  }
  return settings;
}

export function activationOf(name: string, activation: TransformerActivation): (x: Tensor) => Tensor {
  if (typeof activation === 'function') return activation;
  if (activation === 'relu') return (x) => relu(x);
  if (activation === 'gelu') return (x) => gelu(x);
  throw new DTypeError(`[${name}] activation: got ${describe(activation)}, wanted relu, gelu or a function`);
}

/** The layers of the feed-forward part, as those of encoder and decoder hold them. */
interface FeedForward {
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
}

/** last(linear2(dropout(activation(linear1(x))))). */
export function feedForward(
  { linear1, dropout, linear2 }: FeedForward,
  activation: (x: Tensor) => Tensor,
  last: Dropout,
  x: Tensor,
): Tensor {
  return last.forward(linear2.forward(dropout.forward(activation(linear1.forward(x)))));
}
