import { checkNumber, checkRange } from '../../check.js';
import { ValueError } from '../../errors.js';
import {
  celu,
  elu,
  hardtanh,
  leakyRelu,
  prelu,
  relu6,
  rrelu,
  selu,
  threshold,
} from '../../ops/activation.js';
import type { EluOptions, HardtanhOptions, LeakyReluOptions, RreluOptions } from '../../ops/activation.js';
import { full } from '../../ops/creation.js';
import { relu } from '../../ops/unary.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { checkSize, layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { noteParameters } from '../parameter-fields.js';

// Activations with a corner: they give x, or what lies on one side of it. All keep the shape of x.

/**
 * max(x, 0). See {@link relu}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ReLU().forward(tensor([-1.5, 2])).tolist(); // => [0, 2]
 */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/**
 * min(max(x, 0), 6). See {@link relu6}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ReLU6().forward(tensor([-1.5, 2, 8])).tolist(); // => [0, 2, 6]
 */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/**
 * x, or negativeSlope x where x is negative. See {@link leakyRelu}.
 *
 * @throws ValueError for an option that is unknown or no number.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.LeakyReLU({ negativeSlope: 0.5 }).forward(tensor([-1.5, 2])).tolist(); // => [-0.75, 2]
 */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  constructor(options: LeakyReluOptions = {}) {
    super();
    this.negativeSlope = readOptions('LeakyReLU', options, { negativeSlope: 0.01 }).negativeSlope;
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
}

export interface PReLULayerOptions extends LayerOptions {
  /** 1, or one slope for each channel. Default 1. */
  numParameters?: number;
  /** The slopes at first. Default 0.25. */
  init?: number;
}

/**
 * x, or weight x where x is negative, with learnt slopes (He et al., 2015). See {@link prelu}.
 *
 * x: [N, C, ...], C = numParameters, or any shape for a single slope. weight: [numParameters].
 * @throws ValueError for a number of slopes below 1.
 * @throws ShapeError from `forward`, if there are several slopes and another number of channels.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const layer = new nn.PReLU();
 * layer.forward(tensor([-1.0, 2], { dtype: 'float32' })).tolist(); // => [-0.25, 2]
 * layer.weight.shape; // => [1]
 */
export class PReLU extends Module {
  weight: Parameter;
  /** PyTorch's num_parameters. */
  readonly slopes: number;

  constructor(options: PReLULayerOptions = {}) {
    super();
    const { numParameters, init } = readOptions('PReLU', options, {
      numParameters: 1,
      init: 0.25,
      dtype: 'float32',
    });
    checkSize('PReLU', 'numParameters', numParameters);
    this.slopes = numParameters;
    this.weight = parameter(full([numParameters], init, { dtype: layerDType('PReLU', options) }));
    this[noteParameters]();
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}

/**
 * x, or slope x where x is negative; in training the slope of each element is drawn from [lower, upper), in evaluation it is
 * their mean (Xu et al., 2015). See {@link rrelu}.
 *
 * @throws ValueError if lower is above upper.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.RReLU({ lower: 0.25, upper: 0.75 }).eval().forward(tensor([-1.5, 2])).tolist(); // => [-0.75, 2]
 */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;

  constructor(options: RReLULayerOptions = {}) {
    super();
    const { lower, upper } = readOptions('RReLU', options, { lower: 1 / 8, upper: 1 / 3 });
    checkRange('RReLU', 'lower', lower, -Infinity, upper);
    this.lower = lower;
    this.upper = upper;
  }

  forward(x: Tensor): Tensor {
    return rrelu(x, { lower: this.lower, upper: this.upper, training: this.training });
  }
}

export type RReLULayerOptions = Omit<RreluOptions, 'training'>;

/**
 * x, or value where x is not above threshold. See {@link threshold}.
 *
 * @throws ValueError for what is no number.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Threshold(1, -5).forward(tensor([0.5, 1, 2])).tolist(); // => [-5, -5, 2]
 */
export class Threshold extends Module {
  constructor(
    readonly threshold: number,
    readonly value: number,
  ) {
    super();
    checkNumber('Threshold', 'threshold', threshold);
    checkNumber('Threshold', 'value', value);
  }

  forward(x: Tensor): Tensor {
    return threshold(x, this.threshold, this.value);
  }
}

/**
 * min(max(x, minVal), maxVal). See {@link hardtanh}.
 *
 * @throws ValueError if minVal is above maxVal.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Hardtanh({ maxVal: 2 }).forward(tensor([-1.5, 1.5, 4])).tolist(); // => [-1, 1.5, 2]
 */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;

  constructor(options: HardtanhOptions = {}) {
    super();
    const { minVal, maxVal } = readOptions('Hardtanh', options, { minVal: -1, maxVal: 1 });
    checkRange('Hardtanh', 'minVal', minVal, -Infinity, maxVal);
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  forward(x: Tensor): Tensor {
    return hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal });
  }
}

/**
 * x, or alpha (e^x - 1) where x is negative (Clevert, Unterthiner and Hochreiter, 2016). See {@link elu}.
 *
 * @throws ValueError for an option that is unknown or no number.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ELU({ alpha: 2 }).forward(tensor([-Infinity, 1.5])).tolist(); // => [-2, 1.5]
 */
export class ELU extends Module {
  readonly alpha: number;

  constructor(options: EluOptions = {}) {
    super();
    this.alpha = readOptions('ELU', options, { alpha: 1 }).alpha;
  }

  forward(x: Tensor): Tensor {
    return elu(x, { alpha: this.alpha });
  }
}

/**
 * max(0, x) + min(0, alpha (e^(x / alpha) - 1)), whose slope is 1 at 0 for every alpha (Barron, 2017). See {@link celu}.
 *
 * @throws ValueError for an alpha of 0.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.CELU({ alpha: 2 }).forward(tensor([-Infinity, 1.5])).tolist(); // => [-2, 1.5]
 */
export class CELU extends Module {
  readonly alpha: number;

  constructor(options: EluOptions = {}) {
    super();
    this.alpha = readOptions('CELU', options, { alpha: 1 }).alpha;
    if (this.alpha === 0) throw new ValueError('[CELU] alpha: got 0, wanted a number other than 0');
  }

  forward(x: Tensor): Tensor {
    return celu(x, { alpha: this.alpha });
  }
}

/**
 * scale (max(0, x) + min(0, alpha (e^x - 1))) with the alpha and scale that keep mean 0 and variance 1 from layer to layer
 * (Klambauer et al., 2017). See {@link selu}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.SELU().forward(tensor([0, 1.0], { dtype: 'float32' })).tolist(); // => [0, 1.0507]
 */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}
