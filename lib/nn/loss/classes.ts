import { checkChoice, checkInt, checkRange, product } from '../../check.js';
import {
  crossEntropy,
  focalLoss,
  linearCrossEntropy,
  multilabelMarginLoss,
  multiMarginLoss,
  nll,
} from '../../ops/losses/index.js';
import type {
  CrossEntropyOptions,
  FocalOptions,
  LossOptions,
  MultiMarginOptions,
  NllOptions,
} from '../../ops/losses/index.js';
import { reshape } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Linear } from '../linear.js';
import type { LayerShapes } from '../module.js';
import { checkSize, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { Loss } from './loss.js';

// Losses of classes.

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
    const { reduction, weight, ignoreIndex, labelSmoothing } = readOptions<CrossEntropyOptions>(
      'CrossEntropyLoss',
      options,
      { reduction: 'mean', weight: null, ignoreIndex: -100, labelSmoothing: 0 },
    );
    super('CrossEntropyLoss', reduction);
    checkInt('CrossEntropyLoss', 'ignoreIndex', ignoreIndex);
    checkRange('CrossEntropyLoss', 'labelSmoothing', labelSmoothing, 0, 1);
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    this.registerWeight('weight', weight);
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
    const { reduction, weight, ignoreIndex } = readOptions<NllOptions>('NLLLoss', options, {
      reduction: 'mean',
      weight: null,
      ignoreIndex: -100,
    });
    super('NLLLoss', reduction);
    checkInt('NLLLoss', 'ignoreIndex', ignoreIndex);
    this.ignoreIndex = ignoreIndex;
    this.registerWeight('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nll(input, target, { weight, ignoreIndex, reduction });
  }
}

export interface LinearCrossEntropyLossOptions
  extends Omit<CrossEntropyOptions, 'ignoreIndex'>, LayerOptions {
  /** Sizes behind the classes, for several targets a sample. Default []. */
  outFeatures?: readonly number[];
  /** Whether the map has a bias. Default false. */
  bias?: boolean;
  /** Targets with this index count nothing; null for none. Default -100. */
  ignoreIndex?: number | null;
}

/**
 * The last linear layer and the cross-entropy of its logits as one module. See {@link linearCrossEntropy}.
 *
 * input: [N, inFeatures] or [inFeatures]; target: int64 [N, ...outFeatures], or probabilities [N, numClasses, ...outFeatures].
 * linear: inFeatures to numClasses * product of outFeatures, see {@link Linear}; `weight` is a buffer.
 * @throws ShapeError from `forward`, if the shapes do not fit; IndexError for a class out of range.
 * @example
 * import { nn, ones, tensor } from 'lanegrad';
 * const loss = new nn.LinearCrossEntropyLoss(5, 4);
 * loss.forward(ones([2, 5]), tensor([0, 3])).shape; // => []
 * Object.keys(loss.stateDict()); // => ['linear.weight']
 */
export class LinearCrossEntropyLoss extends Loss {
  declare readonly weight: Tensor | null;
  readonly linear: Linear;
  /** [numClasses, ...outFeatures] */
  readonly outputs: readonly number[];
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;

  constructor(
    readonly inFeatures: number,
    readonly numClasses: number,
    options: LinearCrossEntropyLossOptions = {},
  ) {
    const op = 'LinearCrossEntropyLoss';
    const settings = readOptions<LinearCrossEntropyLossOptions>(op, options, {
      reduction: 'mean',
      weight: null,
      ignoreIndex: -100,
      labelSmoothing: 0,
      outFeatures: [],
      bias: false,
      dtype: 'float32',
    });
    super(op, settings.reduction);
    checkSize(op, 'inFeatures', inFeatures);
    checkSize(op, 'numClasses', numClasses);
    for (const size of settings.outFeatures) checkSize(op, 'outFeatures', size);
    const ignoreIndex = settings.ignoreIndex ?? -100;
    checkInt(op, 'ignoreIndex', ignoreIndex);
    checkRange(op, 'labelSmoothing', settings.labelSmoothing, 0, 1);
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = settings.labelSmoothing;
    this.registerWeight('weight', settings.weight);
    this.outputs = [numClasses, ...settings.outFeatures];
    const { bias, dtype } = settings;
    this.linear = new Linear(inFeatures, product(this.outputs), { bias, dtype });
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { linear, outputs, weight, ignoreIndex, labelSmoothing, reduction } = this;
    return scoped(() => {
      const linearBias = linear.bias && reshape(linear.bias, outputs);
      const linearWeight = reshape(linear.weight, [...outputs, this.inFeatures]);
      const options = { linearBias, weight, ignoreIndex, labelSmoothing, reduction };
      return linearCrossEntropy(input, linearWeight, target, options);
    });
  }

