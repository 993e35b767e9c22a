import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { clampMin } from '../clamp.js';
import { checkFunction } from '../../scope.js';
import { checkOptions, checkTensor, shapeText } from '../../check.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, div, eq, ge, gt, minimum, mul, ne, sub, where } from '../binary.js';
import { detach, to } from '../convert.js';
import { zeros } from '../creation.js';
import { arange } from '../ranges.js';
import { cumsum } from '../cumulative.js';
import { pairwiseDistance } from '../similarity.js';
import { gather, indexSelect, scatterAdd } from '../indexing.js';
import { sum } from '../reduction.js';
import { logicalNot, neg, relu, sqrt, square } from '../unary.js';
import { reshape, unsqueeze } from '../view.js';
import {
  asFloat,
  checkPair,
  checkWeight,
  flagOf,
  numberOf,
  reduce,
  reductionOf,
  softplus,
} from './common.js';
import type { LossOptions } from './common.js';

// Losses that want something to be larger than something else by a margin.

export interface MarginOptions extends LossOptions {
  /** How far apart. Its default is with the function. */
  margin?: number;
}

/** max(x, 0); the gradient goes through where x >= 0, so not where it is NaN. */
const positivePart = (x: Tensor): Tensor => where(ge(x, 0), x, clampMin(detach(x), 0));

/**
 * log(1 + exp(-target input)) for targets of 1 or -1. Shapes broadcast, floating.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.softMarginLoss(tensor([0.0]), tensor([1.0])).item().toFixed(4); // => '0.6931'
 */
export function softMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (autocasting()) return inFloat32(softMarginLoss, input, target, options);
  checkPair('softMarginLoss', input, target);
  const reduction = reductionOf('softMarginLoss', options);
  return scoped(() => reduce(softplus(neg(mul(target, input))), reduction));
}

/**
 * A distance x where the target is 1, and max(0, margin - x) where it is -1. Shapes broadcast; margin: default 1.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.hingeEmbeddingLoss(tensor([0.25, 0.25]), tensor([1, -1]), { reduction: 'none' }).tolist(); // => [0.25, 0.75]
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  if (autocasting()) return inFloat32(hingeEmbeddingLoss, input, target, options);
  checkPair('hingeEmbeddingLoss', input, target);
  const reduction = reductionOf('hingeEmbeddingLoss', options);
  const margin = numberOf('hingeEmbeddingLoss', 'margin', options.margin, 1);
  return scoped(() => {
    const x = asFloat(input);
    const apart = where(ne(target, 1), positivePart(sub(margin, x)), 0);
    return reduce(add(apart, where(ne(target, -1), x, 0)), reduction);
  });
}

/**
 * 1 - cos(x1, x2) where the target is 1, and max(0, cos(x1, x2) - margin) where it is -1. input1, input2: [N, D] or [D];
 * target: [N] or []; margin: default 0.
 *
 * @throws ShapeError if the shapes do not fit.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const x = tensor([[1.0, 0]]);
 * F.cosineEmbeddingLoss(x, tensor([[0, 1.0]]), tensor([1])).item(); // => 1
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor {
  if (autocasting()) return inFloat32(cosineEmbeddingLoss, input1, input2, target, options);
  const op = 'cosineEmbeddingLoss';
  checkTensor(op, 'input1', input1);
  checkTensor(op, 'input2', input2);
  checkTensor(op, 'target', target);
  const reduction = reductionOf(op, options);
  const margin = numberOf(op, 'margin', options.margin, 0);
  if (target.ndim > 1 || input1.ndim !== target.ndim + 1 || input2.ndim !== target.ndim + 1) {
    throw new ShapeError(
      `[${op}] got ${shapeText(input1.shape)}, ${shapeText(input2.shape)} and target ${shapeText(target.shape)}, ` +
        'wanted [N, D] twice and [N], or [D] twice and []',
    );
  }
  return scoped(() => {
    const a = asFloat(input1);
    const b = asFloat(input2);
    const last = { dim: -1 };
    const tiny = 1e-12;
    const squares = mul(add(sum(square(a), last), tiny), add(sum(square(b), last), tiny));
    const cosine = div(sum(mul(a, b), last), sqrt(squares));
    const alike = where(eq(target, 1), sub(1, cosine), 0);
    return reduce(add(alike, where(eq(target, -1), positivePart(sub(cosine, margin)), 0)), reduction);
  });
}

/**
 * max(0, margin - target (x1 - x2)): the first is to rank higher for a target of 1, the second for -1. Shapes broadcast;
 * margin: default 0.
 *
 * @throws ShapeError if the shapes do not broadcast, or the numbers of dims differ.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.marginRankingLoss(tensor([1.0]), tensor([3.0]), tensor([1])).item(); // => 2
 */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor {
  if (autocasting()) return inFloat32(marginRankingLoss, input1, input2, target, options);
  const op = 'marginRankingLoss';
  checkTensor(op, 'input1', input1);
  checkTensor(op, 'input2', input2);
  checkTensor(op, 'target', target);
  const reduction = reductionOf(op, options);
  const margin = numberOf(op, 'margin', options.margin, 0);
  if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim) {
    throw new ShapeError(
      `[${op}] got ${shapeText(input1.shape)}, ${shapeText(input2.shape)} and ${shapeText(target.shape)}, ` +
        'wanted as many dims in each',
    );
  }
  return scoped(() => {
    // In integers first, which wrap around as PyTorch's do.
    const deficit = neg(mul(target, sub(input1, input2)));
    return reduce(positivePart(add(asFloat(deficit), margin)), reduction);
  });
}

