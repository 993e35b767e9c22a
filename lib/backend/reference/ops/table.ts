import type { PrimitiveName } from '../../op-schema.gen.js';
import { binaryOps, comparisonOps } from './binary.js';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './conv.js';
import { arange, eye, full, linspace, nextCounter, normal, randint, uniform } from './creation.js';
import { cat, indexAdd, indexCopy, indexSelect, wrapIndex } from './indexing.js';
import { matmul } from './matmul.js';
import type { ReferenceOp } from './op.js';
import { avgPool2d, avgPool2dBackward, maxPool2d, maxPool2dBackward } from './pool.js';
import { amax, amin, argmax, argmin, maxDim, mean, minDim, sum } from './reduce.js';
import { flip, tril, triu } from './rearrange.js';
import { cumsum } from './scan.js';
import { gather, scatter, scatterAdd, scatterReduce } from './scatter.js';
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
  cumsum,
  detach,
  diagonal,
  expand,
  eye,
  flip,
  full,
  gather,
  indexAdd,
  indexCopy,
  indexSelect,
  linspace,
  logSoftmax,
  matmul,
  maxDim,
  maxPool2d,
  maxPool2dBackward,
  mean,
  minDim,
  nextCounter,
  normal,
  permute,
  randint,
  reshape,
  scatter,
  scatterAdd,
  scatterReduce,
  slice,
  storageView,
  strided,
  softmax,
  sum,
  to,
  tril,
  triu,
  unfold,
  uniform,
  where,
  wrapIndex,
};
