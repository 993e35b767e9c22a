import { IndexError, ShapeError, ValueError } from '../../../errors.js';
import type { OpAttrs } from '../../op-schema.gen.js';
import { fail, fresh, show, RefTensor, type Spec } from '../array.js';
import { copyInto } from '../cast.js';
import { normalizeDim, sameShape } from '../shape.js';
import { planRowMajor, rowMajorOffsets, walk } from '../walk.js';
import { atLeast1d, readIndex, wantSameDtype } from './index-common.js';
import { wantIndex, type ReferenceOp, type VjpContext } from './op.js';

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

function inferRows(op: string, x: RefTensor, index: RefTensor, source: RefTensor, dim: number): Spec[] {
  const count = wantIndexList(op, index);
  wantSameDtype(op, x, source);
  const d = normalizeDim(op, dim, x.rank);
  const wanted = x.shape.slice();
  if (x.rank > 0) wanted[d] = count;
  if (!sameShape(source.shape, wanted) || (x.rank === 0 && count !== 1)) {
    fail(ShapeError, op, `source wants shape ${show(wanted)}, got ${show(source.shape)}`);
  }
  return [fresh(x.dtype, x.shape)];
}

/** Calls `row` for each row of the source, in the order of the index: with offsets and strides in both arrays. */
function eachRow(
  op: string,
  [x, index, source]: readonly RefTensor[],
  out: RefTensor,
  dim: number,
  row: (at: number, step: number, from: number, fromStep: number, count: number) => void,
): void {
  copyInto(out, x!);
  const to = atLeast1d(out);
  const from = atLeast1d(source!);
  const d = normalizeDim(op, dim, to.rank);
  const values = readIndex(op, index!, d, to.shape[d]!);
  const plan = pairRows(to, from, d);
  const last = plan.sizes.length - 1;
  const [, steps, fromSteps] = plan.strides;
  walk(plan, [0, to.offset, from.offset], (at) => {
    for (let i = 0; i < values.length; i++) {
      const target = at[1]! + values[i]! * to.strides[d]!;
      row(target, steps![last]!, at[2]! + i * from.strides[d]!, fromSteps![last]!, plan.sizes[last]!);
    }
  });
}

function sourceRows(c: VjpContext, g: RefTensor, dim: number): RefTensor | undefined {
  if (!c.needs(2)) return undefined;
  const rows = c.run('indexSelect', [g, c.input(1)], { dim });
  return c.run('reshape', [rows], { shape: c.shape(2), strict: false });
}

export const indexAdd: ReferenceOp<'indexAdd'> = {
  infer: ([x, index, source], { dim }) => inferRows('indexAdd', x!, index!, source!, dim),
  forward(inputs, [out], { dim }) {
    const target = out!.numbers;
    const added = inputs[2]!.numbers;
    const or = out!.dtype === 'bool';
    eachRow('indexAdd', inputs, out!, dim, (oo, os, xo, xs, n) => {
      if (or) {
        for (let j = 0; j < n; j++, oo += os, xo += xs) target[oo] = target[oo]! | added[xo]!;
      } else {
        for (let j = 0; j < n; j++, oo += os, xo += xs) target[oo] = target[oo]! + added[xo]!;
      }
    });
  },
  saves: { inputs: [1] },
  vjp: (c, g, { dim }) => [g, undefined, sourceRows(c, g, dim)],
};

export const indexCopy: ReferenceOp<'indexCopy'> = {
  infer: ([x, index, source], { dim }) => inferRows('indexCopy', x!, index!, source!, dim),
  forward(inputs, [out], { dim }) {
    const target = out!.numbers;
    const source = inputs[2]!.numbers;
    eachRow('indexCopy', inputs, out!, dim, (oo, os, xo, xs, n) => {
      for (let j = 0; j < n; j++, oo += os, xo += xs) target[oo] = source[xo]!;
    });
  },
  saves: { inputs: [1] },
  vjp(c, g, { dim }: OpAttrs['indexCopy']) {
    const nothing = c.run('full', [], { shape: c.shape(2), value: 0, dtype: g.dtype });
    const kept = c.needs(0) ? c.run('indexCopy', [g, c.input(1), nothing], { dim }) : undefined;
    return [kept, undefined, sourceRows(c, g, dim)];
  },
};

export const wrapIndex: ReferenceOp<'wrapIndex'> = {
  infer([index], { size }) {
    if (size < 0) fail(ValueError, 'wrapIndex', `attribute size must not be negative, got ${size}`);
    wantIndex('wrapIndex', index!);
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
