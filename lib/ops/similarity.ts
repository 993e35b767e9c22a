import { clampMin } from './clamp.js';
import {
  checkFlag,
  checkInt,
  checkNumber,
  checkOptions,
  checkTensor,
  shapeText,
  wrapDim,
  wrapDims,
} from '../check.js';
import { isFloat } from '../dtype.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, div, gt, mul, sub, where } from './binary.js';
import { detach, to } from './convert.js';
import { tensor } from './from-data.js';
import { indexSelect } from './indexing.js';
import { normOver } from './linalg/vector-norm.js';
import { sum } from './reduction.js';
import { reciprocal } from './unary.js';
import { expand } from './view.js';

// Norms of vectors, and what is made of them: distances, similarities, and vectors of a wanted norm.

/** Of `pdist`: each is two indices that are kept. */
const mostPairs = 2 ** 26;

const asFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : to(x, 'float32'));

/** max(x, least), through which the gradient goes as if the bound were not there. */
function atLeast(x: Tensor, least: number): Tensor {
  const here = detach(x);
  return add(x, sub(clampMin(here, least), here));
}

export interface NormalizeOptions {
  /** Which norm. Default 2. */
  p?: number;
  /** Along which dim, or dims. Default 1. */
  dim?: number | readonly number[];
  /** The least divisor. Default 1e-12. */
  eps?: number;
}

/**
 * x / max(‖x‖, eps), the norm along `dim`. x: any shape, floating.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.normalize(tensor([[3.0, 4.0]])).tolist(); // => [[0.6, 0.8]]
 */
export function normalize(x: Tensor, options: NormalizeOptions = {}): Tensor {
  checkTensor('normalize', 'x', x);
  checkOptions('normalize', options);
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  checkNumber('normalize', 'p', p);
  checkNumber('normalize', 'eps', eps);
  const dims = wrapDims('normalize', dim, x.ndim);
  return scoped(() => div(x, clampMin(normOver(asFloat(x), p, { dim: dims, keepdim: true }), eps)));
}

export interface CosineSimilarityOptions {
  /** Along which dim of what the two broadcast to. Default 1. */
  dim?: number;
  /** The least norm. Default 1e-8. */
  eps?: number;
}

/**
 * x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps)) along `dim`. Shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @throws IndexError for a dim out of range.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.cosineSimilarity(tensor([[3.0, 0]]), tensor([[2.0, 0]])).tolist(); // => [1]
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options: CosineSimilarityOptions = {}): Tensor {
  checkTensor('cosineSimilarity', 'x1', x1);
  checkTensor('cosineSimilarity', 'x2', x2);
  checkOptions('cosineSimilarity', options);
  const { dim = 1, eps = 1e-8 } = options;
  checkInt('cosineSimilarity', 'dim', dim);
  checkNumber('cosineSimilarity', 'eps', eps);
  return scoped(() => {
    const rank = Math.max(x1.ndim, x2.ndim);
    const at = wrapDim('cosineSimilarity', dim, rank) - Math.max(rank, 1);
    const unit = (x: Tensor): Tensor => {
      const values = asFloat(x);
      // A dim that is only in the other one counts as a size of 1 that stretches.
      const filled =
        -at > x.ndim ? expand(values, [...Array<number>(-at - x.ndim).fill(1), ...x.shape]) : values;
      return filled;
    };
    const [a, b] = alike(unit(x1), unit(x2), at);
    const place = { dim: at, keepdim: true };
    const left = div(a, atLeast(normOver(a, 2, place), eps));
    const right = div(b, atLeast(normOver(b, 2, place), eps));
    return sum(mul(left, right), { dim: at });
  });
}

/** Both with the same size along a dim. */
function alike(a: Tensor, b: Tensor, dim: number): readonly [Tensor, Tensor] {
  const sizeA = a.shape.at(dim) ?? 1;
  const sizeB = b.shape.at(dim) ?? 1;
  if (sizeA === sizeB) return [a, b];
  const stretch = (x: Tensor, size: number): Tensor =>
    expand(
      x,
      x.shape.map((old, i) => (i === x.ndim + dim ? size : old)),
    );
  if (sizeA === 1) return [stretch(a, sizeB), b];
  if (sizeB === 1) return [a, stretch(b, sizeA)];
  throw new ShapeError(
    `[cosineSimilarity] x1 is ${shapeText(a.shape)}, x2 is ${shapeText(b.shape)}, wanted shapes that broadcast`,
  );
}

