export { add, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, pow, sub, where } from './binary.js';
export { withComposites } from './composite.js';
export { clone, contiguous, detach, to } from './convert.js';
export {
  arange,
  eye,
  float,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from './creation.js';
export type { ArangeOptions, CreationOptions, Shape } from './creation.js';
export { argwhere, bincount, histc, histogram, nonzero, unique, uniqueConsecutive } from './counting.js';
export type {
  BincountOptions,
  HistcOptions,
  HistogramOptions,
  UniqueConsecutiveOptions,
  UniqueOptions,
  UniqueResult,
} from './counting.js';
export {
  cummax,
  cummin,
  cumprod,
  cumsum,
  cumulativeTrapezoid,
  diff,
  logcumsumexp,
  trapezoid,
} from './cumulative.js';
export type { CumulativeOptions, DiffOptions, TrapezoidOptions } from './cumulative.js';
export { dropout } from './dropout.js';
export type { DropoutOptions } from './dropout.js';
export { tensor } from './from-data.js';
export type { TensorData, TensorOptions } from './from-data.js';
export { avgPool2d, conv2d, maxPool2d, maxPool2dWithIndices } from './image.js';
export type { AvgPool2dOptions, Conv2dOptions, MaxPool2dOptions, Pair, PoolOptions } from './image.js';
export { embedding, gather, index, indexAdd, indexSelect, scatterAdd } from './indexing.js';
export type { IndexEntry } from './indexing.js';
export { cat, chunk, split, stack, unbind } from './join.js';
export { bceWithLogits, crossEntropy, l1, mse, nll } from './loss.js';
export type {
  BceWithLogitsOptions,
  CrossEntropyOptions,
  LossOptions,
  NllOptions,
  Reduction,
} from './loss.js';
export { bmm, dot, linear, matmul, mm } from './matmul.js';
export { countNonzero, nanmean, nansum } from './nan-reduction.js';
export { batchNorm, layerNorm } from './norm.js';
export type { BatchNormOptions, LayerNormOptions } from './norm.js';
export { dist, norm } from './p-norm.js';
export type { NormOptions } from './p-norm.js';
export { nanquantile, quantile } from './quantile.js';
export type { QuantileOptions } from './quantile.js';
export { rand, randint, randLike, randn, randnLike } from './random.js';
export {
  amax,
  amin,
  argmax,
  argmin,
  logSoftmax,
  logsumexp,
  max,
  mean,
  min,
  prod,
  softmax,
  std,
  sum,
  variance,
} from './reduction.js';
export { argsort, bucketize, kthvalue, msort, searchsorted, sort, topk } from './sorting.js';
export type { PickOptions, SearchOptions, SearchsortedOptions, SortOptions, TopkOptions } from './sorting.js';
export { aminmax, corrcoef, cov, median, mode, nanmedian, stdMean, varMean } from './statistics.js';
export type { CovOptions } from './statistics.js';
export { all, allclose, any, equal } from './truth.js';
export type {
  DimOptions,
  LogsumexpOptions,
  ProdOptions,
  ReduceOptions,
  SumOptions,
  ValuesAndIndices,
  VarOptions,
} from './reduction.js';
export {
  abs,
  ceil,
  clamp,
  cos,
  erf,
  exp,
  floor,
  gelu,
  isnan,
  log,
  logicalNot,
  neg,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  silu,
  sin,
  sqrt,
  square,
  tanh,
  trunc,
} from './unary.js';
export type { ClampOptions, GeluOptions } from './unary.js';
export {
  expand,
  flatten,
  narrow,
  permute,
  reshape,
  select,
  slice,
  squeeze,
  t,
  transpose,
  unflatten,
  unsqueeze,
  view,
} from './view.js';
export type { SliceRange } from './view.js';
