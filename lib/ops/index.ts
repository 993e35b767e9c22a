export { addbmm, addmm, addmv, addr, baddbmm } from './add-products.js';
export type { AddProductOptions } from './add-products.js';
export {
  addcdiv,
  addcmul,
  atan2,
  copysign,
  floatPower,
  floorDivide,
  fmax,
  fmin,
  fmod,
  gcd,
  heaviside,
  hypot,
  igamma,
  igammac,
  lcm,
  ldexp,
  lerp,
  logaddexp,
  logaddexp2,
  nextafter,
  remainder,
  rsub,
  trueDivide,
  xlogy,
} from './arithmetic.js';
export type { ProductOptions } from './arithmetic.js';
export { add, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, pow, sub, where } from './binary.js';
export type { AlphaOptions, DivOptions } from './binary.js';
export { clamp, clampMax, clampMin } from './clamp.js';
export type { ClampOptions } from './clamp.js';
export { withComposites } from './composite.js';
export { conv2d } from './conv/conv.js';
export type { Conv2dOptions } from './conv/options.js';
export { clone, contiguous, detach, fill, to, typeAs } from './convert.js';
export {
  empty,
  emptyLike,
  eye,
  float,
  full,
  fullLike,
  newEmpty,
  newFull,
  newOnes,
  newZeros,
  ones,
  onesLike,
  scalarTensor,
  zeros,
  zerosLike,
} from './creation.js';
export type { CreationOptions, Shape } from './creation.js';
export { arange, linspace, logspace } from './ranges.js';
export type { ArangeOptions, LogspaceOptions, RangeEnd } from './ranges.js';
export type { OneHotOptions } from './one-hot.js';
export { cartesianProd, combinations, meshgrid, trilIndices, triuIndices, vander } from './grid.js';
export type { CombinationsOptions, MeshgridOptions, TriangleIndicesOptions, VanderOptions } from './grid.js';
export { broadcastShapes, broadcastTensors, broadcastTo, expandAs } from './broadcast.js';
export { movedim, ravel, reshapeAs, swapaxes, viewAs } from './dims.js';
export { blockDiag, diag, diagEmbed, diagflat, diagonal, diagonalScatter } from './diagonal.js';
export type { DiagonalOptions, DiagOptions } from './diagonal.js';
export { index, indexPut } from './getitem.js';
export type { IndexEntry, IndexPutOptions } from './getitem.js';
export { maskedFill, maskedScatter, maskedSelect } from './mask.js';
export { selectScatter, sliceScatter } from './part.js';
export type { SliceScatterOptions } from './part.js';
export { flip, fliplr, flipud, roll, rot90 } from './rearrange.js';
export type { RollOptions, Rot90Options } from './rearrange.js';
export { repeat, repeatInterleave, tile } from './repeat.js';
export type { RepeatInterleaveOptions } from './repeat.js';
export { indexCopy, indexFill, indexReduce, scatter, scatterReduce } from './scatter.js';
export type { ScatterOptions, ScatterReduceOptions, ScatterReduction } from './scatter.js';
export { segmentReduce, unravelIndex } from './segment.js';
export type { SegmentReduceOptions } from './segment.js';
export { dsplit, hsplit, splitWithSizes, tensorSplit, vsplit } from './split.js';
export type { Cuts } from './split.js';
export { atleast1d, atleast2d, atleast3d, columnStack, dstack, hstack, vstack } from './stack.js';
export { asStrided, unfold } from './strided.js';
export type { AsStridedOptions } from './strided.js';
export { put, take, takeAlongDim } from './take.js';
export type { PutOptions, TakeAlongDimOptions } from './take.js';
export { tril, triu } from './triangle.js';
export type { TriangleOptions } from './triangle.js';
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
export { cdist } from './distance.js';
export type { CdistOptions } from './distance.js';
export { dropout } from './dropout.js';
export type { DropoutOptions } from './dropout.js';
export { embedding } from './embedding.js';
export type { EmbeddingBagOptions, EmbeddingOptions } from './embedding.js';
export type { AttentionOptions, MultiHeadAttentionOptions } from './attention.js';
export type {
  GroupNormOptions,
  InstanceNormOptions,
  LocalResponseNormOptions,
  RmsNormOptions,
} from './group-norm.js';
export { einsum } from './einsum.js';
export { asTensor, tensor } from './from-data.js';
export type { TensorData, TensorOptions } from './from-data.js';
export { gather, indexAdd, indexSelect, scatterAdd } from './indexing.js';
export type { IndexAddOptions } from './indexing.js';
export { cat, chunk, split, stack, unbind } from './join.js';
export { logdet } from './linalg/det.js';
export { pNorm as norm } from './linalg/norm.js';
export type { PNormOptions } from './linalg/norm.js';
export { choleskyInverse, choleskySolve } from './linalg/solve.js';
export {
  bitwiseAnd,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseOr,
  bitwiseRightShift,
  bitwiseXor,
  isclose,
  isfinite,
  isin,
  isinf,
  isneginf,
  isposinf,
  isreal,
  logicalAnd,
  logicalOr,
  logicalXor,
  signbit,
} from './logic.js';
export type { CloseOptions, IsinOptions } from './logic.js';
export { bceWithLogits, crossEntropy, l1, mse, nll } from './losses/index.js';
export type {
  BceWithLogitsOptions,
  BinaryCrossEntropyOptions,
  CrossEntropyOptions,
  CtcLossOptions,
  DiceOptions,
  FocalOptions,
  GaussianNllOptions,
  HuberOptions,
  KlDivOptions,
  LinearCrossEntropyOptions,
  LossOptions,
  MarginOptions,
  MultiMarginOptions,
  NllOptions,
  PoissonNllOptions,
  Reduction,
  SigmoidFocalOptions,
  SmoothL1Options,
  TripletMarginLossOptions,
  TripletMarginOptions,
  TripletMarginWithDistanceOptions,
  TverskyOptions,
} from './losses/index.js';
export { renorm } from './similarity.js';
export type { CosineSimilarityOptions, NormalizeOptions, PairwiseDistanceOptions } from './similarity.js';
export { bmm, dot, linear, matmul, mm, mv, vdot } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export type { BatchNormOptions, LayerNormOptions } from './norm.js';
export { avgPool2d } from './pool/average.js';
export type { AvgPool2dOptions } from './pool/average.js';
export { maxPool2d, maxPool2dWithIndices } from './pool/max.js';
export type { MaxPool2dOptions } from './pool/max.js';
export { cross, inner, kron, outer, tensordot, trace } from './products.js';
export type { CrossOptions, TensordotOptions } from './products.js';
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cosh,
  deg2rad,
  digamma,
  erfc,
  erfinv,
  exp2,
  expm1,
  i0,
  lgamma,
  log10,
  log1p,
  log2,
  logit,
  mvlgamma,
  polygamma,
  rad2deg,
  sinc,
  sinh,
  tan,
} from './math.js';
export type { LogitOptions } from './math.js';
export { frac, frexp, nanToNum, positive, sgn } from './parts.js';
export type { MantissaAndExponent, NanToNumOptions } from './parts.js';
export { countNonzero, nanmean, nansum } from './nan-reduction.js';
export { dist } from './dist.js';
export { nanquantile, quantile } from './quantile.js';
export type { QuantileOptions } from './quantile.js';
export { bernoulli, normal, rand, randint, randintLike, randLike, randn, randnLike } from './random.js';
export { multinomial, poisson, randperm } from './sampling.js';
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
  SoftmaxOptions,
  SumOptions,
  ValuesAndIndices,
  VarOptions,
} from './reduction.js';
export type { Pair } from './sizes.js';
export {
  abs,
  ceil,
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
export type { GeluOptions, RoundOptions } from './unary.js';
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
