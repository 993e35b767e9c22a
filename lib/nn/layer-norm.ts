import { checkFlag, checkOptions, checkRange, checkShape } from '../check.js';
import { ValueError } from '../errors.js';
import { ones, zeros } from '../ops/creation.js';
import type { Shape } from '../ops/creation.js';
import { layerNorm } from '../ops/norm.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';
import { layerDType } from './options.js';
import type { LayerOptions } from './options.js';
import { parameter } from './parameter.js';
import type { Parameter } from './parameter.js';

export interface LayerNormLayerOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether there is a weight, and a bias. Default true. */
  elementwiseAffine?: boolean;
  /** Whether there is a bias beside the weight. Default true. */
  bias?: boolean;
}

/**
 * Normalises the last dims: (x - mean) / sqrt(variance + eps) * weight + bias (Ba, Kiros and Hinton, 2016).
 *
 * x: [..., ...normalizedShape]; gives the shape of x. weight: normalizedShape, ones at first; bias: the same, zeros at first.
 * @throws ValueError for an empty normalizedShape.
 * @throws ShapeError from `forward`, if the last dims of x are not normalizedShape.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.LayerNorm(2, { eps: 0 }).forward(tensor([[1.5, 3.5], [4, 8]])).tolist(); // => [[-1, 1], [-1, 1]]
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  constructor(normalizedShape: Shape, options: LayerNormLayerOptions = {}) {
    super();
    const shape = checkShape('LayerNorm', normalizedShape).slice();
    if (shape.length === 0)
      throw new ValueError('[LayerNorm] normalizedShape: got [], wanted at least one dim');
    checkOptions('LayerNorm', options);
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    checkRange('LayerNorm', 'eps', eps, 0, Infinity);
    const affine = checkFlag('LayerNorm', 'elementwiseAffine', elementwiseAffine);
    const shifted = checkFlag('LayerNorm', 'bias', bias) && affine;
    const dtype = layerDType('LayerNorm', options);
    this.normalizedShape = shape;
    this.eps = eps;
    this.weight = affine ? parameter(ones(shape, { dtype })) : null;
    this.bias = shifted ? parameter(zeros(shape, { dtype })) : null;
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }
}
