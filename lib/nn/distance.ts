import { checkInt } from '../check.js';
import { cosineSimilarity, pairwiseDistance } from '../ops/similarity.js';
import type { CosineSimilarityOptions, PairwiseDistanceOptions } from '../ops/similarity.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';
import { readOptions } from './options.js';

/**
 * x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps)) along a dim. See {@link cosineSimilarity}.
 *
 * x1, x2: shapes that broadcast; gives that shape without the dim.
 * @throws ValueError for an option that is unknown or no number.
 * @throws ShapeError from `forward`, if the shapes do not broadcast; IndexError for a dim out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.CosineSimilarity().forward(tensor([[3.0, 0]]), tensor([[2.0, 0]])).tolist(); // => [1]
 */
export class CosineSimilarity extends Module<[x1: Tensor, x2: Tensor]> {
  readonly dim: number;
  readonly eps: number;

  constructor(options: CosineSimilarityOptions = {}) {
    super();
    const { dim, eps } = readOptions('CosineSimilarity', options, { dim: 1, eps: 1e-8 });
    checkInt('CosineSimilarity', 'dim', dim);
    this.dim = dim;
    this.eps = eps;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, { dim: this.dim, eps: this.eps });
  }
}

/**
 * ‖x1 - x2 + eps‖ along the last dim, by the p-norm. See {@link pairwiseDistance}.
 *
 * x1, x2: [..., D], broadcasting; gives [...], or [..., 1] with `keepdim`.
 * @throws ValueError for an option that is unknown or of the wrong kind.
 * @throws ShapeError from `forward`, if the shapes do not broadcast.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.PairwiseDistance({ eps: 0 }).forward(tensor([[3.0, 0]]), tensor([[0, 4.0]])).tolist(); // => [5]
 */
export class PairwiseDistance extends Module<[x1: Tensor, x2: Tensor]> {
  readonly p: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(options: PairwiseDistanceOptions = {}) {
    super();
    const { p, eps, keepdim } = readOptions('PairwiseDistance', options, { p: 2, eps: 1e-6, keepdim: false });
    this.p = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    const { p, eps, keepdim } = this;
    return pairwiseDistance(x1, x2, { p, eps, keepdim });
  }
}
