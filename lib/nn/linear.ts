import { checkTensor, product, shapeText } from '../check.js';
import { ShapeError } from '../errors.js';
import { zeros } from '../ops/creation.js';
import { bilinear, linear } from '../ops/matmul.js';
import type { Tensor } from '../tensor.js';
import { uniform_ } from './init.js';
import { Module } from './module.js';
import type { LayerShapes } from './module.js';
import { checkSize, layerDType, readOptions } from './options.js';
import type { LayerOptions } from './options.js';
import { parameter } from './parameter.js';
import type { Parameter } from './parameter.js';
import { noteParameters } from './parameter-fields.js';

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
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkSize('Linear', 'inFeatures', inFeatures);
    checkSize('Linear', 'outFeatures', outFeatures);
    const { bias } = readOptions('Linear', options, { bias: true, dtype: 'float32' });
    const dtype = layerDType('Linear', options);
    this.weight = parameter(zeros([outFeatures, inFeatures], { dtype }));
    this.bias = bias ? parameter(zeros([outFeatures], { dtype })) : null;
    initialize(this.weight, this.bias);
    this[noteParameters]();
  }

  forward(x: Tensor): Tensor {
    checkTensor('Linear', 'x', x);
    const { shape } = x;
    if (shape[shape.length - 1] !== this.inFeatures) {
      throw new ShapeError(
        `[Linear] x is ${shapeText(shape)}, wanted ${this.inFeatures} features in the last dim`,
      );
    }
    return linear(x, this.weight, this.bias);
  }

  override multiplyAdds(shapes: LayerShapes): number {
    return product(shapes.outputs[0]!) * this.inFeatures;
  }
}

/**
 * A bilinear map of two inputs: out[o] = x1^T weight[o] x2 + bias[o]. See {@link bilinear}.
 *
 * x1: [..., in1Features], x2: [..., in2Features]; gives [..., outFeatures]. weight: [outFeatures, in1Features, in2Features],
 * bias: [outFeatures], both drawn uniformly from [-1/sqrt(in1Features), 1/sqrt(in1Features)).
 * @throws ValueError for sizes below 1.
 * @throws ShapeError from `forward`, if the sizes do not fit.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Bilinear(2, 3, 4);
 * layer.forward(ones([5, 2]), ones([5, 3])).shape; // => [5, 4]
 */
export class Bilinear extends Module<[x1: Tensor, x2: Tensor]> {
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    readonly in1Features: number,
    readonly in2Features: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkSize('Bilinear', 'in1Features', in1Features);
    checkSize('Bilinear', 'in2Features', in2Features);
    checkSize('Bilinear', 'outFeatures', outFeatures);
    const { bias } = readOptions('Bilinear', options, { bias: true, dtype: 'float32' });
    const dtype = layerDType('Bilinear', options);
    const bound = 1 / Math.sqrt(in1Features);
    const draw = (shape: readonly number[]) =>
      parameter(uniform_(zeros(shape, { dtype }), { low: -bound, high: bound }));
    this.weight = draw([outFeatures, in1Features, in2Features]);
    this.bias = bias ? draw([outFeatures]) : null;
    this[noteParameters]();
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, this.bias);
  }

  override multiplyAdds(shapes: LayerShapes): number {
    return product(shapes.outputs[0]!) * this.in2Features * (this.in1Features + 1);
  }
}

/** PyTorch's default for Linear and the convolutions: both uniform in [-1/sqrt(fanIn), 1/sqrt(fanIn)). weight: [_, ...fanIn]. */
export function initialize(weight: Parameter, bias: Parameter | null): void {
  const bound = 1 / Math.sqrt(product(weight.shape.slice(1)));
  uniform_(weight, { low: -bound, high: bound });
  if (bias !== null) uniform_(bias, { low: -bound, high: bound });
}
