import { AutogradError } from '../../../errors.js';
import { fail, type RefTensor } from '../array.js';
import * as bessel from '../bessel.js';
import { complementaryErf } from '../special.js';
import * as special from '../special-functions.js';
import { floatFunction, floatPairFunction } from './elementwise.js';
import { add, div, full, mul, neg, noAttrs, sub, where, type Gradients, type VjpContext } from './op.js';

type Plain =
  | 'square' | 'sqrt' | 'rsqrt' | 'exp' | 'exp2' | 'log' | 'log1p' | 'sin' | 'cos' | 'sinh' | 'cosh' | 'tanh' | 'sign' | 'sigmoid'
  | 'reciprocal' | 'digamma' | 'lgamma' | 'erfcx' | 'i0' | 'i0e' | 'i1' | 'i1e' | 'besselJ0' | 'besselJ1' | 'frexpExponent'; // prettier-ignore

const run = (c: VjpContext, op: Plain, x: RefTensor): RefTensor => c.run(op, [x], noAttrs);
const rootPi = Math.sqrt(Math.PI);
const oneLessSquare = (c: VjpContext, x: RefTensor): RefTensor => sub(c, 1, run(c, 'square', x));
const oneAndSquare = (c: VjpContext, x: RefTensor): RefTensor => add(c, run(c, 'square', x), 1);
/** exp(factor x^2) */
const gauss = (c: VjpContext, x: RefTensor, factor: number): RefTensor =>
  run(c, 'exp', mul(c, run(c, 'square', x), factor));
const inverse = (c: VjpContext, x: RefTensor): RefTensor => run(c, 'reciprocal', x);
const isZero = (c: VjpContext, x: RefTensor): RefTensor => c.run('eq', [x, 0], noAttrs);

/** y / x of an odd function with slope 1/2 at 0; the division sees no zero. */
function overX(c: VjpContext, y: RefTensor, x: RefTensor): RefTensor {
  const zero = isZero(c, x);
  return where(c, zero, 0.5, div(c, y, where(c, zero, 1, x)));
}

function entropy(x: number): number {
  return x === 0 ? 0 : x < 0 ? -Infinity : -x * Math.log(x);
}

