import { call, type Rows } from '../call.js';

export const sort: Rows = {
  cumsum: call('self dim'),
  cumprod: call('self dim'),
  cummax: call('self dim'),
  cummin: call('self dim'),
  logcumsumexp: call('self dim'),
  diff: call('self | n dim prepend append'),
  trapezoid: call('y | x'),
  cumulative_trapezoid: call('y | x'),
  sort: call('self | dim descending'),
  argsort: call('self | dim descending'),
  msort: call('self'),
  topk: call('self k | dim largest sorted'),
  kthvalue: call('self k | dim keepdim'),
  searchsorted: call('sorted_sequence &self'),
  bucketize: call('&input boundaries'),
  unique: call('self | sorted return_inverse return_counts dim', {
    results: ['values', 'inverse', 'counts'],
  }),
  unique_consecutive: call('self | return_inverse return_counts dim', {
    results: ['values', 'inverse', 'counts'],
  }),
  bincount: call('self | weights minlength'),
  histc: call('self | bins min max'),
  histogram: call('self bins | weight density'),
  nonzero: call('self | as_tuple'),
  argwhere: call('self'),
};
