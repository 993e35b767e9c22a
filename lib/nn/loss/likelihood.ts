import { checkChoice, checkInt, checkRange } from '../../check.js';
import { ctcLoss, gaussianNllLoss, klDiv, poissonNllLoss } from '../../ops/losses/index.js';
import type {
  CtcLossOptions,
  GaussianNllOptions,
  KlDivOptions,
  PoissonNllOptions,
} from '../../ops/losses/index.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';
import { Loss } from './loss.js';

// Losses that are likelihoods of distributions.

/**
 * Kullback-Leibler divergence, element by element: t (log t - input), input a log probability. See {@link klDiv}. Reduction
 * `batchmean` divides the sum by the size of dim 0, which is the divergence itself.
 *
 * input, target: shapes that broadcast.
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const loss = new nn.KLDivLoss({ reduction: 'batchmean' });
 * loss.forward(tensor([[0.0, 0]]), tensor([[0.5, 0.5]])).item().toFixed(4); // => '-0.6931'
 */
export class KLDivLoss extends Module<[input: Tensor, target: Tensor]> {
  readonly reduction: 'none' | 'mean' | 'sum' | 'batchmean';
  readonly logTarget: boolean;

  constructor(options: KlDivOptions = {}) {
    super();
    const { reduction, logTarget } = readOptions<KlDivOptions>('KLDivLoss', options, {
      reduction: 'mean',
      logTarget: false,
    });
    checkChoice('KLDivLoss', 'reduction', reduction, ['none', 'mean', 'sum', 'batchmean']);
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

/**
 * Negative log likelihood of counts under a Poisson distribution: e^x - t x, or x - t log(x + eps) without `logInput`. See
 * {@link poissonNllLoss}.
 *
 * input, target: shapes that broadcast.
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.PoissonNLLLoss().forward(tensor([0.0]), tensor([2.0])).item(); // => 1
 */
export class PoissonNLLLoss extends Loss {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;

  constructor(options: PoissonNllOptions = {}) {
    const { reduction, logInput, full, eps } = readOptions<PoissonNllOptions>('PoissonNLLLoss', options, {
      reduction: 'mean',
      logInput: true,
      full: false,
      eps: 1e-8,
    });
    super('PoissonNLLLoss', reduction);
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}

/**
 * Negative log likelihood of normal distributions: (log v + (input - target)² / v) / 2 with v = max(variance, eps). See
 * {@link gaussianNllLoss}.
 *
 * input: [...]; target: broadcasts with it; variance: a number, [...], [...] with one size 1, or [...] without the last dim.
 * @throws ValueError for an eps that is not above 0, and from `forward` for a negative variance.
 * @throws ShapeError from `forward`, if the shapes do not fit.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.GaussianNLLLoss().forward(tensor([1.0]), tensor([3.0]), tensor([1.0])).item(); // => 2
 */
export class GaussianNLLLoss extends Loss<[input: Tensor, target: Tensor, variance: Tensor | number]> {
  readonly full: boolean;
  readonly eps: number;

  constructor(options: GaussianNllOptions = {}) {
    const { reduction, full, eps } = readOptions<GaussianNllOptions>('GaussianNLLLoss', options, {
      reduction: 'mean',
      full: false,
      eps: 1e-6,
    });
    super('GaussianNLLLoss', reduction);
    checkRange('GaussianNLLLoss', 'eps', eps, Number.MIN_VALUE, Infinity);
    this.full = full;
    this.eps = eps;
  }

  forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    const { full, eps, reduction } = this;
    return gaussianNllLoss(input, target, variance, { full, eps, reduction });
  }
}

type Lengths = Tensor | readonly number[] | number;

/**
 * Connectionist temporal classification: -log of the probability that a sequence of log probabilities, blanks and repetitions
 * dropped, reads as the targets (Graves et al., 2006). See {@link ctcLoss}.
 *
 * logProbs: [T, N, C] or [T, C]; targets: integers [N, S], or all behind one another; inputLengths, targetLengths: [N], or
 * numbers.
 * @throws ShapeError from `forward`, if the shapes do not fit; ValueError for lengths or classes out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const logProbs = tensor([[[0.5, 0.5]], [[0.5, 0.5]]]).log();
 * new nn.CTCLoss().forward(logProbs, tensor([[1]]), [2], [1]).item().toFixed(4); // => '0.2877'
 */
export class CTCLoss extends Loss<
  [logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths]
> {
  readonly blank: number;
  readonly zeroInfinity: boolean;

  constructor(options: CtcLossOptions = {}) {
    const { reduction, blank, zeroInfinity } = readOptions<CtcLossOptions>('CTCLoss', options, {
      reduction: 'mean',
      blank: 0,
      zeroInfinity: false,
    });
    super('CTCLoss', reduction);
    checkInt('CTCLoss', 'blank', blank);
    this.blank = blank;
    this.zeroInfinity = zeroInfinity;
  }

  forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, zeroInfinity, reduction } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, zeroInfinity, reduction });
  }
}