export interface TripletMarginOptions extends MarginOptions {
  /** Whether the distance from positive to negative counts if it is less. Default false. */
  swap?: boolean;
}

export interface TripletMarginLossOptions extends TripletMarginOptions {
  /** Which norm. Default 2. */
  p?: number;
  /** Added to each difference. Default 1e-6. */
  eps?: number;
}

/**
 * max(0, margin + ‖anchor - positive‖ - ‖anchor - negative‖) with {@link pairwiseDistance}. Balntas et al., 2016. Each:
 * [N, D] or [D]; margin: default 1.
 *
 * @throws ShapeError if the numbers of dims differ, or the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const at = (x: number) => tensor([[x]], { dtype: 'float32' });
 * F.tripletMarginLoss(at(0), at(3), at(2), { eps: 0 }).item(); // => 2
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  if (autocasting()) return inFloat32(tripletMarginLoss, anchor, positive, negative, options);
  const op = 'tripletMarginLoss';
  const p = numberOf(op, 'p', options.p, 2);
  const eps = numberOf(op, 'eps', options.eps, 1e-6);
  return triplet(op, anchor, positive, negative, options, (a, b) => pairwiseDistance(a, b, { p, eps }));
}

export interface TripletMarginWithDistanceOptions extends TripletMarginOptions {
  /** Gives the distances of rows. Default {@link pairwiseDistance}. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
}

/**
 * max(0, margin + d(anchor, positive) - d(anchor, negative)) with any distance d. Each: [N, ...]; margin: default 1.
 *
 * @throws ShapeError if the numbers of dims differ.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().sum({ dim: -1 });
 * const [a, b, c] = [tensor([[0, 0.5]]), tensor([[1, 1.5]]), tensor([[4, 0.5]])];
 * F.tripletMarginWithDistanceLoss(a, b, c, { distanceFunction, margin: 3 }).item(); // => 1
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginWithDistanceOptions = {},
): Tensor {
  const op = 'tripletMarginWithDistanceLoss';
  checkOptions(op, options);
  const distance = options.distanceFunction ?? pairwiseDistance;
  checkFunction(op, distance);
  return triplet(op, anchor, positive, negative, options, (a, b) => distance(a, b));
}

function triplet(
  op: string,
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginOptions,
  distance: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  checkTensor(op, 'anchor', anchor);
  checkTensor(op, 'positive', positive);
  checkTensor(op, 'negative', negative);
  const reduction = reductionOf(op, options);
  const margin = numberOf(op, 'margin', options.margin, 1);
  const swap = flagOf(op, 'swap', options.swap, false);
  if (!(margin > 0)) throw new ValueError(`[${op}] margin: got ${margin}, wanted more than 0`);
  if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim) {
    throw new ShapeError(
      `[${op}] got ${shapeText(anchor.shape)}, ${shapeText(positive.shape)} and ${shapeText(negative.shape)}, ` +
        'wanted as many dims in each',
    );
  }
  return scoped(() => {
    const near = distance(anchor, positive);
    let far = distance(anchor, negative);
    if (swap) far = minimum(far, distance(positive, negative));
    return reduce(positivePart(add(sub(near, far), margin)), reduction);
  });
}

export interface MultiMarginOptions extends MarginOptions {
  /** Power of each term, 1 or 2. Default 1. */
  p?: number;
  /** A weight per class, [C]. */
  weight?: Tensor | null;
}

