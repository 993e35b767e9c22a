import { exact, floats, given, real } from './case.js';
import type { CaseOf, RowOf, Rows, Tolerance } from './case.js';
import { binary, elementary, floating, none, unary } from './operands.js';

// Series that differ in their last terms; near a zero of the function, relative to 1.
const series: Tolerance = {
  ulp: 4,
  float64Ulp: 64,
  absolute: 1e-6,
  why: 'two implementations of a series, each good to some 1e-15',
};

const stirling: Tolerance = {
  ...series,
  float64Ulp: 256,
  why: "the terms of Stirling's formula are some hundred times the result",
};

/** Functions that are given too few digits by a step of finite differences to be differentiated twice. */
function once(row: RowOf<'exp'>): RowOf<'exp'> {
  return { ...row, gradient: 'first' };
}

const plain = (row: RowOf<'exp'>): RowOf<'exp'> => ({ ...row, special: 0 });

function pair(cases: CaseOf<'add'>[], tolerance: Tolerance = elementary): RowOf<'add'> {
  return { cases, dtypes: floats, tolerance, gradient: 'second', special: 2 };
}

export const functions = {
  exp2: floating(unary()),
  expm1: floating([
    ...unary(-3, 3),
    {
      name: 'tails',
      inputs: [given([8], [-100, -20, -1e-6, 1e-6, 1e-30, 20, 88, 100])],
      attrs: none,
      noGradient: 'values only',
    },
  ]),
  log2: floating(unary(0.1, 4)),
  log10: floating(unary(0.1, 4)),
  log1p: floating([
    ...unary(-0.8, 4),
    {
      name: 'tails',
      inputs: [given([7], [-0.999999, -1e-6, 1e-6, 1e-30, 1e5, 1e10, 1e30])],
      attrs: none,
      noGradient: 'values only',
    },
  ]),
  tan: floating([
    ...unary(-1.3, 1.3),
    {
      name: 'large',
      inputs: [given([6], [100, 1e4, 12345.678, -99999, 1e6, -3e7])],
      attrs: none,
      noGradient: 'values only',
    },
  ]),
  asin: floating(unary(-0.9, 0.9)),
  acos: floating(unary(-0.9, 0.9)),
  atan: floating(unary(-4, 4)),
  sinh: floating(unary(-3, 3)),
  cosh: floating(unary(-3, 3)),
  asinh: floating(unary(-4, 4)),
  acosh: floating(unary(1.2, 5)),
  atanh: floating(unary(-0.9, 0.9)),
  erfc: floating(
    [
      ...unary(-2.5, 2.5),
      { name: 'tail of it', inputs: [real([40], 3, 9)], attrs: none, noGradient: 'values only' },
    ],
    { ulp: 3, float64Ulp: 16, why: 'the exponential of a square' },
  ),
  erfinv: floating(
    [
      ...unary(-0.9, 0.9),
      {
        name: 'tails of it',
        inputs: [given([6], [0.99, 0.9999, 0.999999, -0.99999, -0.9, 1e-20])],
        attrs: none,
        noGradient: 'values only',
      },
    ],
    { ulp: 3, float64Ulp: 16, why: 'an iteration against another' },
  ),
  sinc: plain(floating(unary(-3, 3, [0]), series)),
  logit: floating(unary(0.05, 0.95), series),
  // Away from its zeros at 1 and 2.
  lgamma: plain(floating(unary(2.3, 9), stirling)),
  digamma: plain(floating(unary(0.3, 9), series)),
  polygamma: {
    cases: [
      ...[0, 1, 2, 5].map((n) => ({ name: `order ${n}`, inputs: [real([3, 7], 0.5, 6)], attrs: { n } })),
      { name: '0-dim', inputs: [real([], 0.5, 6)], attrs: { n: 1 } },
      { name: 'empty', inputs: [real([0])], attrs: { n: 1 } },
    ],
    dtypes: floats,
    tolerance: series,
    gradient: 'second',
    special: 0,
  },
  ndtr: plain(floating(unary(-4, 4), series)),
  entr: floating(unary(0.1, 3)),
  ndtri: once(plain(floating(unary(0.02, 0.98), series))),
  logNdtr: plain(floating(unary(-8, 4), series)),
  erfcx: plain(floating(unary(-2, 14), series)),
  i0: plain(floating(unary(-5, 5), series)),
  i0e: plain(floating(unary(-5, 5, [0]), series)),
  i1: plain(floating(unary(-5, 5, [0]), series)),
  i1e: plain(floating(unary(-5, 5, [0]), series)),
  besselJ0: plain(floating(unary(-40, 40, [0]), series)),
  besselJ1: plain(floating(unary(-40, 40, [0]), series)),
  frexpMantissa: {
    cases: [
      ...unary(-9, 9, [-8, -4, -2, -1, -0.5, 0, 0.5, 1, 2, 4, 8]),
      { name: 'denormal', inputs: [given([3], [1e-40, -1e-45, 0])], attrs: none, noGradient: 'values only' },
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  frexpExponent: {
    cases: [
      ...unary(-9, 9, [-8, -4, -2, -1, -0.5, 0, 0.5, 1, 2, 4, 8]),
      { name: 'denormal', inputs: [given([3], [1e-40, -1e-45, 0])], attrs: none, noGradient: 'values only' },
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
  atan2: pair(binary(0.3, 2)),
  hypot: pair(binary(0.3, 2)),
  logaddexp: pair(binary(), series),
  logaddexp2: pair(binary(), series),
  // The gradient is that of the first operand itself: finite differences see it.
  nextafter: { cases: binary(), dtypes: floats, tolerance: exact, gradient: 'second', special: 2 },
  copysign: { ...pair(binary(0.2, 2, 0.2, 2), exact), special: 2 },
  xlogy: pair(binary(0.2, 2, 0.2, 3)),
  xlog1py: pair(binary(0.2, 2, -0.5, 3)),
  zeta: {
    cases: binary(1.5, 4, 0.5, 5).map((entry) => ({ ...entry, noGradient: 'none for the first operand' })),
    dtypes: floats,
    tolerance: series,
    gradient: 'none',
    special: 0,
  },
  igamma: {
    cases: binary(0.5, 6, 0.2, 8).map((entry) => ({ ...entry, noGradient: 'none for the first operand' })),
    dtypes: floats,
    tolerance: stirling,
    gradient: 'none',
    special: 0,
  },
  igammac: {
    cases: binary(0.5, 6, 0.2, 8).map((entry) => ({ ...entry, noGradient: 'none for the first operand' })),
    dtypes: floats,
    tolerance: stirling,
    gradient: 'none',
    special: 0,
  },
} satisfies Rows;
