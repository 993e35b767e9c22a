import type { DType } from '../../../dtype.js';
import { DTypeError, ValueError } from '../../../errors.js';
import { fail, type RefTensor, type Spec } from '../array.js';
import { broadcastShapes, broadcastStrides, denseStridesLike, sameShape } from '../shape.js';
import { planLoops, walk } from '../walk.js';
import {
  div,
  mul,
  neg,
  noAttrs,
  sub,
  sumTo,
  where,
  type Gradients,
  type ReferenceOp,
  type VjpContext,
} from './op.js';

type BinaryLoop = (
  a: Float64Array,
  ao: number,
  as: number,
  b: Float64Array,
  bo: number,
  bs: number,
  o: Float64Array,
  oo: number,
  os: number,
  n: number,
) => void;

/** Runs a loop over a and b as they broadcast to out. */
export function applyBinary(a: RefTensor, b: RefTensor, out: RefTensor, loop: BinaryLoop): void {
  const shape = out.shape;
  const plan = planLoops(shape, [
    out.strides,
    broadcastStrides(a.shape, a.strides, shape),
    broadcastStrides(b.shape, b.strides, shape),
  ]);
  const last = plan.sizes.length - 1;
  const n = plan.sizes[last]!;
  const os = plan.strides[0]![last]!;
  const as = plan.strides[1]![last]!;
  const bs = plan.strides[2]![last]!;
  const x = a.numbers;
  const y = b.numbers;
  const to = out.numbers;
  walk(plan, [out.offset, a.offset, b.offset], (at) => loop(x, at[1]!, as, y, at[2]!, bs, to, at[0]!, os, n));
}

/** The spec of two operands that meet: in the dim order of the first that has the full shape. */
export function meetSpec(op: string, a: RefTensor, b: RefTensor, dtype: DType = a.dtype): Spec {
  const shape = broadcastShapes(op, a.shape, b.shape);
  const lead = sameShape(a.shape, shape) ? a : b;
  const strides = denseStridesLike(shape, broadcastStrides(lead.shape, lead.strides, shape));
  return { dtype, shape, strides };
}

type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum';

interface BinaryDef {
  readonly loop: BinaryLoop;
  /** For the dtypes for which the loop is not right. */
  readonly int32?: BinaryLoop;
  readonly bool?: BinaryLoop | 'refused';
  readonly saves?: readonly number[];
  readonly vjp: (c: VjpContext, grad: RefTensor) => Gradients;
}

function binary(op: BinaryName, def: BinaryDef): ReferenceOp<'add'> {
  return {
    infer([a, b]) {
      if (a!.dtype === 'bool' && def.bool === 'refused') {
        fail(DTypeError, op, 'is not defined for bool: use logicalNot or cast first');
      }
      return [meetSpec(op, a!, b!)];
    },
    forward([a, b], [out]) {
      let loop = def.loop;
      if (a!.dtype === 'bool' && typeof def.bool === 'function') loop = def.bool;
      else if (def.int32 && (a!.dtype === 'int32' || a!.dtype === 'int16')) loop = def.int32;
      applyBinary(a!, b!, out!, loop);
    },
    ...(def.saves ? { saves: { inputs: def.saves } } : {}),
    vjp(c, grad) {
      return def.vjp(c, grad).map((g, i) => g && sumTo(c, g, c.shape(i)));
    },
  };
}

// Ties share the gradient.
function extremumVjp(c: VjpContext, g: RefTensor, wins: 'gt' | 'lt'): Gradients {
  const a = c.input(0);
  const b = c.input(1);
  const half = mul(c, g, 0.5);
  const tie = c.run('eq', [a, b], noAttrs);
  const shared = (mine: RefTensor, other: RefTensor): RefTensor =>
    where(c, tie, half, where(c, c.run(wins, [mine, other], noAttrs), g, 0));
  return [c.needs(0) ? shared(a, b) : undefined, c.needs(1) ? shared(b, a) : undefined];
}

// Square and multiply, modulo 2^bits.
function powerModulo(base: bigint, exponent: bigint, bits: number): bigint {
  let result = 1n;
  let factor = BigInt.asUintN(bits, base);
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = BigInt.asUintN(bits, result * factor);
    factor = BigInt.asUintN(bits, factor * factor);
  }
  return BigInt.asIntN(bits, result);
}

const integerPower: BinaryLoop = (a, ao, as, b, bo, bs, o, oo, os, n) => {
  const wide = (o as ArrayBufferView) instanceof BigInt64Array;
  for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
    if (b[bo]! < 0)
      fail(
        ValueError,
        'pow',
        `integers to a negative power (${b[bo]!}) are not integers: cast to float first`,
      );
    const result = powerModulo(BigInt(a[ao]!), BigInt(b[bo]!), 64);
    if (wide) o[oo] = result as unknown as number;
    else o[oo] = Number(BigInt.asIntN(32, result));
  }
};

const realPower: BinaryLoop = (a, ao, as, b, bo, bs, o, oo, os, n) => {
  for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
    const u = a[ao]!;
    const v = b[bo]!;
    o[oo] = power(u, v);
  }
};

