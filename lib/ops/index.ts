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
export { cumsum } from './cumulative.js';
export type { CumulativeOptions } from './cumulative.js';
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
export { tensor } from './from-data.js';
export type { TensorData, TensorOptions } from './from-data.js';
export { avgPool2d, conv2d, maxPool2d, maxPool2dWithIndices } from './image.js';
export type { AvgPool2dOptions, Conv2dOptions, MaxPool2dOptions, Pair, PoolOptions } from './image.js';
export { gather, index, indexAdd, indexSelect, scatterAdd } from './indexing.js';
export type { IndexEntry } from './indexing.js';
export { cat, chunk, split, stack, unbind } from './join.js';
export { bceWithLogits, crossEntropy, l1, mse, nll } from './losses/index.js';
export type {
  BceWithLogitsOptions,
  BinaryCrossEntropyOptions,
  CrossEntropyOptions,
  CtcLossOptions,
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
  SmoothL1Options,
  TripletMarginLossOptions,
  TripletMarginOptions,
  TripletMarginWithDistanceOptions,
} from './losses/index.js';
export { renorm } from './distance.js';
export type { CosineSimilarityOptions, NormalizeOptions, PairwiseDistanceOptions } from './distance.js';
export { bmm, dot, linear, matmul, mm } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export type { BatchNormOptions, LayerNormOptions } from './norm.js';
export { bernoulli, normal, rand, randint, randintLike, randLike, randn, randnLike } from './random.js';
export { multinomial, poisson, randperm } from './sampling.js';
export {
  all,
  allclose,
  amax,
  amin,
  any,
  argmax,
  argmin,
  equal,
  logSoftmax,
  logsumexp,
  max,
  mean,
  min,
  softmax,
  std,
  sum,
  variance,
} from './reduction.js';
export type {
  DimOptions,
  LogsumexpOptions,
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
