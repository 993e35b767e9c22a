export { addbmm, addmm, addmv, addr, baddbmm } from './add-products.js';
export type { AddProductOptions } from './add-products.js';
export { add, div, eq, ge, gt, le, lt, maximum, minimum, mul, ne, pow, sub, where } from './binary.js';
export { withComposites } from './composite.js';
export { conv2d } from './conv/conv.js';
export type { Conv2dOptions } from './conv/options.js';
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
export { cdist } from './distance.js';
export type { CdistOptions } from './distance.js';
export { dropout } from './dropout.js';
export type { DropoutOptions } from './dropout.js';
export { einsum } from './einsum.js';
export { tensor } from './from-data.js';
export type { TensorData, TensorOptions } from './from-data.js';
export { embedding, gather, index, indexAdd, indexSelect, scatterAdd } from './indexing.js';
export type { IndexEntry } from './indexing.js';
export { cat, chunk, split, stack, unbind } from './join.js';
export { logdet } from './linalg/det.js';
export { pNorm as norm } from './linalg/norm.js';
export type { PNormOptions } from './linalg/norm.js';
export { choleskyInverse, choleskySolve } from './linalg/solve.js';
export { bceWithLogits, crossEntropy, l1, mse, nll } from './loss.js';
export type {
  BceWithLogitsOptions,
  CrossEntropyOptions,
  LossOptions,
  NllOptions,
  Reduction,
} from './loss.js';
export { bmm, dot, linear, matmul, mm, mv, vdot } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export type { BatchNormOptions, LayerNormOptions } from './norm.js';
export { avgPool2d } from './pool/average.js';
export type { AvgPool2dOptions } from './pool/average.js';
export { maxPool2d, maxPool2dWithIndices } from './pool/max.js';
export type { MaxPool2dOptions } from './pool/max.js';
export { cross, inner, kron, outer, tensordot, trace } from './products.js';
export type { CrossOptions, TensordotOptions } from './products.js';
export { rand, randint, randLike, randn, randnLike } from './random.js';
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
export type { Pair } from './sizes.js';
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
