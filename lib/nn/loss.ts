import { checkChoice, checkInt, checkOptions, checkRange } from '../check.js';
import { bceWithLogits, crossEntropy, l1, mse, nll } from '../ops/losses/index.js';
import type {
  BceWithLogitsOptions,
  CrossEntropyOptions,
  LossOptions,
  NllOptions,
  Reduction,
} from '../ops/losses/index.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** What the losses share: (input, target) gives a 0-dim tensor, or one per element with reduction `none`. */
abstract class Loss extends Module<[input: Tensor, target: Tensor]> {
  readonly reduction: Reduction;

  constructor(op: string, options: LossOptions) {
    super();
    checkOptions(op, options);
    const { reduction = 'mean' } = options;
    checkChoice(op, 'reduction', reduction, ['none', 'mean', 'sum']);
    this.reduction = reduction;
  }
}

/**
 * The cross-entropy of logits with class indices or probabilities. See {@link crossEntropy}.
 *
 * input: [N, C], [N, C, ...] or [C]; target: int64 [N], [N, ...] or [], or probabilities of the shape of input. `weight` is a
 * buffer.
 * @throws ShapeError from `forward`, if the shapes do not fit; IndexError for a class out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const loss = new nn.CrossEntropyLoss();
 * loss.forward(tensor([[2.5, 2.5]]), tensor([0])).item().toFixed(4); // => '0.6931'
 */
export class CrossEntropyLoss extends Loss {
  declare readonly weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;

  constructor(options: CrossEntropyOptions = {}) {
    super('CrossEntropyLoss', options);
    const { weight = null, ignoreIndex = -100, labelSmoothing = 0 } = options;
    checkInt('CrossEntropyLoss', 'ignoreIndex', ignoreIndex);
    checkRange('CrossEntropyLoss', 'labelSmoothing', labelSmoothing, 0, 1);
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    this.registerBuffer('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, labelSmoothing, reduction } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, labelSmoothing, reduction });
  }
}

/**
 * The negative log likelihood of log probabilities. See {@link nll}.
 *
 * input: [N, C], [N, C, ...] or [C]; target: int64 [N], [N, ...] or []. `weight` is a buffer.
 * @throws ShapeError from `forward`, if the shapes do not fit; IndexError for a class out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.NLLLoss().forward(tensor([[-0.5, -2.5]]), tensor([1])).item(); // => 2.5
 */
export class NLLLoss extends Loss {
  declare readonly weight: Tensor | null;
  readonly ignoreIndex: number;

  constructor(options: NllOptions = {}) {
    super('NLLLoss', options);
    const { weight = null, ignoreIndex = -100 } = options;
    checkInt('NLLLoss', 'ignoreIndex', ignoreIndex);
    this.ignoreIndex = ignoreIndex;
    this.registerBuffer('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nll(input, target, { weight, ignoreIndex, reduction });
  }
}

/**
 * (input - target)^2. See {@link mse}.
 *
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MSELoss().forward(tensor([1, 2.5]), tensor([1, 0.5])).item(); // => 2
 */
export class MSELoss extends Loss {
  constructor(options: LossOptions = {}) {
    super('MSELoss', options);
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
    super('L1Loss', options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return l1(input, target, { reduction: this.reduction });
  }
}

/**
 * The binary cross-entropy of logits. See {@link bceWithLogits}. `weight` and `posWeight` are buffers.
 *
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.BCEWithLogitsLoss().forward(tensor([1.5]), tensor([1.0])).item().toFixed(4); // => '0.2014'
 */
export class BCEWithLogitsLoss extends Loss {
  declare readonly weight: Tensor | null;
  declare readonly posWeight: Tensor | null;

  constructor(options: BceWithLogitsOptions = {}) {
    super('BCEWithLogitsLoss', options);
    const { weight = null, posWeight = null } = options;
    this.registerBuffer('weight', weight);
    this.registerBuffer('posWeight', posWeight);
  }

  protected override stateName(field: string): string {
    return field === 'posWeight' ? 'pos_weight' : field;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return bceWithLogits(input, target, { weight, posWeight, reduction });
  }
}
