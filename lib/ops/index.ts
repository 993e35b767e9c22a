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
export { clone, contiguous, detach, fill, to, typeAs } from './convert.js';
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
export { tensor } from './from-data.js';
export type { TensorData, TensorOptions } from './from-data.js';
export { avgPool2d, conv2d, maxPool2d, maxPool2dWithIndices } from './image.js';
export type { AvgPool2dOptions, Conv2dOptions, MaxPool2dOptions, Pair, PoolOptions } from './image.js';
export { embedding, gather, index, indexAdd, indexSelect, scatterAdd } from './indexing.js';
export type { IndexEntry } from './indexing.js';
export { cat, chunk, split, stack, unbind } from './join.js';
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
export { bceWithLogits, crossEntropy, l1, mse, nll } from './loss.js';
export type {
  BceWithLogitsOptions,
  CrossEntropyOptions,
  LossOptions,
  NllOptions,
  Reduction,
} from './loss.js';
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
export { bmm, dot, linear, matmul, mm } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export type { BatchNormOptions, LayerNormOptions } from './norm.js';
export { frac, frexp, nanToNum, positive, sgn } from './parts.js';
export type { MantissaAndExponent, NanToNumOptions } from './parts.js';
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
  SoftmaxOptions,
  SumOptions,
  ValuesAndIndices,
  VarOptions,
} from './reduction.js';
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
