import { checkRange } from '../../check.js';
import {
  bceWithLogits,
  binaryCrossEntropy,
  hingeLoss,
  multilabelSoftMarginLoss,
  sigmoidFocalLoss,
  softMarginLoss,
  squaredHingeLoss,
} from '../../ops/losses/index.js';
import type {
  BceWithLogitsOptions,
  BinaryCrossEntropyOptions,
  LossOptions,
  MarginOptions,
  SigmoidFocalOptions,
} from '../../ops/losses/index.js';
import type { Tensor } from '../../tensor.js';
import { readOptions } from '../options.js';
import { Loss } from './loss.js';

// Losses of yes-or-no targets.

/**
 * The binary cross-entropy of probabilities: -(t log x + (1 - t) log(1 - x)). See {@link binaryCrossEntropy}. `weight` is a
 * buffer.
 *
 * input, target: the same shape, in [0, 1].
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.BCELoss().forward(tensor([0.5]), tensor([1.0])).item().toFixed(4); // => '0.6931'
 */
export class BCELoss extends Loss {
  declare readonly weight: Tensor | null;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    const { reduction, weight } = readOptions<BinaryCrossEntropyOptions>('BCELoss', options, {
      reduction: 'mean',
      weight: null,
    });
    super('BCELoss', reduction);
    this.registerWeight('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return binaryCrossEntropy(input, target, { weight, reduction });
  }
}

/**
 * The binary cross-entropy of logits. See {@link bceWithLogits}. `weight` and `posWeight` are buffers.
 *
 * input, target: the same shape.
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.BCEWithLogitsLoss().forward(tensor([1.5]), tensor([1.0])).item().toFixed(4); // => '0.2014'
 */
export class BCEWithLogitsLoss extends Loss {
  declare readonly weight: Tensor | null;
  declare readonly posWeight: Tensor | null;

  constructor(options: BceWithLogitsOptions = {}) {
    const { reduction, weight, posWeight } = readOptions<BceWithLogitsOptions>('BCEWithLogitsLoss', options, {
      reduction: 'mean',
      weight: null,
      posWeight: null,
    });
    super('BCEWithLogitsLoss', reduction);
    this.registerWeight('weight', weight);
    this.registerWeight('posWeight', posWeight);
  }

  protected override stateName(field: string): string {
    return field === 'posWeight' ? 'pos_weight' : field;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return bceWithLogits(input, target, { weight, posWeight, reduction });
  }
}

/**
 * The binary cross-entropy of logits for several labels at once, the mean over the classes. See
 * {@link multilabelSoftMarginLoss}. `weight` is a buffer.
 *
 * input, target: [..., C].
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const loss = new nn.MultiLabelSoftMarginLoss();
 * loss.forward(tensor([[0, 0.0]]), tensor([[1.0, 0]])).item().toFixed(4); // => '0.6931'
 */
export class MultiLabelSoftMarginLoss extends Loss {
  declare readonly weight: Tensor | null;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    const { reduction, weight } = readOptions<BinaryCrossEntropyOptions>(
      'MultiLabelSoftMarginLoss',
      options,
      { reduction: 'mean', weight: null },
    );
    super('MultiLabelSoftMarginLoss', reduction);
    this.registerWeight('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return multilabelSoftMarginLoss(input, target, { weight, reduction });
  }
}

/**
 * log(1 + exp(-target input)) for targets of 1 or -1. See {@link softMarginLoss}.
 *
 * input, target: shapes that broadcast.
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.SoftMarginLoss().forward(tensor([0.0]), tensor([1.0])).item().toFixed(4); // => '0.6931'
 */
export class SoftMarginLoss extends Loss {
  constructor(options: LossOptions = {}) {
    super('SoftMarginLoss', readOptions('SoftMarginLoss', options, { reduction: 'mean' }).reduction);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, { reduction: this.reduction });
  }
}

/**
 * max(0, margin - target input) for targets of 1 or -1. See {@link hingeLoss}. Not in PyTorch.
 *
 * input, target: shapes that broadcast. margin: default 1.
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.HingeLoss().forward(tensor([0.25, 0.25]), tensor([1, -1])).item(); // => 1
 */
export class HingeLoss extends Loss {
  readonly margin: number;

  constructor(options: MarginOptions = {}) {
    const { reduction, margin } = readOptions<MarginOptions>('HingeLoss', options, {
      reduction: 'mean',
      margin: 1,
    });
    super('HingeLoss', reduction);
    this.margin = margin;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return hingeLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

/**
 * max(0, margin - target input)² for targets of 1 or -1. See {@link squaredHingeLoss}. Not in PyTorch.
 *
 * input, target: shapes that broadcast. margin: default 1.
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.SquaredHingeLoss().forward(tensor([0.5, 0.5]), tensor([1, -1])).item(); // => 1.25
 */
export class SquaredHingeLoss extends Loss {
  readonly margin: number;

  constructor(options: MarginOptions = {}) {
    const { reduction, margin } = readOptions<MarginOptions>('SquaredHingeLoss', options, {
      reduction: 'mean',
      margin: 1,
    });
    super('SquaredHingeLoss', reduction);
    this.margin = margin;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return squaredHingeLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

/**
 * The binary cross-entropy of logits, in which what is known well already counts little: -a (1 - p)^gamma log p (Lin et al.,
 * 2017). See {@link sigmoidFocalLoss}. Not in PyTorch, but in torchvision.
 *
 * input, target: the same shape.
 * @throws ValueError for alpha outside [0, 1].
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.SigmoidFocalLoss().forward(tensor([0.0]), tensor([1.0])).item().toFixed(4); // => '0.0433'
 */
export class SigmoidFocalLoss extends Loss {
  readonly alpha: number | null;
  readonly gamma: number;

  constructor(options: SigmoidFocalOptions = {}) {
    const { reduction, alpha, gamma } = readOptions<SigmoidFocalOptions>('SigmoidFocalLoss', options, {
      reduction: 'mean',
      alpha: 0.25,
      gamma: 2,
    });
    super('SigmoidFocalLoss', reduction);
    if (alpha !== null) checkRange('SigmoidFocalLoss', 'alpha', alpha, 0, 1);
    this.alpha = alpha;
    this.gamma = gamma;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { alpha, gamma, reduction } = this;
    return sigmoidFocalLoss(input, target, { alpha, gamma, reduction });
  }
}
