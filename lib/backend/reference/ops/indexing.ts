import { DTypeError, IndexError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, RefTensor } from '../array.js';
import { copyInto } from '../cast.js';
import { contiguousStrides, normalizeDim, sameShape } from '../shape.js';
import { planRowMajor, rowMajorOffsets, walk } from '../walk.js';
import { wantIndex, type ReferenceOp } from './op.js';

export const cat: ReferenceOp<'cat'> = {
  infer(tensors, { dim }) {
    if (tensors.length === 0) fail(ValueError, 'cat', 'wants at least one tensor, got an empty list');
    const parts = tensors.filter((t) => !skipped(t));
    const first = parts[0] ?? tensors[0]!;
    if (first.rank === 0) fail(ShapeError, 'cat', 'a 0-dim tensor cannot be joined: give it a dim first');
    const d = normalizeDim('cat', dim, first.rank);
    const shape = first.shape.slice();
    shape[d] = 0;
    for (const t of parts) {
      const fits = t.rank === first.rank && t.shape.every((size, i) => i === d || size === first.shape[i]);
      if (!fits) {
        fail(
          ShapeError,
          'cat',
          `sizes must agree outside dim ${d}: got ${show(first.shape)} and ${show(t.shape)}`,
        );
      }
      shape[d] = shape[d] + t.shape[d]!;
    }
    return [fresh(first.dtype, shape)];
  },
  forward(tensors, [out], { dim }) {
    const d = normalizeDim('cat', dim, out!.rank);
    let at = 0;
    for (const t of tensors) {
      if (skipped(t)) continue;
      const part = new RefTensor(
        out!.dtype,
        t.shape,
        out!.strides,
        out!.offset + at * out!.strides[d]!,
        out!.storage,
      );
      copyInto(part, t);
      at += t.shape[d]!;
    }
  },
  vjp(c, g, { dim }) {
    const d = normalizeDim('cat', dim, g.rank);
    let start = 0;
    return Array.from({ length: c.inputCount }, (_, i) => {
      const shape = c.shape(i);
      if (shape.length === 1 && shape[0] === 0)
        return c.needs(i) ? c.run('full', [], { shape, value: 0, dtype: g.dtype }) : undefined;
      const length = shape[d]!;
      const part = c.needs(i) ? c.run('slice', [g], { dim: d, start, length, step: 1 }) : undefined;
      start += length;
      return part;
    });
  },
};

// As in PyTorch, an empty 1-D tensor joins with anything.
function skipped(t: RefTensor): boolean {
  return t.rank === 1 && t.shape[0] === 0;
}

/** The indices as numbers in row-major order, checked against the size of the dim that they index. */
function readIndex(op: string, index: RefTensor, dim: number, size: number): Int32Array {
  const offsets = rowMajorOffsets(index.shape, index.strides, index.offset);
  const data = index.data;
  for (let i = 0; i < offsets.length; i++) {
    const value = Number(data[offsets[i]!]!);
    if (value < 0 || value >= size) {
      fail(IndexError, op, `index ${value} is out of range for dim ${dim} with size ${size}`);
    }
    offsets[i] = value;
  }
  return offsets;
}

/** A 0-dim tensor seen as one of shape [1]. */
function atLeast1d(t: RefTensor): RefTensor {
  return t.rank > 0 ? t : new RefTensor(t.dtype, [1], [1], t.offset, t.storage);
}

function checkSameRank(op: string, x: RefTensor, index: RefTensor, d: number, besides: string): void {
  const a = atLeast1d(x);
  const b = atLeast1d(index);
  if (a.rank !== b.rank) {
    fail(ShapeError, op, `index wants as many dims as ${besides}: ${show(x.shape)} and ${show(index.shape)}`);
  }
  b.shape.forEach((size, i) => {
    if (i !== d && size > a.shape[i]!) {
      fail(
        ShapeError,
        op,
        `index ${show(index.shape)} is larger than ${besides} ${show(x.shape)} in dim ${i} (${size} against ${a.shape[i]!})`,
      );
    }
  });
}

/**
 * Calls `body(position, other)` for every element of an index in row-major order: `position` is where it points to in x,
 * `other` the offset of the element of `partner` in the same place.
 */
