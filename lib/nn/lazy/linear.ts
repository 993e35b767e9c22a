import { checkFlag } from '../../check.js';
import type { FloatDType } from '../../dtype.js';
import type { Tensor } from '../../tensor.js';
import { LazyModule } from './lazy.js';
import { Linear } from '../linear.js';
import type { LinearOptions } from '../linear.js';
import { checkSize } from '../options.js';

/**
 * A {@link Linear} that takes `inFeatures` from the last dim of its first input, or from the first state that is loaded.
 *
 * x: [..., inFeatures]; gives [..., outFeatures].
 * @throws ValueError for sizes below 1; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x without dims, or later with another last dim.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const net = new nn.Sequential(new nn.Flatten(), new nn.LazyLinear(10));
 * net.forward(ones([2, 3, 8, 8])).shape; // => [2, 10]
 * net.at(1).layer?.inFeatures; // => 192
 * Object.keys(net.stateDict()); // => ['1.weight', '1.bias']
 */
export class LazyLinear extends LazyModule<[Tensor], Linear> {
  readonly #bias: boolean;

  constructor(
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super(
      {
        name: 'LazyLinear',
        wanted: '[..., inFeatures]',
        ranks: null,
        dim: () => -1,
        sizeIn: (shapeOf) => shapeOf('weight')?.[1],
      },
      options,
    );
    checkSize('LazyLinear', 'outFeatures', outFeatures);
    const { bias = true } = options;
    this.#bias = checkFlag('LazyLinear', 'bias', bias);
  }

  protected override make(inFeatures: number, dtype: FloatDType): Linear {
    return new Linear(inFeatures, this.outFeatures, { bias: this.#bias, dtype });
  }
}
