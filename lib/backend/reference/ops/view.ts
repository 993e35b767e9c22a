import { IndexError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, RefTensor, type Spec } from '../array.js';
import { copyInto } from '../cast.js';
import { checkSizes, contiguousStrides, isContiguous, maxRank, normalizeDim, numelOf } from '../shape.js';
import { reshape as reshaped, sumTo, type ReferenceOp } from './op.js';

function viewOf(x: RefTensor, shape: readonly number[], strides: readonly number[], viewOffset = 0): Spec {
  return { dtype: x.dtype, shape, strides, viewOffset };
}

/** Replaces the one -1 of `wanted` by what is left of the elements of `shape`. */
function resolveShape(shape: readonly number[], wanted: readonly number[]): number[] {
  const resolved = wanted.slice();
  const open = resolved.indexOf(-1);
  if (open >= 0 && resolved.indexOf(-1, open + 1) >= 0) {
    fail(ShapeError, 'reshape', `at most one size may be -1, got ${show(wanted)}`);
  }
  if (resolved.length > maxRank) {
    fail(ShapeError, 'reshape', `a tensor has at most ${maxRank} dims, got ${resolved.length}`);
  }
  const known = resolved.filter((_, i) => i !== open);
  checkSizes('reshape', known);
  const have = numelOf(shape);
  const rest = numelOf(known);
  const base = `cannot give ${show(shape)} (${have} elements) the shape ${show(wanted)}`;
  if (open >= 0) {
    if (rest === 0 || have % rest !== 0) fail(ShapeError, 'reshape', base);
    resolved[open] = have / rest;
  } else if (rest !== have) {
    fail(ShapeError, 'reshape', `${base} (${rest})`);
  }
  return resolved;
}

/** Strides with which the memory of x reads as `wanted`, if there are any: runs of dims that lie evenly are regrouped. */
function viewStrides(x: RefTensor, wanted: readonly number[]): number[] | undefined {
  if (x.numel === 0 || isContiguous(x.shape, x.strides)) return contiguousStrides(wanted);
  const out = new Array<number>(wanted.length).fill(1);
  // The runs of x from the inside, as (elements, innermost stride).
  let w = wanted.length - 1;
  let i = x.rank - 1;
  while (i >= 0) {
    if (x.shape[i] === 1) {
      i--;
      continue;
    }
    const step = x.strides[i]!;
    let run = x.shape[i]!;
    i--;
    while (i >= 0 && (x.shape[i] === 1 || x.strides[i] === run * step)) {
      run *= x.shape[i]!;
      i--;
    }
    let used = 1;
    while (w >= 0 && (used < run || wanted[w] === 1)) {
      out[w] = used * step;
      used *= wanted[w]!;
      w--;
    }
    if (used !== run) return undefined;
  }
  for (; w >= 0; w--) out[w] = w + 1 < wanted.length ? out[w + 1]! * wanted[w + 1]! : 1;
  return out;
}

export const reshape: ReferenceOp<'reshape'> = {
  infer([x], { shape: wanted, strict }) {
    const shape = resolveShape(x!.shape, wanted);
    const strides = viewStrides(x!, shape);
    if (strides) return [viewOf(x!, shape, strides)];
    if (strict) {
      fail(
        ShapeError,
        'view',
        `strides ${show(x!.strides)} of shape ${show(x!.shape)} cannot be viewed as ${show(shape)}; ` +
          'use reshape, which copies',
      );
    }
    return [fresh(x!.dtype, shape)];
  },
  forward([x], [out]) {
    copyInto(new RefTensor(x!.dtype, x!.shape, contiguousStrides(x!.shape), 0, out!.storage), x!);
  },
  vjp: (c, g) => [reshaped(c, g, c.shape(0))],
};

export const permute: ReferenceOp<'permute'> = {
  infer([x], { dims }) {
    if (dims.length !== x!.rank) {
      fail(ShapeError, 'permute', `got ${dims.length} dims for a tensor of rank ${x!.rank}`);
    }
    const order = dims.map((d) => normalizeDim('permute', d, x!.rank));
    order.forEach((d, i) => {
      if (order.indexOf(d) !== i) fail(ValueError, 'permute', `dim ${d} is given twice in ${show(dims)}`);
    });
    return [
      viewOf(
        x!,
        order.map((d) => x!.shape[d]!),
        order.map((d) => x!.strides[d]!),
      ),
    ];
  },
  vjp(c, g, { dims }) {
    const inverse = new Array<number>(dims.length);
    dims.forEach((d, i) => (inverse[d < 0 ? d + dims.length : d] = i));
    return [c.run('permute', [g], { dims: inverse })];
  },
};

export const expand: ReferenceOp<'expand'> = {
  infer([x], { shape: wanted }) {
    const lead = wanted.length - x!.rank;
    if (wanted.length > maxRank) {
      fail(ShapeError, 'expand', `a tensor has at most ${maxRank} dims, got ${wanted.length}`);
    }
    if (lead < 0)
      fail(ShapeError, 'expand', `cannot expand ${show(x!.shape)} to fewer dims: ${show(wanted)}`);
    const strides = new Array<number>(wanted.length).fill(0);
    const shape = wanted.map((size, i) => {
      const old = i < lead ? undefined : x!.shape[i - lead]!;
      if (size === -1 && old !== undefined) size = old;
      if (size === -1) {
        fail(ShapeError, 'expand', `-1 keeps a size that is there, but dim ${i} of ${show(wanted)} is new`);
      }
      if (old === size) strides[i] = x!.strides[i - lead]!;
      else if (old !== undefined && old !== 1) {
        fail(
          ShapeError,
          'expand',
          `cannot expand ${show(x!.shape)} to ${show(wanted)} (${old} against ${size} in dim ${i})`,
        );
      }
      return size;
    });
    checkSizes('expand', shape);
    return [viewOf(x!, shape, strides)];
  },
  vjp: (c, g) => [sumTo(c, g, c.shape(0))],
};

export const slice: ReferenceOp<'slice'> = {
  infer([x], { dim, start, length, step }) {
    if (x!.rank === 0) fail(ShapeError, 'slice', 'a 0-dim tensor has no dim to slice');
    const d = normalizeDim('slice', dim, x!.rank);
    const size = x!.shape[d]!;
    if (step < 1) fail(ValueError, 'slice', `step must be 1 or more, got ${step}`);
    if (start < 0 || length < 0 || start > size || (length > 0 && start + (length - 1) * step >= size)) {
      fail(
        IndexError,
        'slice',
        `${length} elements from ${start} in steps of ${step} do not fit dim ${dim} of ${show(x!.shape)}`,
      );
    }
    const shape = x!.shape.slice();
    const strides = x!.strides.slice();
    shape[d] = length;
    strides[d] = x!.strides[d]! * step;
    return [viewOf(x!, shape, strides, length > 0 ? start * x!.strides[d]! : 0)];
  },
  vjp: (c, g, attrs) => [c.embed(c.shape(0), { op: 'slice', attrs }, g)],
};

export const detach: ReferenceOp<'detach'> = {
  infer: ([x]) => [viewOf(x!, x!.shape, x!.strides)],
};

export const contiguous: ReferenceOp<'contiguous'> = {
  infer([x]) {
    return [
      isContiguous(x!.shape, x!.strides) ? viewOf(x!, x!.shape, x!.strides) : fresh(x!.dtype, x!.shape),
    ];
  },
  forward: ([x], [out]) => copyInto(out!, x!),
  vjp: (_, g) => [g],
};
