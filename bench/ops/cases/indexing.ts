// What reads or writes at places that a tensor names: the places are uniform, so each touches a cache line of its own where
// single elements are moved, and whole rows where rows are.
import * as lg from '../../../lib/index.js';
import { flat, input, side, size, square } from '../case.js';
import type { Input, OpCase } from '../case.js';

const places = (shape: readonly number[], high: number): Input =>
  input(shape, { dtype: 'int64', low: 0, high });
const perElement = places([side, side], side);
const perRow = places([side], side);
const everywhere = places([size], size);
const mask = input([size], { dtype: 'bool', low: 0, high: 2 });

function indexCase(name: string, inputs: readonly Input[], call: OpCase['call'], torch: string): OpCase {
  return { name, group: 'index', inputs, call, torch };
}

export const indexing: readonly OpCase[] = [
  indexCase('where', [mask, flat, flat], (c, a, b) => lg.where(c, a, b), 'torch.where(a, b, c)'),
  indexCase('maskedFill', [flat, mask], (x, m) => lg.maskedFill(x, m, 0), 'a.masked_fill(b, 0)'),
  indexCase('maskedSelect', [flat, mask], (x, m) => lg.maskedSelect(x, m), 'torch.masked_select(a, b)'),
  indexCase('nonzero', [mask], (m) => lg.nonzero(m), 'torch.nonzero(a)'),
  indexCase('gather, last dim', [square, perElement], (x, i) => lg.gather(x, 1, i), 'torch.gather(a, 1, b)'),
  indexCase('gather, first dim', [square, perElement], (x, i) => lg.gather(x, 0, i), 'torch.gather(a, 0, b)'),
  indexCase('gather, one line', [flat, everywhere], (x, i) => lg.gather(x, 0, i), 'torch.gather(a, 0, b)'),
  indexCase(
    'scatter, last dim',
    [square, perElement, square],
    (x, i, s) => lg.scatter(x, 1, i, s),
    'torch.scatter(a, 1, b, c)',
  ),
  indexCase(
    'scatter, first dim',
    [square, perElement, square],
    (x, i, s) => lg.scatter(x, 0, i, s),
    'torch.scatter(a, 0, b, c)',
  ),
  indexCase(
    'scatterAdd, last dim',
    [square, perElement, square],
    (x, i, s) => lg.scatterAdd(x, 1, i, s),
    'torch.scatter_add(a, 1, b, c)',
  ),
  indexCase(
    'scatterAdd, first dim',
    [square, perElement, square],
    (x, i, s) => lg.scatterAdd(x, 0, i, s),
    'torch.scatter_add(a, 0, b, c)',
  ),
  indexCase(
    'scatterAdd, one line',
    [flat, everywhere, flat],
    (x, i, s) => lg.scatterAdd(x, 0, i, s),
    'torch.scatter_add(a, 0, b, c)',
  ),
  indexCase(
    'scatterReduce amax, last dim',
    [square, perElement, square],
    (x, i, s) => lg.scatterReduce(x, 1, i, s, 'amax'),
    'torch.scatter_reduce(a, 1, b, c, "amax")',
  ),
  indexCase(
    'indexSelect, rows',
    [square, perRow],
    (x, i) => lg.indexSelect(x, 0, i),
    'torch.index_select(a, 0, b)',
  ),
  indexCase(
    'indexSelect, columns',
    [square, perRow],
    (x, i) => lg.indexSelect(x, 1, i),
    'torch.index_select(a, 1, b)',
  ),
  indexCase(
    'indexAdd, rows',
    [square, perRow, square],
    (x, i, s) => lg.indexAdd(x, 0, i, s),
    'torch.index_add(a, 0, b, c)',
  ),
  indexCase(
    'indexCopy, rows',
    [square, perRow, square],
    (x, i, s) => lg.indexCopy(x, 0, i, s),
    'torch.index_copy(a, 0, b, c)',
  ),
  indexCase(
    'indexFill, columns',
    [square, places([64], side)],
    (x, i) => lg.indexFill(x, 1, i, 0),
    'torch.index_fill(a, 1, b, 0)',
  ),
  indexCase('index, rows', [square, perRow], (x, i) => lg.index(x, i), 'a[b]'),
  indexCase('index, mask', [flat, mask], (x, m) => lg.index(x, m), 'a[b]'),
  indexCase(
    'index, pairs',
    [square, places([size], side), places([size], side)],
    (x, i, j) => lg.index(x, i, j),
    'a[b, c]',
  ),
  indexCase(
    'indexPut, rows',
    [square, perRow, square],
    (x, i, s) => lg.indexPut(x, [i], s),
    'torch.index_put(a, (b,), c)',
  ),
  indexCase('take', [square, everywhere], (x, i) => lg.take(x, i), 'torch.take(a, b)'),
  indexCase(
    'takeAlongDim',
    [square, perElement],
    (x, i) => lg.takeAlongDim(x, i, { dim: 1 }),
    'torch.take_along_dim(a, b, 1)',
  ),
  indexCase(
    'F.embedding',
    [places([1 << 16], 1 << 14), input([1 << 14, 256])],
    (i, w) => lg.F.embedding(i, w),
    'F.embedding(a, b)',
  ),
  indexCase('bincount', [places([size], 1000)], (x) => lg.bincount(x), 'torch.bincount(a)'),
  indexCase('histc', [flat], (x) => lg.histc(x, { bins: 100 }), 'torch.histc(a, 100)'),
  indexCase(
    'repeatInterleave',
    [input([size / 4])],
    (x) => lg.repeatInterleave(x, 4),
    'torch.repeat_interleave(a, 4)',
  ),
];