export interface PairwiseDistanceOptions {
  /** Which norm. Default 2. */
  p?: number;
  /** Added to each difference. Default 1e-6. */
  eps?: number;
  /** Whether the last dim stays with size 1. Default false. */
  keepdim?: boolean;
}

/**
 * ‖x1 - x2 + eps‖ along the last dim. x1, x2: [..., D], broadcasting; gives [...].
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.pairwiseDistance(tensor([3.0, 0]), tensor([0, 4.0]), { eps: 0 }).item(); // => 5
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  checkTensor('pairwiseDistance', 'x1', x1);
  checkTensor('pairwiseDistance', 'x2', x2);
  checkOptions('pairwiseDistance', options);
  const { p = 2, eps = 1e-6 } = options;
  checkNumber('pairwiseDistance', 'p', p);
  checkNumber('pairwiseDistance', 'eps', eps);
  const keepdim = checkFlag('pairwiseDistance', 'keepdim', options.keepdim);
  if (x1.ndim === 0 && x2.ndim === 0) {
    throw new ShapeError('[pairwiseDistance] got two 0-dim tensors, wanted vectors [..., D]');
  }
  return scoped(() => normOver(add(asFloat(sub(x1, x2)), eps), p, { dim: -1, keepdim }));
}

/**
 * The distances of every pair of rows, in the order (0, 1), (0, 2), ..., (1, 2), ... x: [N, D], floating; gives
 * [N (N - 1) / 2].
 *
 * @throws ShapeError unless x has two dims.
 * @throws ValueError for a negative p.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.pdist(tensor([[0.0, 0], [3, 4], [0, 1]])).tolist(); // => [5, 1, 4.2426]
 */
export function pdist(x: Tensor, options: { readonly p?: number } = {}): Tensor {
  checkTensor('pdist', 'x', x);
  checkOptions('pdist', options);
  const { p = 2 } = options;
  checkNumber('pdist', 'p', p);
  if (!(p >= 0)) throw new ValueError(`[pdist] p: got ${p}, wanted at least 0`);
  if (x.ndim !== 2) throw new ShapeError(`[pdist] x is ${shapeText(x.shape)}, wanted [N, D]`);
  const rows = x.shape[0]!;
  const pairs = (rows * (rows - 1)) / 2;
  if (pairs > mostPairs) {
    throw new ShapeError(
      `[pdist] x is ${shapeText(x.shape)}, which has ${pairs} pairs, wanted at most ${mostPairs}`,
    );
  }
  const first: number[] = [];
  const second: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      first.push(i);
      second.push(j);
    }
  }
  const indices = (list: number[]): Tensor => tensor(list, { dtype: 'int64' });
  return scoped(() => {
    const differences = sub(indexSelect(x, 0, indices(first)), indexSelect(x, 0, indices(second)));
    return normOver(asFloat(differences), p, { dim: 1, keepdim: false });
  });
}

/**
 * x with every slice along `dim` that has a p-norm above `maxnorm` scaled down to it. x: at least two dims, floating.
 *
 * @throws ShapeError for fewer than two dims.
 * @throws IndexError for a dim out of range.
 * @throws ValueError unless p is above 0 and maxnorm at least 0.
 * @example
 * import { renorm, tensor } from 'lanegrad';
 * renorm(tensor([[3.0, 4.0], [0.5, 0]]), 2, 0, 1).tolist(); // => [[0.6, 0.8], [0.5, 0]]
 */
export function renorm(x: Tensor, p: number, dim: number, maxnorm: number): Tensor {
  checkTensor('renorm', 'x', x);
  checkNumber('renorm', 'p', p);
  checkNumber('renorm', 'maxnorm', maxnorm);
  if (x.ndim < 2) throw new ShapeError(`[renorm] x is ${shapeText(x.shape)}, wanted at least two dims`);
  if (!(p > 0)) throw new ValueError(`[renorm] p: got ${p}, wanted more than 0`);
  if (!(maxnorm >= 0)) throw new ValueError(`[renorm] maxnorm: got ${maxnorm}, wanted at least 0`);
  const kept = wrapDim('renorm', dim, x.ndim);
  return scoped(() => {
    const others = x.shape.map((_, i) => i).filter((i) => i !== kept);
    const norms = normOver(asFloat(x), p, { dim: others, keepdim: true });
    const scale = where(gt(norms, maxnorm), mul(reciprocal(add(norms, 1e-7)), maxnorm), 1);
    return mul(x, scale);
  });
}
