import * as counting from '../ops/counting.js';
import type {
  BincountOptions,
  HistcOptions,
  HistogramOptions,
  UniqueConsecutiveOptions,
  UniqueOptions,
  UniqueResult,
} from '../ops/counting.js';
import type { ValuesAndIndices } from '../ops/reduction.js';
import * as sorting from '../ops/sorting.js';
import type { PickOptions, SortOptions, TopkOptions } from '../ops/sorting.js';
import type { Tensor } from '../tensor.js';

type Asked = { returnInverse: true } | { returnCounts: true };

/** Ordering and counting as methods. */
export interface SortingMethods {
  argsort(options?: SortOptions): Tensor<'int64'>;
  argwhere(): Tensor<'int64'>;
  bincount(options?: BincountOptions): Tensor;
  histc(options?: HistcOptions): Tensor;
  histogram(
    bins: Tensor | number,
    options?: HistogramOptions,
  ): { readonly hist: Tensor; readonly binEdges: Tensor };
  kthvalue(k: number, options?: PickOptions): ValuesAndIndices;
  msort(): Tensor;
  nonzero(options: { asTuple: true }): Tensor<'int64'>[];
  nonzero(options?: { asTuple?: false }): Tensor<'int64'>;
  sort(options?: SortOptions): ValuesAndIndices;
  topk(k: number, options?: TopkOptions): ValuesAndIndices;
  unique(options: UniqueOptions & Asked): UniqueResult;
  unique(options?: UniqueOptions): Tensor;
  uniqueConsecutive(options: UniqueConsecutiveOptions & Asked): UniqueResult;
  uniqueConsecutive(options?: UniqueConsecutiveOptions): Tensor;
}

export const sortingMethods: SortingMethods & ThisType<Tensor> = {
  argsort(options) {
    return sorting.argsort(this, options);
  },
  argwhere() {
    return counting.argwhere(this);
  },
  bincount(options) {
    return counting.bincount(this, options);
  },
  histc(options) {
    return counting.histc(this, options);
  },
  histogram(bins, options) {
    return counting.histogram(this, bins, options);
  },
  kthvalue(k, options) {
    return sorting.kthvalue(this, k, options);
  },
  msort() {
    return sorting.msort(this);
  },
  nonzero: function (this: Tensor, options?: never) {
    return counting.nonzero(this, options);
  } as SortingMethods['nonzero'],
  sort(options) {
    return sorting.sort(this, options);
  },
  topk(k, options) {
    return sorting.topk(this, k, options);
  },
  unique: function (this: Tensor, options?: never) {
    return counting.unique(this, options);
  } as SortingMethods['unique'],
  uniqueConsecutive: function (this: Tensor, options?: never) {
    return counting.uniqueConsecutive(this, options);
  } as SortingMethods['uniqueConsecutive'],
};
