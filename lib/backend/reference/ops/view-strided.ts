import { IndexError, ShapeError, ValueError } from '../../../errors.js';
import { fail, show, type RefTensor } from '../array.js';
import { checkSizes, maxRank, mayOverlap, normalizeDim, numelOf, reachOf, sameShape } from '../shape.js';
import { add, div, full, noAttrs, reshape, where, type ReferenceOp, type VjpContext } from './op.js';

// Views that overlap or jump: the counterpart of native/ops/layout/view_strided.cc.

export const diagonal: ReferenceOp<'diagonal'> = {
  infer([x], { offset, dim1, dim2 }) {
    const { rank, shape, strides } = x!;
    if (rank < 2) fail(ShapeError, 'diagonal', `wants a tensor of at least two dims, got ${show(shape)}`);
    const row = normalizeDim('diagonal', dim1, rank);
    const column = normalizeDim('diagonal', dim2, rank);
    if (row === column) fail(ValueError, 'diagonal', `dim1 and dim2 are the same dim, ${row}`);
    const [rows, columns] = [shape[row]!, shape[column]!];
    const length = offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns);
    const others = (list: readonly number[]) => list.filter((_, i) => i !== row && i !== column);
    const start = offset >= 0 ? offset * strides[column]! : -offset * strides[row]!;
    return [
      {
        dtype: x!.dtype,
        shape: [...others(shape), Math.max(0, length)],
        strides: [...others(strides), strides[row]! + strides[column]!],
        viewOffset: length > 0 ? start : 0,
      },
    ];
  },
  vjp: (c, g, attrs) => [c.embed(c.shape(0), { op: 'diagonal', attrs }, g)],
};

const countUp = (c: VjpContext, length: number, step: number): RefTensor =>
  c.run('arange', [], { start: 0, step, length, dtype: 'int64' });

/** zeros(shape) with rows of `source` added at `index` of a dim. */
const addAt = (c: VjpContext, shape: readonly number[], dim: number, index: RefTensor, source: RefTensor) =>
  c.run('indexAdd', [full(c, shape, 0, source.dtype), index, source], { dim });

export const unfold: ReferenceOp<'unfold'> = {
  infer([x], { dim, size, step }) {
    const { rank } = x!;
    const d = normalizeDim('unfold', dim, rank);
    const length = rank === 0 ? 1 : x!.shape[d]!;
    if (step < 1) fail(ValueError, 'unfold', `step must be 1 or more, got ${step}`);
    if (size < 0 || size > length) {
      fail(ValueError, 'unfold', `windows of ${size} do not fit dim ${d} of ${show(x!.shape)}`);
    }
    if (rank === maxRank) fail(ShapeError, 'unfold', `a tensor has at most ${maxRank} dims`);
    const shape = x!.shape.slice();
    const strides = x!.strides.slice();
    const stride = rank === 0 ? 1 : strides[d]!;
    if (rank > 0) {
      shape[d] = Math.floor((length - size) / step) + 1;
      strides[d] = shape[d] > 1 ? stride * step : stride;
    }
    return [{ dtype: x!.dtype, shape: [...shape, size], strides: [...strides, stride], viewOffset: 0 }];
  },
  vjp(c, g, attrs) {
    const shape = c.shape(0);
    const { size, step } = attrs;
    if (shape.length === 0 || step >= size) return [c.embed(shape, { op: 'unfold', attrs }, g)];
    const d = normalizeDim('unfold', attrs.dim, shape.length);
    const windows = g.shape[d]!;
    const dims = shape.flatMap((_, i) => (i === d ? [i, shape.length] : [i]));
    const flat = shape.slice();
    flat[d] = windows * size;
    const first = reshape(c, countUp(c, windows, step), [windows, 1]);
    const places = reshape(c, add(c, first, countUp(c, size, 1)), [windows * size]);
    return [addAt(c, shape, d, places, reshape(c, c.run('permute', [g], { dims }), flat))];
  },
};

export const strided: ReferenceOp<'strided'> = {
  infer([x], { shape, strides, offset }) {
    const { rank } = x!;
    if (rank !== 1) fail(ShapeError, 'strided', `wants a tensor of one dim, got ${show(x!.shape)}`);
    checkSizes('strided', shape);
    if (strides.length !== shape.length) {
      fail(ShapeError, 'strided', `wants one stride for each dim of ${show(shape)}, got ${strides.length}`);
    }
    if (offset < 0) fail(ValueError, 'strided', `the offset must not be negative, got ${offset}`);
    if (strides.some((stride) => stride < 0)) {
      fail(ValueError, 'strided', `strides must not be negative, got ${show(strides)}`);
    }
    const empty = numelOf(shape) === 0;
    const length = x!.shape[0]!;
    if (!empty && offset + reachOf(shape, strides) >= length) {
      fail(
        IndexError,
        'strided',
        `shape ${show(shape)} with strides ${show(strides)} from ${offset} on leaves the ${length} elements that there are`,
      );
    }
    const step = x!.strides[0]!;
    return [
      {
        dtype: x!.dtype,
        shape,
        strides: shape.map((size, i) => (size > 1 && !empty ? strides[i]! * step : 1)),
        viewOffset: empty ? 0 : offset * step,
      },
    ];
  },
  vjp(c, g, attrs) {
    const shape = c.shape(0);
    if (!mayOverlap(attrs.shape, attrs.strides)) return [c.embed(shape, { op: 'strided', attrs }, g)];
    return [addAt(c, shape, 0, placesOf(c, attrs, shape[0]!), reshape(c, g, [g.numel]))];
  },
};

interface StridedAttrs {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The place of each element of the view in x, flat. */
function placesOf(c: VjpContext, attrs: StridedAttrs, length: number): RefTensor {
  const places = c.run('strided', [countUp(c, length, 1)], attrs);
  return reshape(c, places, [places.numel]);
}

export const storageView: ReferenceOp<'storageView'> = {
  infer([x], { strides, offset, length }) {
    if (!sameShape(x!.strides, strides) || offset < 0 || length < 0) {
      fail(ValueError, 'storageView', 'x does not lie in memory as it did when the view was made');
    }
    if (x!.offset < offset || x!.offset - offset + length > x!.data.length) {
      fail(
        IndexError,
        'storageView',
        `a view of ${length} elements leaves the ${x!.data.length} of the storage`,
      );
    }
    return [{ dtype: x!.dtype, shape: [length], strides: [1], viewOffset: -offset }];
  },
  vjp(c, g, { strides, offset, length }) {
    const own = { shape: c.shape(0), strides, offset };
    if (!mayOverlap(own.shape, strides)) return [c.run('strided', [g], own)];
    // Elements that share a place share its gradient, so that expanding backwards adds it up once.
    const ones = full(c, [numelOf(own.shape)], 1, g.dtype);
    const count = addAt(c, [length], 0, placesOf(c, own, length), ones);
    const share = div(c, g, where(c, c.run('eq', [count, 0], noAttrs), 1, count));
    return [c.run('strided', [share], own)];
  },
};
