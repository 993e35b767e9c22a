import * as nanReduction from '../ops/nan-reduction.js';
import { dist } from '../ops/dist.js';
import { pNorm } from '../ops/linalg/norm.js';
import type { PNormOptions } from '../ops/linalg/norm.js';
import * as quantiles from '../ops/quantile.js';
import type { QuantileOptions } from '../ops/quantile.js';
import * as reduction from '../ops/reduction.js';
import type {
  DimOptions,
  LogsumexpOptions,
  ProdOptions,
  ReduceOptions,
  SumOptions,
  ValuesAndIndices,
} from '../ops/reduction.js';
import type { PickOptions } from '../ops/sorting.js';
import * as statistics from '../ops/statistics.js';
import type { CovOptions } from '../ops/statistics.js';
import type { Tensor } from '../tensor.js';

/** Reductions as methods. */
export interface ReductionMethods {
  aminmax(options?: DimOptions): { readonly min: Tensor; readonly max: Tensor };
  corrcoef(): Tensor;
  countNonzero(options?: Pick<ReduceOptions, 'dim'>): Tensor<'int64'>;
  cov(options?: CovOptions): Tensor;
  dist(other: Tensor, options?: { p?: number }): Tensor;
  logsumexp(options: LogsumexpOptions): Tensor;
  median(options: DimOptions & { dim: number }): ValuesAndIndices;
  median(): Tensor;
  mode(options?: PickOptions): ValuesAndIndices;
  nanmean(options?: SumOptions): Tensor;
  nanmedian(options: DimOptions & { dim: number }): ValuesAndIndices;
  nanmedian(): Tensor;
  nanquantile(q: Tensor | number, options?: QuantileOptions): Tensor;
  nansum(options?: SumOptions): Tensor;
  norm(options?: PNormOptions): Tensor;
  prod(options?: ProdOptions): Tensor;
  quantile(q: Tensor | number, options?: QuantileOptions): Tensor;
}

export const reductionMethods: ReductionMethods & ThisType<Tensor> = {
  aminmax(options) {
    return statistics.aminmax(this, options);
  },
  corrcoef() {
    return statistics.corrcoef(this);
  },
  countNonzero(options) {
    return nanReduction.countNonzero(this, options);
  },
  cov(options) {
    return statistics.cov(this, options);
  },
  dist(other, options) {
    return dist(this, other, options);
  },
  logsumexp(options) {
    return reduction.logsumexp(this, options);
  },
  median: function (this: Tensor, options?: DimOptions & { dim: number }) {
    return options === undefined ? statistics.median(this) : statistics.median(this, options);
  } as ReductionMethods['median'],
  mode(options) {
    return statistics.mode(this, options);
  },
  nanmean(options) {
    return nanReduction.nanmean(this, options);
  },
  nanmedian: function (this: Tensor, options?: DimOptions & { dim: number }) {
    return options === undefined ? statistics.nanmedian(this) : statistics.nanmedian(this, options);
  } as ReductionMethods['nanmedian'],
  nanquantile(q, options) {
    return quantiles.nanquantile(this, q, options);
  },
  nansum(options) {
    return nanReduction.nansum(this, options);
  },
  norm(options) {
    return pNorm(this, options);
  },
  prod(options) {
    return reduction.prod(this, options);
  },
  quantile(q, options) {
    return quantiles.quantile(this, q, options);
  },
};