/** Functions of one float. */
export const functionOps = {
  exp2: floatFunction(
    'exp2',
    (x) => 2 ** x,
    'out',
    (c, y) => mul(c, y, Math.LN2),
  ),
  expm1: floatFunction(
    'expm1',
    (x) => Math.expm1(x),
    'out',
    (c, y) => add(c, y, 1),
  ),
  log2: floatFunction(
    'log2',
    (x) => Math.log2(x),
    'x',
    (c, x) => inverse(c, mul(c, x, Math.LN2)),
  ),
  log10: floatFunction(
    'log10',
    (x) => Math.log10(x),
    'x',
    (c, x) => inverse(c, mul(c, x, Math.LN10)),
  ),
  log1p: floatFunction(
    'log1p',
    (x) => Math.log1p(x),
    'x',
    (c, x) => inverse(c, add(c, x, 1)),
  ),
  tan: floatFunction('tan', (x) => Math.tan(x), 'out', oneAndSquare),
  asin: floatFunction(
    'asin',
    (x) => Math.asin(x),
    'x',
    (c, x) => run(c, 'rsqrt', oneLessSquare(c, x)),
  ),
  acos: floatFunction(
    'acos',
    (x) => Math.acos(x),
    'x',
    (c, x) => neg(c, run(c, 'rsqrt', oneLessSquare(c, x))),
  ),
  atan: floatFunction(
    'atan',
    (x) => Math.atan(x),
    'x',
    (c, x) => inverse(c, oneAndSquare(c, x)),
  ),
  sinh: floatFunction(
    'sinh',
    (x) => Math.sinh(x),
    'x',
    (c, x) => run(c, 'cosh', x),
  ),
  cosh: floatFunction(
    'cosh',
    (x) => Math.cosh(x),
    'x',
    (c, x) => run(c, 'sinh', x),
  ),
  asinh: floatFunction(
    'asinh',
    (x) => Math.asinh(x),
    'x',
    (c, x) => run(c, 'rsqrt', oneAndSquare(c, x)),
  ),
  acosh: floatFunction(
    'acosh',
    (x) => Math.acosh(x),
    'x',
    (c, x) => run(c, 'rsqrt', sub(c, run(c, 'square', x), 1)),
  ),
  atanh: floatFunction(
    'atanh',
    (x) => Math.atanh(x),
    'x',
    (c, x) => inverse(c, oneLessSquare(c, x)),
  ),
  erfc: floatFunction('erfc', complementaryErf, 'x', (c, x) => mul(c, gauss(c, x, -1), -2 / rootPi)),
  erfinv: floatFunction('erfinv', special.erfinv, 'out', (c, y) => mul(c, gauss(c, y, 1), rootPi / 2)),
  // (cos(pi x) pi x - sin(pi x)) / (pi x^2), 0 at 0.
  sinc: floatFunction('sinc', special.sinc, 'x', (c, x) => {
    const zero = isZero(c, x);
    const safe = where(c, zero, 1, x);
    const angle = mul(c, safe, Math.PI);
    const top = sub(c, mul(c, run(c, 'cos', angle), angle), run(c, 'sin', angle));
    return where(c, zero, 0, div(c, top, mul(c, angle, safe)));
  }),
  // 1 / (x (1 - x)), where that is a probability.
  logit: floatFunction(
    'logit',
    (x) => Math.log(x / (1 - x)),
    'x',
    (c, x) => {
      const product = mul(c, x, sub(c, 1, x));
      return inverse(c, where(c, c.run('lt', [product, 0], noAttrs), NaN, product));
    },
  ),
  lgamma: floatFunction('lgamma', special.lgamma, 'x', (c, x) => run(c, 'digamma', x)),
  digamma: floatFunction('digamma', special.digamma, 'x', (c, x) => c.run('polygamma', [x], { n: 1 })),
  polygamma: floatFunction(
    'polygamma',
    (x, { n }) => special.polygamma(n, x),
    'x',
    (c, x, { n }) => c.run('polygamma', [x], { n: n + 1 }),
  ),
  ndtr: floatFunction(
    'ndtr',
    (x) => complementaryErf(-x * Math.SQRT1_2) / 2,
    'x',
    (c, x) => mul(c, gauss(c, x, -0.5), 1 / Math.sqrt(2 * Math.PI)),
  ),
  entr: floatFunction('entr', entropy, 'x', (c, x) => neg(c, add(c, run(c, 'log', x), 1))),
  ndtri: floatFunction('ndtri', special.ndtri, 'out', (c, y) =>
    mul(c, gauss(c, y, 0.5), Math.sqrt(2 * Math.PI)),
  ),
  logNdtr: floatFunction('logNdtr', special.logNdtr, 'x', (c, x) =>
    inverse(c, mul(c, run(c, 'erfcx', mul(c, x, -Math.SQRT1_2)), Math.sqrt(Math.PI / 2))),
  ),
  erfcx: floatFunction('erfcx', special.erfcx, 'x', (c, x) =>
    sub(c, mul(c, mul(c, x, run(c, 'erfcx', x)), 2), 2 / rootPi),
  ),
  i0: floatFunction('i0', bessel.i0, 'x', (c, x) => run(c, 'i1', x)),
  i0e: floatFunction('i0e', bessel.i0e, 'x', (c, x) =>
    sub(c, run(c, 'i1e', x), mul(c, run(c, 'sign', x), run(c, 'i0e', x))),
  ),
  i1: floatFunction('i1', bessel.i1, 'x', (c, x) => sub(c, run(c, 'i0', x), overX(c, run(c, 'i1', x), x))),
  i1e: floatFunction('i1e', bessel.i1e, 'x', (c, x) => {
    const y = run(c, 'i1e', x);
    return sub(c, sub(c, run(c, 'i0e', x), overX(c, y, x)), mul(c, y, run(c, 'sign', x)));
  }),
  besselJ0: floatFunction('besselJ0', bessel.j0, 'x', (c, x) => neg(c, run(c, 'besselJ1', x))),
  besselJ1: floatFunction('besselJ1', bessel.j1, 'x', (c, x) =>
    sub(c, run(c, 'besselJ0', x), overX(c, run(c, 'besselJ1', x), x)),
  ),
  frexpMantissa: floatFunction(
    'frexpMantissa',
    (x) => special.frexp(x)[0],
    'x',
    (c, x) => run(c, 'exp2', neg(c, run(c, 'frexpExponent', x))),
  ),
  frexpExponent: floatFunction(
    'frexpExponent',
    (x) => special.frexp(x)[1],
    'none',
    (c, grad) => full(c, grad.shape, 0, grad.dtype),
  ),
};

