import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from '../../ops/losses/index.js';
import type {
  MarginOptions,
  TripletMarginLossOptions,
  TripletMarginWithDistanceOptions,
} from '../../ops/losses/index.js';
import { checkFunction } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { readOptions } from '../options.js';
import { Loss } from './loss.js';

// Losses of distances and ranks, with a margin.

/**
 * A distance x where the target is 1, and max(0, margin - x) where it is -1. See {@link hingeEmbeddingLoss}.
 *
 * input, target: shapes that broadcast. margin: default 1.
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const loss = new nn.HingeEmbeddingLoss({ reduction: 'none' });
 * loss.forward(tensor([0.25, 0.25]), tensor([1, -1])).tolist(); // => [0.25, 0.75]
 */
export class HingeEmbeddingLoss extends Loss {
  readonly margin: number;

  constructor(options: MarginOptions = {}) {
    const { reduction, margin } = readOptions<MarginOptions>('HingeEmbeddingLoss', options, {
      reduction: 'mean',
      margin: 1,
    });
    super('HingeEmbeddingLoss', reduction);
    this.margin = margin;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

/**
 * 1 - cos(x1, x2) where the target is 1, and max(0, cos(x1, x2) - margin) where it is -1. See {@link cosineEmbeddingLoss}.
 *
 * input1, input2: [N, D] or [D]; target: [N] or []. margin: default 0.
 * @throws ShapeError from `forward`, if the shapes do not fit.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const x = tensor([[1.0, 0]]);
 * new nn.CosineEmbeddingLoss().forward(x, tensor([[0, 1.0]]), tensor([1])).item(); // => 1
 */
export class CosineEmbeddingLoss extends Loss<[input1: Tensor, input2: Tensor, target: Tensor]> {
  readonly margin: number;

  constructor(options: MarginOptions = {}) {
    const { reduction, margin } = readOptions<MarginOptions>('CosineEmbeddingLoss', options, {
      reduction: 'mean',
      margin: 0,
    });
    super('CosineEmbeddingLoss', reduction);
    this.margin = margin;
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

/**
 * max(0, margin - target (x1 - x2)): the first is to rank higher for a target of 1, the second for -1. See
 * {@link marginRankingLoss}.
 *
 * input1, input2, target: shapes that broadcast. margin: default 0.
 * @throws ShapeError from `forward`, if the shapes do not broadcast, or the numbers of dims differ.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MarginRankingLoss().forward(tensor([1.0]), tensor([3.0]), tensor([1])).item(); // => 2
 */
export class MarginRankingLoss extends Loss<[input1: Tensor, input2: Tensor, target: Tensor]> {
  readonly margin: number;

  constructor(options: MarginOptions = {}) {
    const { reduction, margin } = readOptions<MarginOptions>('MarginRankingLoss', options, {
      reduction: 'mean',
      margin: 0,
    });
    super('MarginRankingLoss', reduction);
    this.margin = margin;
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

type Triplet = [anchor: Tensor, positive: Tensor, negative: Tensor];

/**
 * max(0, margin + ‖anchor - positive‖ - ‖anchor - negative‖) (Balntas et al., 2016). See {@link tripletMarginLoss}.
 *
 * anchor, positive, negative: [N, D] or [D]. margin: default 1.
 * @throws ShapeError from `forward`, if the numbers of dims differ, or the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const at = (x: number) => tensor([[x]], { dtype: 'float32' });
 * new nn.TripletMarginLoss({ eps: 0 }).forward(at(0), at(3), at(2)).item(); // => 2
 */
export class TripletMarginLoss extends Loss<Triplet> {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;

  constructor(options: TripletMarginLossOptions = {}) {
    const settings = readOptions<TripletMarginLossOptions>('TripletMarginLoss', options, {
      reduction: 'mean',
      margin: 1,
      p: 2,
      eps: 1e-6,
      swap: false,
    });
    super('TripletMarginLoss', settings.reduction);
    this.margin = settings.margin;
    this.p = settings.p;
    this.eps = settings.eps;
    this.swap = settings.swap;
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/**
 * max(0, margin + d(anchor, positive) - d(anchor, negative)) with any distance d. See {@link tripletMarginWithDistanceLoss}.
 *
 * anchor, positive, negative: [N, ...]. margin: default 1.
 * @throws ValueError for a distance that is no function.
 * @throws ShapeError from `forward`, if the numbers of dims differ.
 * @example
 * import { nn, tensor, type Tensor } from 'lanegrad';
 * const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().sum({ dim: -1 });
 * const loss = new nn.TripletMarginWithDistanceLoss({ distanceFunction, margin: 3 });
 * loss.forward(tensor([[0, 0.5]]), tensor([[1, 1.5]]), tensor([[4, 0.5]])).item(); // => 1
 */
export class TripletMarginWithDistanceLoss extends Loss<Triplet> {
  readonly margin: number;
  readonly swap: boolean;
  readonly distanceFunction: ((a: Tensor, b: Tensor) => Tensor) | null;

  constructor(options: TripletMarginWithDistanceOptions = {}) {
    const op = 'TripletMarginWithDistanceLoss';
    const settings = readOptions<TripletMarginWithDistanceOptions>(op, options, {
      reduction: 'mean',
      margin: 1,
      swap: false,
      distanceFunction: null,
    });
    super(op, settings.reduction);
    if (settings.distanceFunction !== null) checkFunction(op, settings.distanceFunction);
    this.margin = settings.margin;
    this.swap = settings.swap;
    this.distanceFunction = settings.distanceFunction;
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, swap, distanceFunction, reduction } = this;
    const options = { margin, swap, distanceFunction, reduction };
    return tripletMarginWithDistanceLoss(anchor, positive, negative, options);
  }
}
