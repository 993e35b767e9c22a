import { call, type Arguments, type Row, type Rows } from '../call.js';
import type { Callable } from '../library.js';

const overDims = call('self | dim keepdim');

/** PyTorch's older `unbiased` is `correction` 1 or 0. It may come first: var(x, False). */
function withCorrection(a: Arguments, fn: Callable): unknown {
  const flag = a.raw('dim')?.t === 'bool' ? 'dim' : 'unbiased';
  if (!a.has(flag)) return fn(...a.all());
  return fn(...a.all(0, { correction: Number(a.value(flag)) }, [flag]));
}

const spread = (extra: Partial<Row> = {}): Row =>
  call('self | dim unbiased keepdim', { run: withCorrection, ...extra });

export const reduction: Rows = {
  sum: call('self | dim keepdim'),
  mean: call('self | dim keepdim'),
  prod: call('self | dim keepdim'),
  nansum: overDims,
  nanmean: overDims,
  amax: overDims,
  amin: overDims,
  all: overDims,
  any: overDims,
  argmax: overDims,
  argmin: overDims,
  aminmax: overDims,
  median: overDims,
  nanmedian: overDims,
  mode: overDims,
  count_nonzero: call('self | dim'),
  max: overDims,
  min: overDims,
  'max/binary': call('self other'),
  'min/binary': call('self other'),
  // `var` is no name for a function.
  var: spread({ at: 'variance', method: 'var' }),
  std: spread(),
  std_mean: spread({ results: ['std', 'mean'] }),
  var_mean: spread({ results: ['var', 'mean'] }),
  logsumexp: call('self | dim keepdim'),
  norm: call('input | p dim keepdim'),
  quantile: call('self q | dim keepdim'),
  nanquantile: call('self q | dim keepdim'),
  dist: call('self other | p'),
  cov: call('self'),
  corrcoef: call('self'),
};