const sides = (c: VjpContext, a: () => RefTensor, b: () => RefTensor): Gradients => [
  c.needs(0) ? a() : undefined,
  c.needs(1) ? b() : undefined,
];

function logaddexpVjp(scale: number) {
  return (c: VjpContext, g: RefTensor): Gradients => {
    const difference = mul(c, sub(c, c.input(0), c.input(1)), scale);
    return sides(
      c,
      () => mul(c, g, run(c, 'sigmoid', difference)),
      () => mul(c, g, run(c, 'sigmoid', neg(c, difference))),
    );
  };
}

function refuseParameter(op: string, parameter: string, variable: string): never {
  const why = 'that of its parameter has no closed form';
  fail(
    AutogradError,
    op,
    `has no gradient for ${parameter}, only for ${variable}: ${why}; detach ${parameter}`,
  );
}

function gammaVjp(op: string, sign: number) {
  return (c: VjpContext, g: RefTensor): Gradients => {
    if (c.needs(0)) refuseParameter(op, 'a', 'x');
    const a = c.input(0);
    const x = c.input(1);
    const power = sub(c, c.run('xlogy', [sub(c, a, 1), x], noAttrs), add(c, x, run(c, 'lgamma', a)));
    return [undefined, mul(c, g, mul(c, run(c, 'exp', power), sign))];
  };
}

/** Functions of two floats. */
export const pairOps = {
  atan2: floatPairFunction(
    'atan2',
    (a, b) => Math.atan2(a, b),
    (c, g) => {
      const [a, b] = [c.input(0), c.input(1)];
      const r = div(c, g, add(c, run(c, 'square', a), run(c, 'square', b)));
      return sides(
        c,
        () => mul(c, r, b),
        () => neg(c, mul(c, r, a)),
      );
    },
  ),
  hypot: floatPairFunction(
    'hypot',
    (a, b) => Math.hypot(a, b),
    (c, g) => {
      const r = div(c, g, c.output(0));
      return sides(
        c,
        () => mul(c, r, c.input(0)),
        () => mul(c, r, c.input(1)),
      );
    },
  ),
  logaddexp: floatPairFunction('logaddexp', special.logaddexp, logaddexpVjp(1)),
  logaddexp2: floatPairFunction('logaddexp2', special.logaddexp2, logaddexpVjp(Math.LN2)),
  nextafter: floatPairFunction('nextafter', special.nextafter, (c, g) => [
    g,
    full(c, c.shape(1), 0, g.dtype),
  ]),
  copysign: floatPairFunction(
    'copysign',
    (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
    (c, g) => [
      mul(c, g, mul(c, run(c, 'sign', c.input(0)), run(c, 'sign', c.output(0)))),
      full(c, c.shape(1), 0, g.dtype),
    ],
  ),
  xlogy: floatPairFunction(
    'xlogy',
    (x, y) => (y !== y ? y : x === 0 ? 0 : x * Math.log(y)),
    (c, g) => {
      const [x, y] = [c.input(0), c.input(1)];
      const flat = (): RefTensor => mul(c, isZero(c, x), c.run('le', [y, 0], noAttrs));
      return sides(
        c,
        () => where(c, flat(), 0, c.run('xlogy', [g, y], noAttrs)),
        () => div(c, mul(c, g, x), y),
      );
    },
  ),
  xlog1py: floatPairFunction(
    'xlog1py',
    (x, y) => (y !== y ? y : x === 0 ? 0 : x * Math.log1p(y)),
    (c, g) => {
      const [x, y] = [c.input(0), c.input(1)];
      const flat = (): RefTensor => mul(c, isZero(c, x), c.run('le', [y, -1], noAttrs));
      return sides(
        c,
        () => where(c, flat(), 0, mul(c, g, run(c, 'log1p', y))),
        () => div(c, mul(c, g, x), add(c, y, 1)),
      );
    },
  ),
  zeta: floatPairFunction('zeta', special.zeta, (c, g) => {
    if (c.needs(0)) refuseParameter('zeta', 's', 'q');
    const s = c.input(0);
    const slope = neg(c, mul(c, s, c.run('zeta', [add(c, s, 1), c.input(1)], noAttrs)));
    return [undefined, mul(c, g, slope)];
  }),
  igamma: floatPairFunction('igamma', special.igamma, gammaVjp('igamma', 1)),
  igammac: floatPairFunction('igammac', special.igammac, gammaVjp('igammac', -1)),
};
