import type { DType } from '../../../dtype.js';
import { DTypeError, IndexError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor, type Spec } from '../array.js';
import { contiguousStrides, normalizeDim, normalizeDims } from '../shape.js';
import { planLoops, walk } from '../walk.js';
import { div, expand, mul, noAttrs, reshape, type ReferenceOp, type VjpContext } from './op.js';
import { productOfOthers } from './scan.js';

function reducedSpec(x: RefTensor, dims: readonly number[], keepdim: boolean, dtype: DType): Spec {
  const shape: number[] = [];
  x.shape.forEach((size, i) => {
    if (!dims.includes(i)) shape.push(size);
    else if (keepdim) shape.push(1);
  });
  return fresh(dtype, shape);
}

/** For every dim of x the stride in the row-major result: 0 along reduced dims. */
function resultStrides(x: RefTensor, dims: readonly number[]): number[] {
  const kept = contiguousStrides(x.shape.map((size, i) => (dims.includes(i) ? 1 : size)));
  return kept.map((stride, i) => (dims.includes(i) ? 0 : stride));
}

// Adds runs of x to `sums`, reading x in the order of its memory.
function sumInto(x: RefTensor, sums: Float64Array, strides: readonly number[]): void {
  const plan = planLoops(x.shape, [x.strides, strides]);
  const last = plan.sizes.length - 1;
  const n = plan.sizes[last]!;
  const xs = plan.strides[0]![last]!;
  const ss = plan.strides[1]![last]!;
  const data = x.numbers;
  walk(plan, [x.offset, 0], (at) => {
    if (ss === 0) sums[at[1]!] = sums[at[1]!]! + sumRun(data, at[0]!, xs, n);
    else addRun(data, at[0]!, xs, sums, at[1]!, ss, n);
  });
}

// Four sums at once: each waits for its own last addition only.
function sumRun(x: Float64Array, at: number, step: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += x[at]!;
    s1 += x[at + step]!;
    s2 += x[at + 2 * step]!;
    s3 += x[at + 3 * step]!;
    at += 4 * step;
  }
  for (; i < n; i++, at += step) s0 += x[at]!;
  return s0 + s1 + (s2 + s3);
}

function addRun(
  x: Float64Array,
  xo: number,
  xs: number,
  sums: Float64Array,
  so: number,
  ss: number,
  n: number,
): void {
  for (let i = 0; i < n; i++, xo += xs, so += ss) sums[so] = sums[so]! + x[xo]!;
}

function sumBig(x: RefTensor, out: BigInt64Array, strides: readonly number[]): void {
  const plan = planLoops(x.shape, [x.strides, strides]);
  const last = plan.sizes.length - 1;
  const data = x.data;
  walk(plan, [x.offset, 0], ([xo, so]) => {
    for (let i = 0; i < plan.sizes[last]!; i++) {
      const to = so! + i * plan.strides[1]![last]!;
      out[to] = out[to]! + BigInt(data[xo! + i * plan.strides[0]![last]!]!);
    }
  });
}

export const sum: ReferenceOp<'sum'> = {
  infer([x], { dims, keepdim }) {
    const reduced = normalizeDims('sum', dims, x!.rank);
    return [reducedSpec(x!, reduced, keepdim, x!.isFloat ? x!.dtype : 'int64')];
  },
  forward([x], [out], { dims }) {
    const strides = resultStrides(x!, normalizeDims('sum', dims, x!.rank));
    if (!x!.isFloat) {
      sumBig(x!, out!.data as BigInt64Array, strides);
      return;
    }
    const sums = out!.dtype === 'float64' ? out!.numbers : new Float64Array(out!.numel);
    sumInto(x!, sums, strides);
    if (sums !== out!.numbers) out!.numbers.set(sums);
  },
  vjp: (c, g, { dims, keepdim }) => [spread(c, g, c.shape(0), dims, keepdim)],
};

/** A reduced tensor expanded over the shape that it came from. */
function spread(
  c: VjpContext,
  g: RefTensor,
  shape: readonly number[],
  dims: readonly number[],
  keepdim: boolean,
): RefTensor {
  const reduced = normalizeDims('sum', dims, shape.length);
  const open = shape.map((size, i) => (reduced.includes(i) ? 1 : size));
  return expand(c, keepdim ? g : reshape(c, g, open), shape);
}

function countOf(shape: readonly number[], dims: readonly number[]): number {
  return normalizeDims('mean', dims, shape.length).reduce((n, d) => n * shape[d]!, 1);
}

