import { isFloat, type DType } from '../../../dtype.js';
import { DTypeError, ShapeError } from '../../../errors.js';
import { fail, show, type RefTensor } from '../array.js';
import { castNumber, copyInto } from '../cast.js';
import { broadcastShapes, broadcastStrides, denseStridesLike, sameShape } from '../shape.js';
import { planLoops, walk } from '../walk.js';
import { noAttrs, sumTo, where as choose, type ReferenceOp } from './op.js';
import { applyUnary, like } from './unary.js';

export const where: ReferenceOp<'where'> = {
  infer([condition, a, b]) {
    if (condition!.dtype !== 'bool')
      fail(DTypeError, 'where', `input condition wants bool, got ${condition!.dtype}`);
    const shape = broadcastShapes('where', broadcastShapes('where', condition!.shape, a!.shape), b!.shape);
    const lead = [a!, b!, condition!].find((t) => sameShape(t.shape, shape)) ?? a!;
    const strides = denseStridesLike(shape, broadcastStrides(lead.shape, lead.strides, shape));
    return [{ dtype: a!.dtype, shape, strides }];
  },
  forward([condition, a, b], [out]) {
    const shape = out!.shape;
    const wide = (t: RefTensor): readonly number[] => broadcastStrides(t.shape, t.strides, shape);
    const plan = planLoops(shape, [out!.strides, wide(condition!), wide(a!), wide(b!)]);
    const last = plan.sizes.length - 1;
    const n = plan.sizes[last]!;
    const [os, cs, as, bs] = plan.strides.map((s) => s[last]!) as [number, number, number, number];
    const o = out!.numbers;
    const c = condition!.data as Uint8Array;
    const x = a!.numbers;
    const y = b!.numbers;
    walk(plan, [out!.offset, condition!.offset, a!.offset, b!.offset], (at) =>
      chooseRun(c, at[1]!, cs, x, at[2]!, as, y, at[3]!, bs, o, at[0]!, os, n),
    );
  },
  saves: { inputs: [0] },
  vjp(c, g) {
    const condition = c.input(0);
    return [
      undefined,
      c.needs(1) ? sumTo(c, choose(c, condition, g, 0), c.shape(1)) : undefined,
      c.needs(2) ? sumTo(c, choose(c, condition, 0, g), c.shape(2)) : undefined,
    ];
  },
};

function chooseRun(
  c: Uint8Array,
  co: number,
  cs: number,
  x: Float64Array,
  xo: number,
  xs: number,
  y: Float64Array,
  yo: number,
  ys: number,
  o: Float64Array,
  oo: number,
  os: number,
  n: number,
): void {
  for (let i = 0; i < n; i++, co += cs, xo += xs, yo += ys, oo += os) o[oo] = c[co] ? x[xo]! : y[yo]!;
}

export const clamp: ReferenceOp<'clamp'> = {
  infer([x]) {
    if (x!.dtype === 'bool') fail(DTypeError, 'clamp', 'is not defined for bool: cast it first');
    return [like(x!)];
  },
  forward([x], [out], { min, max }) {
    if (x!.dtype === 'int64') {
      const low = min === -Infinity ? undefined : (castNumber(min, 'int64') as unknown as number);
      const high = max === Infinity ? undefined : (castNumber(max, 'int64') as unknown as number);
      applyUnary(x!, out!, (v, xo, xs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, xo += xs, oo += os) {
          let r = v[xo]!;
          if (low !== undefined && r < low) r = low;
          if (high !== undefined && r > high) r = high;
          o[oo] = r;
        }
      });
      return;
    }
    const low = bound(min, x!.dtype);
    const high = bound(max, x!.dtype);
    applyUnary(x!, out!, (v, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) {
        let r = v[xo]!;
        if (r < low) r = low;
        if (r > high) r = high;
        o[oo] = r;
      }
    });
  },
  saves: { inputs: [0] },
  vjp(c, g, { min, max }) {
    // 1 where x lies within the bounds, they included.
    const x = c.input(0);
    const inside = c.run('mul', [c.run('ge', [x, min], noAttrs), c.run('le', [x, max], noAttrs)], noAttrs);
    return [choose(c, inside, g, 0)];
  },
};

function bound(value: number, dtype: DType): number {
  if (isFloat(dtype) || value === Infinity || value === -Infinity) return value;
  // A bound beyond the range of a small unsigned integer is the nearest in it; int8 and int16 are computed in int32.
  if (dtype === 'uint8') return Math.trunc(Math.min(Math.max(value, 0), 255)) || 0;
  return castNumber(value, dtype === 'int64' ? dtype : 'int32') as number;
}

export const to: ReferenceOp<'to'> = {
  infer: ([x], { dtype }) => [like(x!, dtype)],
  forward: ([x], [out]) => copyInto(out!, x!),
  vjp: (c, g) => [isFloat(c.dtype(0)) ? c.run('to', [g], { dtype: c.dtype(0) }) : undefined],
};

export const copy: ReferenceOp<'copy'> = {
  infer([target, source]) {
    const shape = target!.shape;
    const wide = broadcastShapes('copy', shape, source!.shape);
    // A source wider than the target is an error, not a broadcast of the target.
    if (!sameShape(wide, shape)) {
      fail(
        ShapeError,
        'copy',
        `the source ${show(source!.shape)} does not broadcast to the target ${show(shape)}`,
      );
    }
    return [{ dtype: target!.dtype, shape, strides: denseStridesLike(shape, target!.strides) }];
  },
  forward: ([, source], [out]) => copyInto(out!, source!),
  vjp(c, g) {
    if (!c.needs(1)) return [undefined, undefined];
    const dtype = c.dtype(1);
    const cast = g.dtype === dtype ? g : c.run('to', [g], { dtype });
    return [undefined, sumTo(c, cast, c.shape(1))];
  },
};
