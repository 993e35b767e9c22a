import type { PrimitiveName } from '../../op-schema.gen.js';
import { binaryOps, comparisonOps } from './binary.js';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './conv.js';
import { arange, eye, full, linspace, nextCounter, normal, randint, uniform } from './creation.js';
import { cat, gather, indexAdd, indexSelect, scatterAdd, wrapIndex } from './indexing.js';
import { matmul } from './matmul.js';
import type { ReferenceOp } from './op.js';
import { avgPool2d, avgPool2dBackward, maxPool2d, maxPool2dBackward } from './pool.js';
import { amax, amin, argmax, argmin, maxDim, mean, minDim, prod, sum } from './reduce.js';
import { cummax, cummin, cumprod, cumsum, logcumsumexp, recurrence } from './scan.js';
import { nonzero, searchsorted, sort } from './sort.js';
import { clamp, copy, to, where } from './select.js';
import { logSoftmax, softmax } from './softmax.js';
import { testOps, unaryOps } from './unary.js';
import { contiguous, detach, expand, permute, reshape, slice } from './view.js';

/** Every primitive: one that is missing here is a type error. */
export const referenceOps: { readonly [P in PrimitiveName]: ReferenceOp<P> } = {
  ...unaryOps,
  ...testOps,
  ...binaryOps,
  ...comparisonOps,
  amax,
  amin,
  arange,
  argmax,
  argmin,
  avgPool2d,
  avgPool2dBackward,
  cat,
  clamp,
  contiguous,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  copy,
  cummax,
  cummin,
  cumprod,
  cumsum,
  detach,
  expand,
  eye,
  full,
  gather,
  indexAdd,
  indexSelect,
  linspace,
  logSoftmax,
  logcumsumexp,
  matmul,
  maxDim,
  maxPool2d,
  maxPool2dBackward,
  mean,
  minDim,
  nextCounter,
  nonzero,
  normal,
  permute,
  prod,
  randint,
  recurrence,
  reshape,
  scatterAdd,
  searchsorted,
  slice,
  softmax,
  sort,
  sum,
  to,
  uniform,
  where,
  wrapIndex,
};