export const mean: ReferenceOp<'mean'> = {
  infer([x], { dims, keepdim }) {
    if (!x!.isFloat) {
      fail(DTypeError, 'mean', `wants a floating dtype, got ${x!.dtype}: cast it first`);
    }
    return [reducedSpec(x!, normalizeDims('mean', dims, x!.rank), keepdim, x!.dtype)];
  },
  forward([x], [out], { dims }) {
    const sums = out!.dtype === 'float64' ? out!.numbers : new Float64Array(out!.numel);
    sumInto(x!, sums, resultStrides(x!, normalizeDims('mean', dims, x!.rank)));
    const count = countOf(x!.shape, dims);
    const to = out!.numbers;
    for (let i = 0; i < sums.length; i++) to[i] = sums[i]! / count;
  },
  vjp(c, g, { dims, keepdim }) {
    const shape = c.shape(0);
    return [spread(c, mul(c, g, 1 / countOf(shape, dims)), shape, dims, keepdim)];
  },
};

export const prod: ReferenceOp<'prod'> = {
  infer([x], { dims, keepdim }) {
    if (dims.length > 1) fail(ValueError, 'prod', `takes one dim or all, got ${dims.length} dims`);
    const reduced = normalizeDims('prod', dims, x!.rank);
    return [reducedSpec(x!, reduced, keepdim, x!.isFloat ? x!.dtype : 'int64')];
  },
  forward([x], [out], { dims }) {
    const strides = resultStrides(x!, normalizeDims('prod', dims, x!.rank));
    const plan = planLoops(x!.shape, [x!.strides, strides]);
    const last = plan.sizes.length - 1;
    const n = plan.sizes[last]!;
    const xs = plan.strides[0]![last]!;
    const os = plan.strides[1]![last]!;
    const floats = x!.isFloat ? new Float64Array(out!.numel).fill(1) : undefined;
    const integers = out!.data as BigInt64Array;
    if (!floats) integers.fill(1n);
    walk(plan, [x!.offset, 0], ([xo, oo]) => {
      for (let i = 0; i < n; i++) {
        const to = oo! + i * os;
        if (floats) floats[to] = floats[to]! * x!.numbers[xo! + i * xs]!;
        else integers[to] = BigInt.asIntN(64, integers[to]! * BigInt(x!.data[xo! + i * xs]!));
      }
    });
    if (floats) out!.numbers.set(floats);
  },
  saves: { inputs: [0] },
  // Each element times the product of the others.
  vjp(c, g, { dims, keepdim }) {
    const x = c.input(0);
    const shape = x.shape;
    if (shape.length === 0) return [g];
    if (x.numel === 0) return [c.run('full', [], { shape, value: 0, dtype: g.dtype })];
    const others =
      dims.length === 0
        ? reshape(c, productOfOthers(c, reshape(c, x, [x.numel]), 0), shape)
        : productOfOthers(c, x, normalizeDim('prod', dims[0]!, shape.length));
    return [mul(c, others, spread(c, g, shape, dims, keepdim))];
  },
};

function extremum(op: 'amax' | 'amin'): ReferenceOp<'amax'> {
  const better =
    op === 'amax' ? (v: number, m: number): boolean => v > m : (v: number, m: number): boolean => v < m;
  return {
    infer([x], { dims, keepdim }) {
      const reduced = normalizeDims(op, dims, x!.rank);
      if (x!.numel === 0 && reduced.some((d) => x!.shape[d] === 0)) {
        const kind = dims.length === 0 ? ShapeError : IndexError;
        fail(kind, op, `an empty dim has no extremum: shape is ${show(x!.shape)}`);
      }
      return [reducedSpec(x!, reduced, keepdim, x!.dtype)];
    },
    forward([x], [out], { dims }) {
      const strides = resultStrides(x!, normalizeDims(op, dims, x!.rank));
      const plan = planLoops(x!.shape, [x!.strides, strides]);
      const last = plan.sizes.length - 1;
      const n = plan.sizes[last]!;
      const xs = plan.strides[0]![last]!;
      const os = plan.strides[1]![last]!;
      const data = x!.numbers;
      const to = out!.numbers;
      const seen = new Uint8Array(out!.numel);
      walk(plan, [x!.offset, 0], (at) => {
        let xo = at[0]!;
        let oo = at[1]!;
        for (let i = 0; i < n; i++, xo += xs, oo += os) {
          const v = data[xo]!;
          if (seen[oo] === 0) {
            seen[oo] = 1;
            to[oo] = v;
          } else if (better(v, to[oo]!) || v !== v) {
            to[oo] = v;
          }
        }
      });
    },
    saves: { inputs: [0], outputs: [0] },
    // Shared evenly among ties.
    vjp(c, g, { dims, keepdim }) {
      const x = c.input(0);
      const shape = x.shape;
      const wide = spread(c, c.output(0), shape, dims, keepdim);
      const hit = c.run('to', [c.run('eq', [x, wide], noAttrs)], { dtype: x.dtype });
      const count = spread(c, c.run('sum', [hit], { dims, keepdim }), shape, dims, keepdim);
      return [div(c, mul(c, spread(c, g, shape, dims, keepdim), hit), count)];
    },
  };
}