  override multiplyAdds(shapes: LayerShapes): number {
    const [input] = shapes.inputs;
    return (input!.length === 2 ? input![0]! : 1) * product(this.linear.weight.shape);
  }
}

/**
 * Σ over the classes c that are not the target of max(0, margin - x[target] + x[c])^p / C. See {@link multiMarginLoss}.
 *
 * input: [N, C] or [C]; target: int64 [N] or []. `weight` is a buffer.
 * @throws ValueError for another p than 1 or 2.
 * @throws ShapeError from `forward`, if target does not fit input.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MultiMarginLoss().forward(tensor([[0.5, 1.0]]), tensor([0])).item(); // => 0.75
 */
export class MultiMarginLoss extends Loss {
  declare readonly weight: Tensor | null;
  readonly p: number;
  readonly margin: number;

  constructor(options: MultiMarginOptions = {}) {
    const { reduction, p, margin, weight } = readOptions<MultiMarginOptions>('MultiMarginLoss', options, {
      reduction: 'mean',
      p: 1,
      margin: 1,
      weight: null,
    });
    super('MultiMarginLoss', reduction);
    checkChoice('MultiMarginLoss', 'p', String(p), ['1', '2']);
    this.p = p;
    this.margin = margin;
    this.registerWeight('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}

/**
 * Σ over the targets t and the classes c that are no target of max(0, 1 - x[t] + x[c]) / C. See
 * {@link multilabelMarginLoss}.
 *
 * input: [N, C] or [C]; target: int64 of the same shape, the targets of a row first, then -1.
 * @throws ShapeError from `forward`, if the shapes differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MultiLabelMarginLoss().forward(tensor([[0.5, 1.0, 0.0]]), tensor([[1, -1, -1]])).item(); // => 0.1666...
 */
export class MultiLabelMarginLoss extends Loss {
  constructor(options: LossOptions = {}) {
    super(
      'MultiLabelMarginLoss',
      readOptions('MultiLabelMarginLoss', options, { reduction: 'mean' }).reduction,
    );
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(input, target, { reduction: this.reduction });
  }
}

/**
 * The cross-entropy of logits, in which classes that are known well already count little:
 * -weight[target] (1 - p)^gamma log p with p = softmax(input)[target] (Lin et al., 2017). See {@link focalLoss}. Not in
 * PyTorch.
 *
 * input: [N, C], [N, C, ...] or [C]; target: int64 [N], [N, ...] or []. `weight` is a buffer.
 * @throws ShapeError from `forward`, if the shapes do not fit; IndexError for a class out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.FocalLoss().forward(tensor([[2.5, 2.5]]), tensor([0])).item().toFixed(4); // => '0.1733'
 */
export class FocalLoss extends Loss {
  declare readonly weight: Tensor | null;
  readonly gamma: number;

  constructor(options: FocalOptions = {}) {
    const { reduction, gamma, weight } = readOptions<FocalOptions>('FocalLoss', options, {
      reduction: 'mean',
      gamma: 2,
      weight: null,
    });
    super('FocalLoss', reduction);
    this.gamma = gamma;
    this.registerWeight('weight', weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { gamma, weight, reduction } = this;
    return focalLoss(input, target, { gamma, weight, reduction });
  }
}
