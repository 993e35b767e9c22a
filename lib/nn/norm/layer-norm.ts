import { checkRange, checkShape } from '../../check.js';
import { ValueError } from '../../errors.js';
import { ones, zeros } from '../../ops/creation.js';
import type { Shape } from '../../ops/creation.js';
import { rmsNorm } from '../../ops/group-norm.js';
import { layerNorm } from '../../ops/norm.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { noteParameters } from '../parameter-fields.js';

export interface LayerNormLayerOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether there is a weight, and a bias. Default true. */
  elementwiseAffine?: boolean;
  /** Whether there is a bias beside the weight. Default true. */
  bias?: boolean;
}

/** A shape of one dim or more. */
function normalizedDims(op: string, value: Shape): readonly number[] {
  const shape = checkShape(op, value).slice();
  if (shape.length === 0) throw new ValueError(`[${op}] normalizedShape: got [], wanted at least one dim`);
  return shape;
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
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: Shape, options: LayerNormLayerOptions = {}) {
    super();
    const shape = normalizedDims('LayerNorm', normalizedShape);
    const settings = readOptions('LayerNorm', options, {
      eps: 1e-5,
      elementwiseAffine: true,
      bias: true,
      dtype: 'float32',
    });
    checkRange('LayerNorm', 'eps', settings.eps, 0, Infinity);
    const affine = settings.elementwiseAffine;
    const dtype = layerDType('LayerNorm', options);
    this.normalizedShape = shape;
    this.eps = settings.eps;
    this.weight = affine ? parameter(ones(shape, { dtype })) : null;
    this.bias = affine && settings.bias ? parameter(zeros(shape, { dtype })) : null;
    this[noteParameters]();
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return scoped(() => layerNorm(x, this.normalizedShape, { weight, bias, eps }));
  }
}

export interface RMSNormLayerOptions extends LayerOptions {
  /** Added to the mean square. Default: the distance from 1 to the next number of x's dtype. */
  eps?: number | null;
  /** Whether there is a weight. Default true. */
  elementwiseAffine?: boolean;
}

/**
 * Divides by the root mean square over the last dims: x / sqrt(mean(x²) + eps) * weight (Zhang and Sennrich, 2019). See
 * {@link rmsNorm}.
 *
 * x: [..., ...normalizedShape]; gives the shape of x. weight: normalizedShape, ones at first.
 * @throws ValueError for an empty normalizedShape.
 * @throws ShapeError from `forward`, if the last dims of x are not normalizedShape.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.RMSNorm(2, { eps: 0 }).forward(tensor([[1.5, 2]])).tolist(); // => [[0.8485, 1.1314]]
 */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  weight: Parameter | null;

  constructor(normalizedShape: Shape, options: RMSNormLayerOptions = {}) {
    super();
    const shape = normalizedDims('RMSNorm', normalizedShape);
    const settings = readOptions<RMSNormLayerOptions>('RMSNorm', options, {
      eps: null,
      elementwiseAffine: true,
      dtype: 'float32',
    });
    if (settings.eps !== null) checkRange('RMSNorm', 'eps', settings.eps, 0, Infinity);
    const dtype = layerDType('RMSNorm', options);
    this.normalizedShape = shape;
    this.eps = settings.eps;
    this.weight = settings.elementwiseAffine ? parameter(ones(shape, { dtype })) : null;
    this[noteParameters]();
  }

  forward(x: Tensor): Tensor {
    const { weight, eps } = this;
    return rmsNorm(x, this.normalizedShape, { weight, eps });
  }
}