export const amax = extremum('amax');
export const amin = extremum('amin');

/** Writes values and positions of the first extremum along a dim; NaN counts as the extremum. */
function scanDim(
  x: RefTensor,
  dim: number,
  largest: boolean,
  values: RefTensor | undefined,
  indices: RefTensor,
): void {
  const size = x.shape[dim]!;
  const step = x.strides[dim]!;
  const shape = x.shape.filter((_, i) => i !== dim);
  const strides = x.strides.filter((_, i) => i !== dim);
  const plan = planLoops(shape, [contiguousStrides(shape), strides]);
  const last = plan.sizes.length - 1;
  const data = x.numbers;
  const positions = indices.data as BigInt64Array;
  walk(plan, [0, x.offset], (at) => {
    let oo = at[0]!;
    let xo = at[1]!;
    for (
      let i = 0;
      i < plan.sizes[last]!;
      i++, oo += plan.strides[0]![last]!, xo += plan.strides[1]![last]!
    ) {
      let best = data[xo]!;
      let where = 0;
      for (let k = 1; k < size && best === best; k++) {
        const v = data[xo + k * step]!;
        if (v !== v || (largest ? v > best : v < best)) {
          best = v;
          where = k;
        }
      }
      positions[oo] = BigInt(where);
      if (values) values.numbers[oo] = best;
    }
  });
}

// A 0-dim tensor is scanned as one of shape [1].
function scan(
  x: RefTensor,
  dim: number,
  largest: boolean,
  values: RefTensor | undefined,
  indices: RefTensor,
): void {
  if (x.rank === 0) {
    if (values) values.numbers[0] = x.numbers[x.offset]!;
    (indices.data as BigInt64Array)[0] = 0n;
    return;
  }
  scanDim(x, dim, largest, values, indices);
}

function checkScan(op: string, x: RefTensor, dim: number): number[] {
  const d = normalizeDim(op, dim, x.rank);
  if (x.shape[d] === 0) fail(IndexError, op, `dim ${dim} of ${show(x.shape)} is empty: there is no extremum`);
  return x.rank === 0 ? [] : [d];
}

function argExtremum(op: 'argmax' | 'argmin'): ReferenceOp<'argmax'> {
  return {
    infer: ([x], { dim, keepdim }) => [reducedSpec(x!, checkScan(op, x!, dim), keepdim, 'int64')],
    forward([x], [out], { dim }) {
      scan(x!, normalizeDim(op, dim, x!.rank), op === 'argmax', undefined, out!);
    },
  };
}

export const argmax = argExtremum('argmax');
export const argmin = argExtremum('argmin');

function dimExtremum(op: 'maxDim' | 'minDim'): ReferenceOp<'maxDim'> {
  return {
    infer([x], { dim, keepdim }) {
      const dims = checkScan(op, x!, dim);
      return [reducedSpec(x!, dims, keepdim, x!.dtype), reducedSpec(x!, dims, keepdim, 'int64')];
    },
    forward([x], [values, indices], { dim }) {
      scan(x!, normalizeDim(op, dim, x!.rank), op === 'maxDim', values, indices!);
    },
    saves: { outputs: [1] },
    vjp(c, g, { dim, keepdim }) {
      const shape = c.shape(0);
      if (shape.length === 0) return [g];
      const d = normalizeDim(op, dim, shape.length);
      const open = shape.map((size, i) => (i === d ? 1 : size));
      const index = keepdim ? c.output(1) : reshape(c, c.output(1), open);
      const source = keepdim ? g : reshape(c, g, open);
      const base = c.run('full', [], { shape, value: 0, dtype: g.dtype });
      return [c.run('scatterAdd', [base, index, source], { dim: d })];
    },
  };
}

export const maxDim = dimExtremum('maxDim');
export const minDim = dimExtremum('minDim');
