import type { DType } from '../../../dtype.js';
import { DTypeError } from '../../../errors.js';
import type { NoAttrs } from '../../op-schema.gen.js';
import { fail, type RefTensor, type Spec } from '../array.js';
import { denseStridesLike } from '../shape.js';
import { erf, roundEven } from '../special.js';
import { planLoops, walk } from '../walk.js';
import {
  add,
  div,
  full,
  mul,
  neg,
  noAttrs,
  sub,
  where,
  type Gradients,
  type ReferenceOp,
  type VjpContext,
} from './op.js';

/** `n` elements from x[xo] in steps of xs to o[oo] in steps of os. Each op has its own loop so that it is compiled alone. */
type UnaryLoop = (
  x: Float64Array,
  xo: number,
  xs: number,
  o: Float64Array,
  oo: number,
  os: number,
  n: number,
) => void;

/** Runs a loop over all elements of x and out. */
export function applyUnary(x: RefTensor, out: RefTensor, loop: UnaryLoop): void {
  const plan = planLoops(out.shape, [out.strides, x.strides]);
  const last = plan.sizes.length - 1;
  const n = plan.sizes[last]!;
  const os = plan.strides[0]![last]!;
  const xs = plan.strides[1]![last]!;
  const from = x.numbers;
  const to = out.numbers;
  walk(plan, [out.offset, x.offset], (at) => loop(from, at[1]!, xs, to, at[0]!, os, n));
}

/** The spec of an elementwise output: as x, dense, in the same dim order. */
export function like(x: RefTensor, dtype: DType = x.dtype): Spec {
  return { dtype, shape: x.shape, strides: denseStridesLike(x.shape, x.strides) };
}

type UnaryName =
  | 'abs' | 'neg' | 'sign' | 'square' | 'relu' | 'floor' | 'ceil' | 'trunc' | 'round' | 'exp' | 'log' | 'sqrt' | 'rsqrt'
  | 'reciprocal' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'gelu' | 'geluTanh' | 'silu' | 'clone'; // prettier-ignore

interface UnaryDef {
  readonly loop: UnaryLoop;
  /** For int64, where the loop is not right for bigints. */
  readonly bigLoop?: UnaryLoop;
  /** Not defined for bool. */
  readonly noBool?: boolean;
  readonly saves?: 'x' | 'out';
  readonly vjp: (c: VjpContext, grad: RefTensor, saved: RefTensor) => RefTensor;
}

function unary(op: UnaryName, def: UnaryDef): ReferenceOp<'neg'> {
  return {
    infer([x]) {
      if (def.noBool && x!.dtype === 'bool') fail(DTypeError, op, 'is not defined for bool: cast it first');
      return [like(x!)];
    },
    forward([x], [out]) {
      applyUnary(x!, out!, x!.dtype === 'int64' && def.bigLoop ? def.bigLoop : def.loop);
    },
    saves: def.saves === 'x' ? { inputs: [0] } : def.saves === 'out' ? { outputs: [0] } : {},
    vjp(c: VjpContext, grad: RefTensor, _attrs: NoAttrs): Gradients {
      const saved = def.saves === 'x' ? c.input(0) : def.saves === 'out' ? c.output(0) : grad;
      return [def.vjp(c, grad, saved)];
    },
  };
}

const copyLoop: UnaryLoop = (x, xo, xs, o, oo, os, n) => {
  if (xs === 1 && os === 1) {
    o.set(x.subarray(xo, xo + n), oo);
    return;
  }
  for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = x[xo]!;
};

// A step function has gradient 0 everywhere.
const flat = (c: VjpContext, grad: RefTensor): RefTensor => full(c, grad.shape, 0, grad.dtype);
const run1 = (c: VjpContext, op: UnaryName, x: RefTensor): RefTensor => c.run(op, [x], noAttrs);
const root2OverPi = Math.sqrt(2 / Math.PI);

const big = (f: (v: bigint) => bigint): UnaryLoop => {
  return (x, xo, xs, o, oo, os, n) => {
    const from = x as unknown as BigInt64Array;
    const to = o as unknown as BigInt64Array;
    for (let i = 0; i < n; i++, xo += xs, oo += os) to[oo] = f(from[xo]!);
  };
};

