import { checkFlag, checkOptions } from '../check.js';
import { zeros } from '../ops/creation.js';
import { linear } from '../ops/matmul.js';
import type { Tensor } from '../tensor.js';
import { kaimingUniform_, uniform_ } from './init.js';
import { Module } from './module.js';
import { checkSize, layerDType } from './options.js';
import type { LayerOptions } from './options.js';
import { parameter } from './parameter.js';
import type { Parameter } from './parameter.js';

export interface LinearOptions extends LayerOptions {
  /** Whether there is a bias. Default true. */
  bias?: boolean;
}

/**
 * x weight^T + bias.
 *
 * x: [..., inFeatures]; gives [..., outFeatures]. weight: [outFeatures, inFeatures], bias: [outFeatures], both drawn uniformly
 * from [-1/sqrt(inFeatures), 1/sqrt(inFeatures)).
 * @throws ValueError for sizes below 1.
 * @throws ShapeError from `forward`, if the last dim of x is not inFeatures.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Linear(4, 2);
 * layer.forward(ones([3, 4])).shape; // => [3, 2]
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkSize('Linear', 'inFeatures', inFeatures);
    checkSize('Linear', 'outFeatures', outFeatures);
    checkOptions('Linear', options);
    const { bias = true } = options;
    const dtype = layerDType('Linear', options);
    this.weight = parameter(zeros([outFeatures, inFeatures], { dtype }));
    this.bias = checkFlag('Linear', 'bias', bias) ? parameter(zeros([outFeatures], { dtype })) : null;
    initialize(this.weight, this.bias, inFeatures);
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/** PyTorch's default for Linear and Conv2d: both uniform in [-1/sqrt(fanIn), 1/sqrt(fanIn)). */
export function initialize(weight: Parameter, bias: Parameter | null, fanIn: number): void {
  // gain sqrt(1/3), so that the bound is 1/sqrt(fanIn).
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  const bound = 1 / Math.sqrt(fanIn);
  if (bias !== null) uniform_(bias, { low: -bound, high: bound });
}