// C's pow: 1 to any power and -1 to an infinite one are 1, where JavaScript says NaN.
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && (exponent === Infinity || exponent === -Infinity))) return 1;
  return Math.pow(base, exponent);
}

const pow = binary('pow', {
  loop: realPower,
  saves: [0, 1],
  bool: 'refused',
  vjp(c, g) {
    const a = c.input(0);
    const b = c.input(1);
    const zero = (x: RefTensor): RefTensor => c.run('eq', [x, 0], noAttrs);
    const powered = (x: RefTensor, y: RefTensor): RefTensor => c.run('pow', [x, y], noAttrs);
    return [
      // b a^(b-1), and 0 where b is 0.
      c.needs(0) ? where(c, zero(b), 0, mul(c, g, mul(c, b, powered(a, sub(c, b, 1))))) : undefined,
      // a^b ln a, and 0 where a is 0 and b >= 0.
      c.needs(1)
        ? where(
            c,
            c.run('mul', [zero(a), c.run('ge', [b, 0], noAttrs)], noAttrs),
            0,
            mul(c, g, mul(c, powered(a, b), c.run('log', [a], noAttrs))),
          )
        : undefined,
    ];
  },
});

export const binaryOps = {
  add: binary('add', {
    loop: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = u + v;
      }
    },
    bool: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = u | v;
      }
    },
    vjp: (c, g) => [c.needs(0) ? g : undefined, c.needs(1) ? g : undefined],
  }),
  sub: binary('sub', {
    loop: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = u - v;
      }
    },
    bool: 'refused',
    vjp: (c, g) => [c.needs(0) ? g : undefined, c.needs(1) ? neg(c, g) : undefined],
  }),
  mul: binary('mul', {
    loop: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = u * v;
      }
    },
    // The product of two int32 can pass 2^53.
    int32: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = Math.imul(u, v);
      }
    },
    saves: [0, 1],
    vjp: (c, g) => [
      c.needs(0) ? mul(c, g, c.input(1)) : undefined,
      c.needs(1) ? mul(c, g, c.input(0)) : undefined,
    ],
  }),
  div: binary('div', {
    loop: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = u / v;
      }
    },
    saves: [0, 1],
    vjp: (c, g) => {
      const byB = div(c, g, c.input(1));
      return [byB, c.needs(1) ? neg(c, mul(c, byB, div(c, c.input(0), c.input(1)))) : undefined];
    },
  }),
  maximum: binary('maximum', {
    loop: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = u >= v || u !== u ? u : v;
      }
    },
    saves: [0, 1],
    vjp: (c, g) => extremumVjp(c, g, 'gt'),
  }),
  minimum: binary('minimum', {
    loop: (a, ao, as, b, bo, bs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
        const u = a[ao]!;
        const v = b[bo]!;
        o[oo] = u <= v || u !== u ? u : v;
      }
    },
    saves: [0, 1],
    vjp: (c, g) => extremumVjp(c, g, 'lt'),
  }),
  pow: {
    ...pow,
    forward([a, b], [out]) {
      applyBinary(a!, b!, out!, a!.isFloat ? realPower : integerPower);
    },
  } as ReferenceOp<'pow'>,
};

function comparison(op: string, loop: BinaryLoop): ReferenceOp<'eq'> {
  return {
    infer: ([a, b]) => [meetSpec(op, a!, b!, 'bool')],
    forward: ([a, b], [out]) => applyBinary(a!, b!, out!, loop),
  };
}

export const comparisonOps = {
  eq: comparison('eq', (a, ao, as, b, bo, bs, o, oo, os, n) => {
    for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
      const u = a[ao]!;
      const v = b[bo]!;
      o[oo] = u === v ? 1 : 0;
    }
  }),
  ne: comparison('ne', (a, ao, as, b, bo, bs, o, oo, os, n) => {
    for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
      const u = a[ao]!;
      const v = b[bo]!;
      o[oo] = u !== v ? 1 : 0;
    }
  }),
  lt: comparison('lt', (a, ao, as, b, bo, bs, o, oo, os, n) => {
    for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
      const u = a[ao]!;
      const v = b[bo]!;
      o[oo] = u < v ? 1 : 0;
    }
  }),
  le: comparison('le', (a, ao, as, b, bo, bs, o, oo, os, n) => {
    for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
      const u = a[ao]!;
      const v = b[bo]!;
      o[oo] = u <= v ? 1 : 0;
    }
  }),
  gt: comparison('gt', (a, ao, as, b, bo, bs, o, oo, os, n) => {
    for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
      const u = a[ao]!;
      const v = b[bo]!;
      o[oo] = u > v ? 1 : 0;
    }
  }),
  ge: comparison('ge', (a, ao, as, b, bo, bs, o, oo, os, n) => {
    for (let i = 0; i < n; i++, ao += as, bo += bs, oo += os) {
      const u = a[ao]!;
      const v = b[bo]!;
      o[oo] = u >= v ? 1 : 0;
    }
  }),
};