export const unaryOps = {
  clone: unary('clone', { loop: copyLoop, vjp: (_, g) => g }),
  abs: unary('abs', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.abs(x[xo]!);
    },
    bigLoop: big((v) => (v < 0n ? -v : v)),
    saves: 'x',
    vjp: (c, g, x) => mul(c, g, run1(c, 'sign', x)),
  }),
  neg: unary('neg', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = -x[xo]!;
    },
    vjp: (c, g) => neg(c, g),
  }),
  sign: unary('sign', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) {
        const v = x[xo]!;
        o[oo] = v > 0 ? 1 : v < 0 ? -1 : 0;
      }
    },
    bigLoop: big((v) => (v > 0n ? 1n : v < 0n ? -1n : 0n)),
    vjp: flat,
  }),
  square: unary('square', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) {
        const v = x[xo]!;
        o[oo] = v * v;
      }
    },
    saves: 'x',
    vjp: (c, g, x) => mul(c, g, mul(c, x, 2)),
  }),
  relu: unary('relu', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) {
        const v = x[xo]!;
        o[oo] = v < 0 ? 0 : v;
      }
    },
    bigLoop: big((v) => (v < 0n ? 0n : v)),
    saves: 'out',
    // So that the gradient passes where the value is NaN.
    vjp: (c, g, out) => where(c, c.run('le', [out, 0], noAttrs), 0, g),
  }),
  floor: unary('floor', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.floor(x[xo]!);
    },
    bigLoop: copyLoop,
    vjp: flat,
  }),
  ceil: unary('ceil', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.ceil(x[xo]!);
    },
    bigLoop: copyLoop,
    vjp: flat,
  }),
  trunc: unary('trunc', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.trunc(x[xo]!);
    },
    bigLoop: copyLoop,
    vjp: flat,
  }),
  round: unary('round', {
    noBool: true,
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = roundEven(x[xo]!);
    },
    bigLoop: copyLoop,
    vjp: flat,
  }),
  exp: unary('exp', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.exp(x[xo]!);
    },
    saves: 'out',
    vjp: (c, g, out) => mul(c, g, out),
  }),
  log: unary('log', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.log(x[xo]!);
    },
    saves: 'x',
    vjp: (c, g, x) => div(c, g, x),
  }),
  sqrt: unary('sqrt', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.sqrt(x[xo]!);
    },
    saves: 'out',
    vjp: (c, g, out) => div(c, g, mul(c, out, 2)),
  }),
  rsqrt: unary('rsqrt', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = 1 / Math.sqrt(x[xo]!);
    },
    saves: 'out',
    // -1/2 x^(-3/2)
    vjp: (c, g, out) => mul(c, g, mul(c, mul(c, run1(c, 'square', out), out), -0.5)),
  }),
  reciprocal: unary('reciprocal', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = 1 / x[xo]!;
    },
    saves: 'out',
    vjp: (c, g, out) => neg(c, mul(c, g, run1(c, 'square', out))),
  }),
  sin: unary('sin', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.sin(x[xo]!);
    },
    saves: 'x',
    vjp: (c, g, x) => mul(c, g, run1(c, 'cos', x)),
  }),
  cos: unary('cos', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.cos(x[xo]!);
    },
    saves: 'x',
    vjp: (c, g, x) => neg(c, mul(c, g, run1(c, 'sin', x))),
  }),
  tanh: unary('tanh', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = Math.tanh(x[xo]!);
    },
    saves: 'out',
    vjp: (c, g, out) => mul(c, g, sub(c, 1, run1(c, 'square', out))),
  }),
  sigmoid: unary('sigmoid', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = 1 / (1 + Math.exp(-x[xo]!));
    },
    saves: 'out',
    vjp: (c, g, out) => mul(c, g, mul(c, out, sub(c, 1, out))),
  }),
  erf: unary('erf', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = erf(x[xo]!);
    },
    saves: 'x',
    // 2/sqrt(pi) exp(-x^2)
    vjp: (c, g, x) => mul(c, g, mul(c, run1(c, 'exp', neg(c, run1(c, 'square', x))), 2 / Math.sqrt(Math.PI))),
  }),
  gelu: unary('gelu', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) {
        const v = x[xo]!;
        o[oo] = 0.5 * v * (1 + erf(v * Math.SQRT1_2));
      }
    },
    saves: 'x',
    // cdf(x) + x pdf(x) of the normal distribution
    vjp: (c, g, x) => {
      const cdf = mul(c, add(c, run1(c, 'erf', mul(c, x, Math.SQRT1_2)), 1), 0.5);
      const pdf = mul(c, run1(c, 'exp', mul(c, run1(c, 'square', x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return mul(c, g, add(c, cdf, mul(c, x, pdf)));
    },
  }),
  geluTanh: unary('geluTanh', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) {
        const v = x[xo]!;
        o[oo] = 0.5 * v * (1 + Math.tanh(root2OverPi * (v + 0.044715 * v * v * v)));
      }
    },
    saves: 'x',
    // With t = tanh(u): (1 + t) / 2 + x/2 (1 - t^2) u'
    vjp: (c, g, x) => {
      const x2 = run1(c, 'square', x);
      const u = mul(c, mul(c, x, add(c, mul(c, x2, 0.044715), 1)), root2OverPi);
      const t = run1(c, 'tanh', u);
      const slope = mul(c, add(c, mul(c, x2, 3 * 0.044715), 1), root2OverPi);
      const second = mul(c, mul(c, mul(c, x, 0.5), sub(c, 1, run1(c, 'square', t))), slope);
      return mul(c, g, add(c, mul(c, add(c, t, 1), 0.5), second));
    },
  }),
  silu: unary('silu', {
    loop: (x, xo, xs, o, oo, os, n) => {
      for (let i = 0; i < n; i++, xo += xs, oo += os) {
        const v = x[xo]!;
        o[oo] = v / (1 + Math.exp(-v));
      }
    },
    saves: 'x',
    // s (1 + x (1 - s))
    vjp: (c, g, x) => {
      const s = run1(c, 'sigmoid', x);
      return mul(c, g, mul(c, s, add(c, mul(c, x, sub(c, 1, s)), 1)));
    },
  }),
} satisfies Record<UnaryName, ReferenceOp<'neg'>>;

export const testOps = {
  isnan: {
    infer: ([x]) => [like(x!, 'bool')],
    forward([x], [out]) {
      applyUnary(x!, out!, (v, xo, xs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = v[xo]! !== v[xo]! ? 1 : 0;
      });
    },
  } as ReferenceOp<'isnan'>,
  logicalNot: {
    infer: ([x]) => [like(x!, 'bool')],
    forward([x], [out]) {
      applyUnary(x!, out!, (v, xo, xs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = v[xo] || v[xo]! !== v[xo]! ? 0 : 1;
      });
    },
  } as ReferenceOp<'logicalNot'>,
};
