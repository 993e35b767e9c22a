import { baseName } from '../names.js';
import type { Sample } from '../read/format.js';
import type { Layout } from './cases.js';

// Where a gradient cannot be held against differences, with the reason. Not for gradients that are wrong.

interface Exception {
  readonly ops: RegExp;
  readonly layout?: Layout;
  /** A parameter whose presence makes the difference. */
  readonly parameter?: string;
  readonly reason: string;
}

const exceptions: readonly Exception[] = [
  { ops: /^(float|bfloat16|half)$/, reason: 'the result has too few digits for differences' },
  // These are checked at points of our own, in test/cases.
  { ops: /^acos$/, reason: 'the samples reach 1, where the slope is infinite' },
  { ops: /^fmod$/, reason: 'the samples have divisors near 0, where the quotient jumps within a step' },
  { ops: /^(deg2rad|rad2deg)$/, reason: 'all samples lie far beyond 1000' },
  {
    ops: /^(max|min|amax|amin|aminmax|median|nanmedian|mode|sort|msort|topk|kthvalue|cummax|cummin|quantile|nanquantile)$/,
    layout: 'broadcast',
    reason: 'equal values: not differentiable where they tie',
  },
  {
    ops: /^(std|std_mean|dist|cdist|nn\.functional\.p(airwise_distance|dist))$/,
    layout: 'broadcast',
    reason: 'equal values: the root of zero is not differentiable',
  },
  {
    ops: /^nn\.functional\.(adaptive_|fractional_)?max_pool/,
    layout: 'broadcast',
    reason: 'equal values: not differentiable where they tie',
  },
  {
    ops: /^(linalg\.(?!norm|vector_norm|vecdot|cross|multi_dot)|cholesky|logdet)/,
    layout: 'broadcast',
    reason: 'equal rows make a singular matrix',
  },
  { ops: /^norm$/, layout: 'broadcast', reason: 'equal values tie, equal rows make a singular matrix' },
  { ops: /^(fmod|remainder)$/, reason: 'jumps where the divisor fits: a difference may step over one' },
  { ops: /^a(cos|sin|tanh)$/, reason: 'cases at the ends of the domain, where the slope is infinite' },
  { ops: /^linalg\.lstsq$/, reason: 'its singular values have no gradient, as in PyTorch' },
  { ops: /^cholesky_(solve|inverse)$/, reason: 'of a triangle: the other one has a gradient by convention' },
  {
    ops: /^nn\.functional\.max_unpool/,
    reason: 'indices that repeat: one element stays, and PyTorch gives the gradient to all',
  },
  { ops: /^nextafter$/, reason: 'a step for each float: what its slope is, is a convention' },
  { ops: /^view(_as)?$/, layout: 'strided', reason: 'a view needs strides that fit' },
  { ops: /^view_as$/, layout: 'broadcast', reason: 'a view needs strides that fit' },
  {
    ops: /^as_strided$/,
    layout: 'strided',
    reason: 'it reads memory, which another layout orders otherwise',
  },
  {
    ops: /^as_strided$/,
    layout: 'broadcast',
    reason: 'it reads memory, which another layout orders otherwise',
  },
  {
    ops: /^index_reduce$/,
    layout: 'broadcast',
    reason: 'a destination that repeats is written more than once',
  },
  {
    ops: /^nn\.functional\.ctc_loss$/,
    reason: 'its gradient is that of the logits in front of the log softmax, as in PyTorch',
  },
  {
    ops: /^nn\.functional\.embedding(_bag)?$/,
    parameter: 'padding_idx',
    reason: 'the row of padding has no gradient by definition',
  },
];

/** Why a sample is not checked in a layout, or undefined. */
export function exceptionFor(op: string, sample: Sample, layout: Layout): string | undefined {
  return exceptions.find(
    (one) =>
      one.ops.test(baseName(op)) &&
      (one.layout ?? layout) === layout &&
      (one.parameter === undefined || one.parameter in sample.kwargs),
  )?.reason;
}

/** Functions of symmetric matrices, which read one triangle: differences are taken along symmetric matrices. */
export const ofSymmetric: readonly string[] = [
  'linalg.cholesky',
  'linalg.eigh:invariant',
  'linalg.eigvalsh',
  'linalg.pinv/hermitian',
];

/** Ops whose gradient no difference confirms, neither on samples nor on inputs of our own, and why. */
export const uncheckable: Readonly<Record<string, string>> = {
  float: 'a change of dtype: float32 has too few digits for differences',
  half: 'a change of dtype: float16 has too few digits for differences',
  bfloat16: 'a change of dtype: bfloat16 has too few digits for differences',
};
