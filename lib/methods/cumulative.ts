import { backend } from '../backend/current.js';
import { checkInt } from '../check.js';
import * as cumulative from '../ops/cumulative.js';
import type { CumulativeOptions, DiffOptions } from '../ops/cumulative.js';
import type { ValuesAndIndices } from '../ops/reduction.js';
import type { Tensor } from '../tensor.js';

/** Running folds as methods. */
export interface CumulativeMethods {
  cummax(dim: number): ValuesAndIndices;
  cummin(dim: number): ValuesAndIndices;
  cumprod(dim: number, options?: CumulativeOptions): Tensor;
  cumsum(dim: number, options?: CumulativeOptions): Tensor;
  diff(options?: DiffOptions): Tensor;
  logcumsumexp(dim: number): Tensor;
}

export interface CumulativeInPlaceMethods {
  cumprod_(dim: number): this;
  cumsum_(dim: number): this;
}

function inPlace(op: 'cumprod' | 'cumsum') {
  return function <T extends Tensor>(this: T, dim: number): T {
    checkInt(`${op}_`, 'dim', dim);
    backend.runInPlace(op, [this], { dim, reverse: false });
    return this;
  };
}

export const cumulativeInPlace: Record<keyof CumulativeInPlaceMethods, unknown> = {
  cumprod_: inPlace('cumprod'),
  cumsum_: inPlace('cumsum'),
};

export const cumulativeMethods: CumulativeMethods & ThisType<Tensor> = {
  cummax(dim) {
    return cumulative.cummax(this, dim);
  },
  cummin(dim) {
    return cumulative.cummin(this, dim);
  },
  cumprod(dim, options) {
    return cumulative.cumprod(this, dim, options);
  },
  cumsum(dim, options) {
    return cumulative.cumsum(this, dim, options);
  },
  diff(options) {
    return cumulative.diff(this, options);
  },
  logcumsumexp(dim) {
    return cumulative.logcumsumexp(this, dim);
  },
};