function eachIndexed(
  op: string,
  x: RefTensor,
  index: RefTensor,
  dim: number,
  partner: RefTensor,
  body: (position: number, other: number) => void,
): void {
  const target = atLeast1d(x);
  const at = atLeast1d(index);
  const other = atLeast1d(partner);
  const values = readIndex(op, index, dim, target.shape[dim]!);
  const step = target.strides[dim]!;
  const around = target.strides.map((s, i) => (i === dim ? 0 : s));
  const plan = planRowMajor(at.shape, [around, other.strides]);
  const last = plan.sizes.length - 1;
  walk(plan, [0, target.offset, other.offset], (o) => {
    for (let i = 0; i < plan.sizes[last]!; i++) {
      const value = values[o[0]! + i * plan.strides[0]![last]!]!;
      body(o[1]! + i * plan.strides[1]![last]! + value * step, o[2]! + i * plan.strides[2]![last]!);
    }
  });
}

export const gather: ReferenceOp<'gather'> = {
  infer([x, index], { dim }) {
    wantIndex('gather', index!);
    const d = normalizeDim('gather', dim, x!.rank);
    if (index!.numel > 0) checkSameRank('gather', x!, index!, d, 'x');
    return [fresh(x!.dtype, index!.shape)];
  },
  forward([x, index], [out], { dim }) {
    if (out!.numel === 0) return;
    const from = x!.numbers;
    const to = out!.numbers;
    eachIndexed('gather', x!, index!, normalizeDim('gather', dim, x!.rank), out!, (position, at) => {
      to[at] = from[position]!;
    });
  },
  saves: { inputs: [1] },
  vjp(c, g, { dim }) {
    const base = c.run('full', [], { shape: c.shape(0), value: 0, dtype: g.dtype });
    return [c.run('scatterAdd', [base, c.input(1), g], { dim })];
  },
};

export const scatterAdd: ReferenceOp<'scatterAdd'> = {
  infer([x, index, source], { dim }) {
    wantIndex('scatterAdd', index!);
    wantSameDtype('scatterAdd', x!, source!);
    const d = normalizeDim('scatterAdd', dim, x!.rank);
    if (index!.numel > 0) {
      checkSameRank('scatterAdd', x!, index!, d, 'x');
      checkSameRank('scatterAdd', source!, index!, -1, 'source');
    }
    return [fresh(x!.dtype, x!.shape)];
  },
  forward([x, index, source], [out], { dim }) {
    copyInto(out!, x!);
    if (index!.numel === 0) return;
    const from = source!.numbers;
    const to = out!.numbers;
    const or = x!.dtype === 'bool';
    const d = normalizeDim('scatterAdd', dim, x!.rank);
    eachIndexed('scatterAdd', out!, index!, d, source!, (position, at) => {
      to[position] = or ? to[position]! | from[at]! : to[position]! + from[at]!;
    });
  },
  saves: { inputs: [1] },
  vjp(c, g, { dim }) {
    if (!c.needs(2)) return [g, undefined, undefined];
    const picked = c.run('gather', [g, c.input(1)], { dim });
    // Elements of the source beyond the index were not read.
    const shape = c.shape(2);
    return [g, undefined, sameShape(picked.shape, shape) ? picked : padTo(picked, shape)];
    function padTo(part: RefTensor, wanted: readonly number[]): RefTensor {
      let out = part;
      for (let d = 0; d < wanted.length; d++) {
        if (out.shape[d] === wanted[d]) continue;
        const attrs = { dim: d, start: 0, length: out.shape[d]!, step: 1 };
        const wider = out.shape.slice();
        wider[d] = wanted[d]!;
        out = c.embed(wider, { op: 'slice', attrs }, out);
      }
      return out;
    }
  },
};

function wantSameDtype(op: string, x: RefTensor, source: RefTensor): void {
  if (x.dtype !== source.dtype) {
    fail(DTypeError, op, `source wants the dtype of x, ${x.dtype}, got ${source.dtype}`);
  }
}

function wantIndexList(op: string, index: RefTensor): number {
  wantIndex(op, index);
  if (index.rank > 1) fail(ShapeError, op, `index wants at most 1 dim, got shape ${show(index.shape)}`);
  return index.numel;
}

/** Strides of `t` without dim d, and the loops over two tensors that differ in that dim only. */
function pairRows(a: RefTensor, b: RefTensor, d: number): ReturnType<typeof planRowMajor> {
  const shape = a.shape.filter((_, i) => i !== d);
  return planRowMajor(shape, [a.strides.filter((_, i) => i !== d), b.strides.filter((_, i) => i !== d)]);
}

