import type { DType } from '../../../dtype.js';
import { isFloat } from '../../../dtype.js';
import { DTypeError } from '../../../errors.js';
import type { OpAttrs, PrimitiveName } from '../../op-schema.gen.js';
import { fail, type RefTensor } from '../array.js';
import { applyBinary, meetSpec } from './binary.js';
import { sumTo, type Gradients, type OpImplementation, type VjpContext } from './op.js';
import { applyUnary, like } from './unary.js';

// Ops made of a function of one element, or of a pair: for what is rare, or costs more than a call.

type OnBigints = (...values: bigint[]) => bigint;

function wantDType(op: string, dtype: DType, kinds: 'floats' | 'integers' | 'numbers' | 'exact'): void {
  const whole = !isFloat(dtype);
  const accepted =
    kinds === 'floats'
      ? !whole
      : kinds === 'integers'
        ? whole && dtype !== 'bool'
        : kinds === 'exact'
          ? whole
          : true;
  if (!accepted || (kinds === 'numbers' && dtype === 'bool')) {
    fail(DTypeError, op, `${dtype} is not supported: cast it first`);
  }
}

/** An op on one tensor of floats. `slope` is its derivative as a factor, from the saved tensor. */
export function floatFunction<P extends PrimitiveName>(
  op: P,
  f: (x: number, attrs: OpAttrs[P]) => number,
  saves: 'x' | 'out' | 'none',
  slope?: (c: VjpContext, saved: RefTensor, attrs: OpAttrs[P]) => RefTensor,
): OpImplementation<OpAttrs[P]> {
  return {
    infer([x]) {
      wantDType(op, x!.dtype, 'floats');
      return [like(x!)];
    },
    forward([x], [out], attrs) {
      applyUnary(x!, out!, (v, xo, xs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = f(v[xo]!, attrs);
      });
    },
    ...(saves === 'none' ? {} : { saves: saves === 'x' ? { inputs: [0] } : { outputs: [0] } }),
    ...(slope
      ? {
          vjp: (c: VjpContext, grad: RefTensor, attrs: OpAttrs[P]): Gradients => [
            c.run(
              'mul',
              [grad, slope(c, saves === 'x' ? c.input(0) : saves === 'out' ? c.output(0) : grad, attrs)],
              {},
            ),
          ],
        }
      : {}),
  };
}

/** An op on a pair of tensors of floats. */
export function floatPairFunction<P extends PrimitiveName>(
  op: P,
  f: (a: number, b: number, dtype: DType) => number,
  vjp?: (c: VjpContext, grad: RefTensor) => Gradients,
): OpImplementation<OpAttrs[P]> {
  return {
    infer([a, b]) {
      wantDType(op, a!.dtype, 'floats');
      return [meetSpec(op, a!, b!)];
    },
    forward([a, b], [out]) {
      const { dtype } = out!;
      applyBinary(a!, b!, out!, (u, ao, as, v, bo, bs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) o[oo] = f(u[ao]!, v[bo]!, dtype);
      });
    },
    saves: { inputs: [0, 1], outputs: [0] },
    ...(vjp
      ? {
          vjp: (c: VjpContext, grad: RefTensor): Gradients =>
            vjp(c, grad).map((g, i) => g && sumTo(c, g, c.shape(i))),
        }
      : {}),
  };
}

/** An op on a pair of tensors of numbers, with a form for bigints; `exact` are integers and bool. */
export function pairFunction<P extends PrimitiveName>(
  op: P,
  kinds: 'integers' | 'numbers' | 'exact',
  f: (a: number, b: number, dtype: DType) => number,
  big: OnBigints,
  vjp?: (c: VjpContext, grad: RefTensor) => Gradients,
): OpImplementation<OpAttrs[P]> {
  return {
    infer([a, b]) {
      wantDType(op, a!.dtype, kinds);
      return [meetSpec(op, a!, b!)];
    },
    forward([a, b], [out]) {
      const { dtype } = out!;
      if (dtype === 'int64') {
        applyBinary(a!, b!, out!, (u, ao, as, v, bo, bs, o, oo, os, n) => {
          const x = u as unknown as BigInt64Array;
          const y = v as unknown as BigInt64Array;
          const to = o as unknown as BigInt64Array;
          for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) to[oo] = big(x[ao]!, y[bo]!);
        });
        return;
      }
      applyBinary(a!, b!, out!, (u, ao, as, v, bo, bs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) o[oo] = f(u[ao]!, v[bo]!, dtype);
      });
    },
    saves: { inputs: [0, 1] },
    ...(vjp
      ? {
          vjp: (c: VjpContext, grad: RefTensor): Gradients =>
            vjp(c, grad).map((g, i) => g && sumTo(c, g, c.shape(i))),
        }
      : {}),
  };
}

/** A test of a pair of any dtype. */
export function pairTest<P extends PrimitiveName>(
  op: P,
  f: (a: boolean, b: boolean) => boolean,
): OpImplementation<OpAttrs[P]> {
  return {
    infer: ([a, b]) => [meetSpec(op, a!, b!, 'bool')],
    forward([a, b], [out]) {
      applyBinary(a!, b!, out!, (u, ao, as, v, bo, bs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
          o[oo] = f(isTrue(u[ao]!), isTrue(v[bo]!)) ? 1 : 0;
        }
      });
    },
  };
}

// NaN is not zero.
function isTrue(value: number): boolean {
  return Boolean(value) || value !== value;
}
