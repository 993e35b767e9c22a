// Sorts, searches, sets and running folds.
import * as lg from '../../../lib/index.js';
import { cube, flat, input, size, square } from '../case.js';
import type { Input, OpCase } from '../case.js';

const few = input([size], { dtype: 'int64', low: 0, high: 100_000 });
// Increasing, as boundaries must be.
const boundaries: Input = input([1024], {
  normal: true,
  view: { call: (x) => lg.sort(x).values, torch: 'torch.sort(x)[0]' },
});

function orderCase(name: string, inputs: readonly Input[], call: OpCase['call'], torch: string): OpCase {
  return { name, group: 'index', inputs, call, torch };
}

export const ordering: readonly OpCase[] = [
  orderCase('sort, one line', [flat], (x) => lg.sort(x), 'torch.sort(a)'),
  orderCase('sort, last dim', [square], (x) => lg.sort(x), 'torch.sort(a)'),
  orderCase('sort, first dim', [square], (x) => lg.sort(x, { dim: 0 }), 'torch.sort(a, 0)'),
  orderCase('argsort, last dim', [square], (x) => lg.argsort(x), 'torch.argsort(a)'),
  orderCase('topk of one line', [flat], (x) => lg.topk(x, 100), 'torch.topk(a, 100)'),
  orderCase('topk, last dim', [square], (x) => lg.topk(x, 10), 'torch.topk(a, 10)'),
  orderCase('kthvalue, last dim', [square], (x) => lg.kthvalue(x, 100), 'torch.kthvalue(a, 100)'),
  orderCase('median', [flat], (x) => lg.median(x), 'torch.median(a)'),
  orderCase('median, last dim', [square], (x) => lg.median(x, { dim: 1 }), 'torch.median(a, 1)'),
  orderCase('mode, last dim', [square], (x) => lg.mode(x), 'torch.mode(a)'),
  orderCase(
    'quantile, last dim',
    [square],
    (x) => lg.quantile(x, 0.3, { dim: 1 }),
    'torch.quantile(a, 0.3, 1)',
  ),
  orderCase('searchsorted', [boundaries, flat], (s, v) => lg.searchsorted(s, v), 'torch.searchsorted(a, b)'),
  orderCase('bucketize', [flat, boundaries], (v, s) => lg.bucketize(v, s), 'torch.bucketize(a, b)'),
  orderCase('unique', [few], (x) => lg.unique(x), 'torch.unique(a)'),
  orderCase('uniqueConsecutive', [few], (x) => lg.uniqueConsecutive(x), 'torch.unique_consecutive(a)'),
  orderCase(
    'isin, 1000',
    [few, input([1000], { dtype: 'int64', low: 0, high: 100_000 })],
    (x, t) => lg.isin(x, t),
    'torch.isin(a, b)',
  ),
  orderCase(
    'isin, 5',
    [few, input([5], { dtype: 'int64', low: 0, high: 100_000 })],
    (x, t) => lg.isin(x, t),
    'torch.isin(a, b)',
  ),
  ...(['cumsum', 'cumprod', 'cummax', 'logcumsumexp'] as const).flatMap((name) => {
    const torch = `torch.${name}`;
    return [
      orderCase(`${name}, one line`, [flat], (x) => lg[name](x, 0), `${torch}(a, 0)`),
      orderCase(`${name}, last dim`, [square], (x) => lg[name](x, 1), `${torch}(a, 1)`),
      orderCase(`${name}, first dim`, [square], (x) => lg[name](x, 0), `${torch}(a, 0)`),
      orderCase(`${name}, middle dim`, [cube], (x) => lg[name](x, 1), `${torch}(a, 1)`),
    ];
  }),
  orderCase('diff', [square], (x) => lg.diff(x), 'torch.diff(a)'),
];