export const indexSelect: ReferenceOp<'indexSelect'> = {
  infer([x, index], { dim }) {
    const count = wantIndexList('indexSelect', index!);
    const d = normalizeDim('indexSelect', dim, x!.rank);
    if (x!.rank === 0) {
      if (count !== 1) fail(ShapeError, 'indexSelect', `a 0-dim tensor takes one index, got ${count}`);
      return [fresh(x!.dtype, [])];
    }
    const shape = x!.shape.slice();
    shape[d] = count;
    return [fresh(x!.dtype, shape)];
  },
  forward([x, index], [out], { dim }) {
    const from = atLeast1d(x!);
    const to = atLeast1d(out!);
    const d = normalizeDim('indexSelect', dim, from.rank);
    const values = readIndex('indexSelect', index!, d, from.shape[d]!);
    const plan = pairRows(to, from, d);
    const last = plan.sizes.length - 1;
    const n = plan.sizes[last]!;
    const os = plan.strides[1]![last]!;
    const xs = plan.strides[2]![last]!;
    const source = from.numbers;
    const target = to.numbers;
    walk(plan, [0, to.offset, from.offset], (at) => {
      for (let i = 0; i < values.length; i++) {
        let oo = at[1]! + i * to.strides[d]!;
        let xo = at[2]! + values[i]! * from.strides[d]!;
        for (let j = 0; j < n; j++, oo += os, xo += xs) target[oo] = source[xo]!;
      }
    });
  },
  saves: { inputs: [1] },
  vjp(c, g, { dim }) {
    const base = c.run('full', [], { shape: c.shape(0), value: 0, dtype: g.dtype });
    return [c.run('indexAdd', [base, c.input(1), g], { dim })];
  },
};

export const indexAdd: ReferenceOp<'indexAdd'> = {
  infer([x, index, source], { dim }) {
    const count = wantIndexList('indexAdd', index!);
    wantSameDtype('indexAdd', x!, source!);
    const d = normalizeDim('indexAdd', dim, x!.rank);
    const wanted = x!.shape.slice();
    if (x!.rank > 0) wanted[d] = count;
    if (!sameShape(source!.shape, wanted) && !(x!.rank === 0 && source!.numel === count)) {
      fail(ShapeError, 'indexAdd', `source wants shape ${show(wanted)}, got ${show(source!.shape)}`);
    }
    return [fresh(x!.dtype, x!.shape)];
  },
  forward([x, index, source], [out], { dim }) {
    copyInto(out!, x!);
    const to = atLeast1d(out!);
    const d = normalizeDim('indexAdd', dim, to.rank);
    const values = readIndex('indexAdd', index!, d, to.shape[d]!);
    const wanted = to.shape.slice();
    wanted[d] = values.length;
    const from = sameShape(source!.shape, wanted)
      ? source!
      : new RefTensor(source!.dtype, wanted, contiguousStrides(wanted), source!.offset, source!.storage);
    const plan = pairRows(to, from, d);
    const last = plan.sizes.length - 1;
    const n = plan.sizes[last]!;
    const os = plan.strides[1]![last]!;
    const xs = plan.strides[2]![last]!;
    const target = to.numbers;
    const added = from.numbers;
    walk(plan, [0, to.offset, from.offset], (at) => {
      for (let i = 0; i < values.length; i++) {
        let oo = at[1]! + values[i]! * to.strides[d]!;
        let xo = at[2]! + i * from.strides[d]!;
        if (x!.dtype === 'bool') {
          for (let j = 0; j < n; j++, oo += os, xo += xs) target[oo] = target[oo]! | added[xo]!;
        } else {
          for (let j = 0; j < n; j++, oo += os, xo += xs) target[oo] = target[oo]! + added[xo]!;
        }
      }
    });
  },
  saves: { inputs: [1] },
  vjp: (c, g, { dim }) => [
    g,
    undefined,
    c.needs(2)
      ? c.run('reshape', [c.run('indexSelect', [g, c.input(1)], { dim })], {
          shape: c.shape(2),
          strict: false,
        })
      : undefined,
  ],
};

export const wrapIndex: ReferenceOp<'wrapIndex'> = {
  infer([index], { size }) {
    if (size < 0) fail(ValueError, 'wrapIndex', `attribute size must not be negative, got ${size}`);
    if (index!.isFloat || index!.dtype === 'bool') {
      fail(DTypeError, 'wrapIndex', `input index wants integers, got ${index!.dtype}`);
    }
    return [fresh('int64', index!.shape)];
  },
  forward([index], [out], { size }) {
    const offsets = rowMajorOffsets(index!.shape, index!.strides, index!.offset);
    const to = out!.data as BigInt64Array;
    for (let i = 0; i < offsets.length; i++) {
      const value = Number(index!.data[offsets[i]!]!);
      if (value < -size || value >= size) {
        fail(IndexError, 'wrapIndex', `index ${value} is out of range for a dim of size ${size}`);
      }
      to[i] = BigInt(value < 0 ? value + size : value);
    }
  },
};
