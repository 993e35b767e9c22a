// The reductions: over everything, the last, the first and the middle dim, and those that are composed of others.
import * as lg from '../../../lib/index.js';
import type { Tensor } from '../../../lib/index.js';
import { cube, flat, input, size, square } from '../case.js';
import type { Input, OpCase, Result } from '../case.js';

interface Reduction {
  readonly name: string;
  readonly all?: (x: Tensor) => Result;
  readonly dim: (x: Tensor, dim: number) => Result;
  /** In PyTorch: a function, called as f(a) and f(a, dim). */
  readonly torch: string;
}

/** Those that fold along any dim. */
const reductions: readonly Reduction[] = [
  { name: 'sum', all: (x) => lg.sum(x), dim: (x, dim) => lg.sum(x, { dim }), torch: 'torch.sum' },
  { name: 'mean', all: (x) => lg.mean(x), dim: (x, dim) => lg.mean(x, { dim }), torch: 'torch.mean' },
  { name: 'prod', all: (x) => lg.prod(x), dim: (x, dim) => lg.prod(x, { dim }), torch: 'torch.prod' },
  { name: 'amax', all: (x) => lg.amax(x), dim: (x, dim) => lg.amax(x, { dim }), torch: 'torch.amax' },
  { name: 'amin', all: (x) => lg.amin(x), dim: (x, dim) => lg.amin(x, { dim }), torch: 'torch.amin' },
  { name: 'max', all: (x) => lg.max(x), dim: (x, dim) => lg.max(x, { dim }), torch: 'torch.max' },
  { name: 'argmax', all: (x) => lg.argmax(x), dim: (x, dim) => lg.argmax(x, { dim }), torch: 'torch.argmax' },
  { name: 'argmin', all: (x) => lg.argmin(x), dim: (x, dim) => lg.argmin(x, { dim }), torch: 'torch.argmin' },
  {
    name: 'variance',
    all: (x) => lg.variance(x),
    dim: (x, dim) => lg.variance(x, { dim }),
    torch: '(lambda x, d=None: torch.var(x, dim=d))',
  },
  {
    name: 'std',
    all: (x) => lg.std(x),
    dim: (x, dim) => lg.std(x, { dim }),
    torch: '(lambda x, d=None: torch.std(x, dim=d))',
  },
  {
    name: 'norm',
    all: (x) => lg.norm(x),
    dim: (x, dim) => lg.norm(x, { dim }),
    torch: '(lambda x, d=None: torch.norm(x, dim=d))',
  },
  {
    name: 'logsumexp',
    dim: (x, dim) => lg.logsumexp(x, { dim }),
    torch: 'torch.logsumexp',
  },
  { name: 'any', all: (x) => lg.any(x), dim: (x, dim) => lg.any(x, { dim }), torch: 'torch.any' },
  { name: 'all', all: (x) => lg.all(x), dim: (x, dim) => lg.all(x, { dim }), torch: 'torch.all' },
  {
    name: 'countNonzero',
    all: (x) => lg.countNonzero(x),
    dim: (x, dim) => lg.countNonzero(x, { dim }),
    torch: '(lambda x, d=None: torch.count_nonzero(x, dim=d))',
  },
  { name: 'nansum', all: (x) => lg.nansum(x), dim: (x, dim) => lg.nansum(x, { dim }), torch: 'torch.nansum' },
  {
    name: 'nanmean',
    all: (x) => lg.nanmean(x),
    dim: (x, dim) => lg.nanmean(x, { dim }),
    torch: 'torch.nanmean',
  },
  {
    name: 'aminmax',
    all: (x) => lg.aminmax(x),
    dim: (x, dim) => lg.aminmax(x, { dim }),
    torch: '(lambda x, d=None: torch.aminmax(x, dim=d))',
  },
];

function casesOf({ name, all, dim, torch }: Reduction): OpCase[] {
  const along = (place: string, made: Input, d: number): OpCase => ({
    name: `${name}, ${place} dim`,
    group: 'reduction',
    inputs: [made],
    call: (x) => dim(x, d),
    torch: `${torch}(a, ${d})`,
  });
  const cases = [along('last', square, 1), along('first', square, 0), along('middle', cube, 1)];
  if (all === undefined) return cases;
  return [{ name, group: 'reduction', inputs: [flat], call: (x) => all(x), torch: `${torch}(a)` }, ...cases];
}

const two = [input([size], { normal: true }), input([size], { normal: true })];

export const reduction: readonly OpCase[] = [
  ...reductions.flatMap(casesOf),
  {
    name: 'norm, p = 1',
    group: 'reduction',
    inputs: [flat],
    call: (x) => lg.norm(x, { p: 1 }),
    torch: 'torch.norm(a, p=1)',
  },
  {
    name: 'norm, p = 3',
    group: 'reduction',
    inputs: [flat],
    call: (x) => lg.norm(x, { p: 3 }),
    torch: 'torch.norm(a, p=3)',
  },
  {
    name: 'sum, outer dims',
    group: 'reduction',
    inputs: [cube],
    call: (x) => lg.sum(x, { dim: [0, 2] }),
    torch: 'torch.sum(a, (0, 2))',
  },
  {
    name: 'dist',
    group: 'reduction',
    inputs: two,
    call: (a, b) => lg.dist(a, b),
    torch: 'torch.dist(a, b)',
  },
  {
    name: 'equal',
    group: 'reduction',
    inputs: [input([size], { low: 0, high: 0 }), input([size], { low: 0, high: 0 })],
    call: (a, b) => lg.equal(a, b),
    torch: 'torch.equal(a, b)',
  },
  {
    name: 'allclose',
    group: 'reduction',
    inputs: [input([size], { low: 0, high: 0 }), input([size], { low: 0, high: 0 })],
    call: (a, b) => lg.allclose(a, b),
    torch: 'torch.allclose(a, b)',
  },
  {
    name: 'softmax',
    group: 'reduction',
    inputs: [square],
    call: (x) => lg.softmax(x, 1),
    torch: 'torch.softmax(a, 1)',
  },
  {
    name: 'logSoftmax',
    group: 'reduction',
    inputs: [square],
    call: (x) => lg.logSoftmax(x, 1),
    torch: 'torch.log_softmax(a, 1)',
  },
];