/** input as [N, C] and target as [N, ...wanted]. */
function rowsOf(op: string, input: Tensor, target: Tensor, perClass: boolean): readonly [Tensor, Tensor] {
  const shape = input.shape;
  const classes = shape.at(-1) ?? 1;
  const rows = shape.length === 2 ? shape[0]! : 1;
  const wanted = perClass ? rows * classes : rows;
  const fits =
    shape.length === 2
      ? target.shape[0] === rows && target.ndim === (perClass ? 2 : 1)
      : target.ndim <= 1 && target.numel() === wanted;
  if (shape.length > 2 || classes === 0 || !fits || target.numel() !== wanted) {
    throw new ShapeError(
      `[${op}] got input ${shapeText(shape)} and target ${shapeText(target.shape)}, ` +
        `wanted [N, C] and ${perClass ? '[N, C]' : '[N]'}, or ${perClass ? '[C] twice' : '[C] and []'}`,
    );
  }
  if (target.dtype !== 'int64') throw new DTypeError(`[${op}] target is ${target.dtype}, wanted int64`);
  return [reshape(input, [rows, classes]), reshape(target, perClass ? [rows, classes] : [rows])];
}

/**
 * Σ over c ≠ target of weight[target] max(0, margin - x[target] + x[c])^p / C. input: [N, C] or [C]; target: int64 [N] or
 * []; margin: default 1.
 *
 * @throws ShapeError if target does not fit input.
 * @throws ValueError for another p than 1 or 2.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.multiMarginLoss(tensor([[0.5, 1.0]]), tensor([0])).item(); // => 0.75
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginOptions = {}): Tensor {
  if (autocasting()) return inFloat32(multiMarginLoss, input, target, options);
  const op = 'multiMarginLoss';
  checkPair(op, input, target);
  const reduction = reductionOf(op, options);
  const p = numberOf(op, 'p', options.p, 1);
  const margin = numberOf(op, 'margin', options.margin, 1);
  const { weight = null } = options;
  if (p !== 1 && p !== 2) throw new ValueError(`[${op}] p: got ${p}, wanted 1 or 2`);
  return scoped(() => {
    const [x, classes] = rowsOf(op, input, target, false);
    const count = x.shape[1]!;
    if (weight) checkWeight(op, weight, count);
    const column = unsqueeze(classes, 1);
    const excess = relu(add(sub(x, gather(x, 1, column)), margin));
    const terms = p === 2 ? square(excess) : excess;
    const others = where(ne(arange(count), column), terms, 0);
    const losses = div(sum(others, { dim: 1 }), count);
    const weighted = weight ? mul(losses, indexSelect(weight, 0, classes)) : losses;
    return reduce(input.ndim < 2 ? reshape(weighted, []) : weighted, reduction);
  });
}

/**
 * Σ over the targets t and the classes c that are no target of max(0, 1 - x[t] + x[c]) / C. input: [N, C] or [C]; target:
 * int64 of the same shape, the targets of a row first, then -1.
 *
 * @throws ShapeError if the shapes differ.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.multilabelMarginLoss(tensor([[0.5, 1.0, 0.0]]), tensor([[1, -1, -1]])).item(); // => 0.1666...
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (autocasting()) return inFloat32(multilabelMarginLoss, input, target, options);
  const op = 'multilabelMarginLoss';
  checkPair(op, input, target);
  const reduction = reductionOf(op, options);
  return scoped(() => {
    const [x, labels] = rowsOf(op, input, target, true);
    const count = x.shape[1]!;
    const listed = eq(cumsum(to(logicalNot(ge(labels, 0)), 'int64'), 1), 0);
    const safe = where(listed, labels, 0);
    const marks = scatterAdd(zeros(x.shape, { dtype: 'int64' }), 1, safe, to(listed, 'int64'));
    const wanted = unsqueeze(gather(x, 1, safe), 2);
    const excess = relu(add(sub(unsqueeze(x, 1), wanted), 1));
    const others = where(unsqueeze(gt(marks, 0), 1), 0, excess);
    const terms = where(unsqueeze(listed, 2), others, 0);
    const losses = div(sum(terms, { dim: [1, 2] }), count);
    return reduce(input.ndim < 2 ? reshape(losses, []) : losses, reduction);
  });
}
