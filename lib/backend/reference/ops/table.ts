import type { PrimitiveName } from '../../op-schema.gen.js';
import { binaryOps, comparisonOps } from './binary.js';
import { checkRange } from './check.js';
import { convolution, convolutionInputGrad, convolutionWeightGrad } from './conv.js';
import { arange, eye, full, linspace, nextCounter, normal, randint, uniform } from './creation.js';
import { cat, indexAdd, indexCopy, indexSelect, wrapIndex } from './indexing.js';
import { flip, tril, triu } from './rearrange.js';
import { gather, scatter, scatterAdd, scatterReduce } from './scatter.js';
import { functionOps, pairOps } from './functions.js';
import { bitOps, logicOps, quotientOps } from './integer.js';
import { cofactors, cofactorsBackward, det, slogdet } from './linalg-det.js';
import { cholesky, inv, luFactor, solve, solveTriangular } from './linalg-solve.js';
import { eigh, eigvalsh, qr, svd, svdvals } from './linalg-spectral.js';
import { matmul } from './matmul.js';
import type { ReferenceOp } from './op.js';
import { padConstant } from './pad.js';
import {
  adaptiveAvgPool,
  adaptiveAvgPoolBackward,
  adaptiveMaxPool,
  avgPool,
  avgPoolBackward,
  maxPool,
  maxUnpool,
} from './pool.js';
import { amax, amin, argmax, argmin, maxDim, mean, minDim, prod, sum } from './reduce.js';
import { outerIndex, outerIndexBackward, resample, resampleBackward } from './resample.js';
import { cummax, cummin, cumprod, cumsum, logcumsumexp, recurrence } from './scan.js';
import { multinomial, poisson } from './sampling.js';
import { nonzero, searchsorted, sort } from './sort.js';
import { clamp, copy, to, where } from './select.js';
import { logSoftmax, softmax } from './softmax.js';
import { testOps, unaryOps } from './unary.js';
import { diagonal, storageView, strided, unfold } from './view-strided.js';
import { contiguous, detach, expand, permute, reshape, slice } from './view.js';

/** Every primitive: one that is missing here is a type error. */
export const referenceOps: { readonly [P in PrimitiveName]: ReferenceOp<P> } = {
  ...unaryOps,
  ...testOps,
  ...binaryOps,
  ...comparisonOps,
  adaptiveAvgPool,
  adaptiveAvgPoolBackward,
  adaptiveMaxPool,
  ...functionOps,
  ...pairOps,
  ...quotientOps,
  ...bitOps,
  ...logicOps,
  amax,
  amin,
  arange,
  argmax,
  argmin,
  avgPool,
  avgPoolBackward,
  cat,
  checkRange,
  cholesky,
  clamp,
  contiguous,
  convolution,
  convolutionInputGrad,
  convolutionWeightGrad,
  copy,
  cummax,
  cummin,
  cumprod,
  cumsum,
  cofactors,
  cofactorsBackward,
  det,
  detach,
  diagonal,
  eigh,
  eigvalsh,
  expand,
  eye,
  flip,
  full,
  gather,
  indexAdd,
  indexCopy,
  indexSelect,
  inv,
  linspace,
  logSoftmax,
  luFactor,
  logcumsumexp,
  matmul,
  maxDim,
  maxPool,
  maxUnpool,
  mean,
  minDim,
  nextCounter,
  nonzero,
  normal,
  outerIndex,
  outerIndexBackward,
  multinomial,
  padConstant,
  permute,
  poisson,
  prod,
  qr,
  randint,
  recurrence,
  resample,
  resampleBackward,
  reshape,
  scatter,
  scatterAdd,
  scatterReduce,
  storageView,
  strided,
  searchsorted,
  slice,
  slogdet,
  softmax,
  solve,
  solveTriangular,
  sort,
  sum,
  svd,
  svdvals,
  to,
  tril,
  triu,
  unfold,
  uniform,
  where,
  wrapIndex,
};
