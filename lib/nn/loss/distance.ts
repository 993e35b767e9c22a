import { checkRange } from '../../check.js';
import { ValueError } from '../../errors.js';
import {
  diceLoss,
  huberLoss,
  l1,
  logCoshLoss,
  mse,
  smoothL1Loss,
  tverskyLoss,
} from '../../ops/losses/index.js';
import type {
  DiceOptions,
  HuberOptions,
  LossOptions,
  SmoothL1Options,
  TverskyOptions,
} from '../../ops/losses/index.js';
import type { Tensor } from '../../tensor.js';
import { readOptions } from '../options.js';
import { Loss } from './loss.js';

// Losses of the difference of input and target, and of the overlap of two sets.

/**
 * (input - target)². See {@link mse}.
 *
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MSELoss().forward(tensor([1, 2.5]), tensor([1, 0.5])).item(); // => 2
 */
export class MSELoss extends Loss {
  constructor(options: LossOptions = {}) {
    super('MSELoss', readOptions('MSELoss', options, { reduction: 'mean' }).reduction);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return mse(input, target, { reduction: this.reduction });
  }
}

/**
 * |input - target|. See {@link l1}.
 *
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.L1Loss().forward(tensor([1, 2.5]), tensor([1, 0.5])).item(); // => 1
 */
export class L1Loss extends Loss {
  constructor(options: LossOptions = {}) {
    super('L1Loss', readOptions('L1Loss', options, { reduction: 'mean' }).reduction);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return l1(input, target, { reduction: this.reduction });
  }
}

/**
 * d² / (2 beta) where d = |input - target| is below beta, else d - beta / 2 (Girshick, 2015). See {@link smoothL1Loss}.
 *
 * @throws ValueError for a negative beta.
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.SmoothL1Loss({ reduction: 'none' }).forward(tensor([0.5, 3]), tensor([0, 0])).tolist(); // => [0.125, 2.5]
 */
export class SmoothL1Loss extends Loss {
  readonly beta: number;

  constructor(options: SmoothL1Options = {}) {
    const { reduction, beta } = readOptions('SmoothL1Loss', options, { reduction: 'mean', beta: 1 });
    super('SmoothL1Loss', reduction);
    checkRange('SmoothL1Loss', 'beta', beta, 0, Infinity);
    this.beta = beta;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, { beta: this.beta, reduction: this.reduction });
  }
}

/**
 * d² / 2 where d = |input - target| is below delta, else delta (d - delta / 2) (Huber, 1964). See {@link huberLoss}.
 *
 * @throws ValueError unless delta is above 0.
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const loss = new nn.HuberLoss({ reduction: 'none', delta: 2 });
 * loss.forward(tensor([1, 4]), tensor([0, 0])).tolist(); // => [0.5, 6]
 */
export class HuberLoss extends Loss {
  readonly delta: number;

  constructor(options: HuberOptions = {}) {
    const { reduction, delta } = readOptions('HuberLoss', options, { reduction: 'mean', delta: 1 });
    super('HuberLoss', reduction);
    if (!(delta > 0)) throw new ValueError(`[HuberLoss] delta: got ${delta}, wanted a number above 0`);
    this.delta = delta;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, { delta: this.delta, reduction: this.reduction });
  }
}

/**
 * log cosh(input - target), which is near half the square of small differences and the absolute value of large ones. See
 * {@link logCoshLoss}. Not in PyTorch.
 *
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.LogCoshLoss().forward(tensor([1.5]), tensor([0.5])).item().toFixed(4); // => '0.4338'
 */
export class LogCoshLoss extends Loss {
  constructor(options: LossOptions = {}) {
    super('LogCoshLoss', readOptions('LogCoshLoss', options, { reduction: 'mean' }).reduction);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return logCoshLoss(input, target, { reduction: this.reduction });
  }
}

/**
 * 1 - (2 Σ x t + smooth) / (Σ x + Σ t + smooth): what two soft sets have not in common (Milletari, Navab and Ahmadi, 2016).
 * See {@link diceLoss}. Not in PyTorch.
 *
 * input: [N, ...], probabilities; target: the same shape; a set is one sample, or the dims `dim`.
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.DiceLoss().forward(tensor([[1, 0.5]]), tensor([[1.0, 0]])).item().toFixed(4); // => '0.2000'
 */
export class DiceLoss extends Loss {
  readonly smooth: number;
  readonly dim: number | readonly number[] | null;

  constructor(options: DiceOptions = {}) {
    const { reduction, smooth, dim } = readOptions<DiceOptions>('DiceLoss', options, {
      reduction: 'mean',
      smooth: 1e-7,
      dim: null,
    });
    super('DiceLoss', reduction);
    this.smooth = smooth;
    this.dim = dim;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { smooth, dim, reduction } = this;
    return diceLoss(input, target, { smooth, dim, reduction });
  }
}

/**
 * {@link DiceLoss} with a weight for each kind of mistake:
 * 1 - (Σ x t + smooth) / (Σ x t + alpha Σ x (1 - t) + beta Σ (1 - x) t + smooth) (Salehi, Erdogmus and Gholipour, 2017). See
 * {@link tverskyLoss}. Not in PyTorch.
 *
 * input: [N, ...], probabilities; target: the same shape; a set is one sample, or the dims `dim`.
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const loss = new nn.TverskyLoss({ alpha: 1, beta: 0 });
 * loss.forward(tensor([[1, 0.5]]), tensor([[1.0, 0]])).item().toFixed(4); // => '0.3333'
 */
export class TverskyLoss extends Loss {
  readonly alpha: number;
  readonly beta: number;
  readonly smooth: number;
  readonly dim: number | readonly number[] | null;

  constructor(options: TverskyOptions = {}) {
    const { reduction, alpha, beta, smooth, dim } = readOptions<TverskyOptions>('TverskyLoss', options, {
      reduction: 'mean',
      alpha: 0.5,
      beta: 0.5,
      smooth: 1e-7,
      dim: null,
    });
    super('TverskyLoss', reduction);
    this.alpha = alpha;
    this.beta = beta;
    this.smooth = smooth;
    this.dim = dim;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { alpha, beta, smooth, dim, reduction } = this;
    return tverskyLoss(input, target, { alpha, beta, smooth, dim, reduction });
  }
}
