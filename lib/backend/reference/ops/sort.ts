import { DTypeError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show } from '../array.js';
import { contiguousStrides, normalizeDim } from '../shape.js';
import { rowMajorOffsets } from '../walk.js';
import { alongDim, eachLine } from './lines.js';
import { full, type ReferenceOp } from './op.js';

// Ordering lines, searching sorted ones, and finding what is not 0.

/** -1, 0 or 1: NaN comes after everything and equals itself. Numbers, or bigints. */
function order(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return (a !== a ? 1 : 0) - (b !== b ? 1 : 0);
}

export const sort: ReferenceOp<'sort'> = {
  infer([x], { dim }) {
    normalizeDim('sort', dim, x!.rank);
    return [fresh(x!.dtype, x!.shape), fresh('int64', x!.shape)];
  },
  forward([x], [values, indices], { dim, descending }) {
    const d = normalizeDim('sort', dim, x!.rank);
    const { n, xs, os } = alongDim(x!, values!, d);
    const data = x!.numbers;
    const places = new Uint32Array(n);
    const to = indices!.data as BigInt64Array;
    const sign = descending ? -1 : 1;
    eachLine(x!, values!, d, (xo, oo) => {
      for (let i = 0; i < n; i++) places[i] = i;
      places.sort((i, j) => sign * order(data[xo + i * xs]!, data[xo + j * xs]!) || i - j);
      for (let j = 0; j < n; j++) {
        values!.numbers[oo + j * os] = data[xo + places[j]! * xs]!;
        to[oo + j * os] = BigInt(places[j]!);
      }
    });
  },
  saves: { outputs: [1] },
  vjp(c, g, { dim }) {
    const shape = c.shape(0);
    if (shape.length === 0) return [g];
    return [c.run('scatterAdd', [full(c, shape, 0, g.dtype), c.output(1), g], { dim })];
  },
};

export const searchsorted: ReferenceOp<'searchsorted'> = {
  infer([sorted, values]) {
    if (sorted!.dtype !== values!.dtype) {
      fail(DTypeError, 'searchsorted', `sorted is ${sorted!.dtype} and values are ${values!.dtype}`);
    }
    const rows = sorted!.shape.slice(0, -1);
    const fits =
      sorted!.rank === 1 ||
      (sorted!.rank === values!.rank && rows.every((size, i) => size === values!.shape[i]));
    if (!fits || sorted!.rank === 0) {
      fail(
        ShapeError,
        'searchsorted',
        `sorted is ${show(sorted!.shape)} and values are ${show(values!.shape)}: wanted one row, or a row for each row of values`,
      );
    }
    return [fresh('int64', values!.shape)];
  },
  forward([sorted, values], [out], { right }) {
    const n = sorted!.shape.at(-1)!;
    const step = sorted!.strides.at(-1)!;
    const to = out!.data as BigInt64Array;
    const starts = values!.shape.map((_, d) =>
      sorted!.rank > 1 && d < sorted!.rank - 1 ? sorted!.strides[d]! : 0,
    );
    const rows = rowMajorOffsets(values!.shape, starts, sorted!.offset);
    const offsets = rowMajorOffsets(values!.shape, values!.strides, values!.offset);
    for (let i = 0; i < offsets.length; i++) {
      const v = values!.numbers[offsets[i]!]!;
      let low = 0;
      let high = n;
      while (low < high) {
        const middle = (low + high) >> 1;
        const m = sorted!.numbers[rows[i]! + middle * step]!;
        if (right ? m > v : m >= v) high = middle;
        else low = middle + 1;
      }
      to[i] = BigInt(low);
    }
  },
};

export const nonzero: ReferenceOp<'nonzero'> = {
  infer([x], { count }) {
    if (count < 0 || count > x!.numel) {
      fail(ValueError, 'nonzero', `count is ${count} for ${x!.numel} elements`);
    }
    return [fresh('int64', [count, x!.rank])];
  },
  forward([x], [out], { count }) {
    const offsets = rowMajorOffsets(x!.shape, x!.strides, x!.offset);
    const steps = contiguousStrides(x!.shape);
    const to = out!.data as BigInt64Array;
    let found = 0;
    offsets.forEach((offset, i) => {
      if (Number(x!.data[offset]!) === 0) return;
      if (found < count) {
        for (let d = 0; d < x!.rank; d++) {
          to[found * x!.rank + d] = BigInt(Math.floor(i / steps[d]!) % x!.shape[d]!);
        }
      }
      found++;
    });
    if (found !== count) fail(ValueError, 'nonzero', `count is ${count}, but ${found} are not 0`);
  },
};
