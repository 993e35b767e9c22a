import type { DType } from '../../dtype.js';
import { complementaryErf, erf, roundEven } from './special.js';

// Special functions of one number, as the native backend computes them lane by lane: series and continued fractions that
// stop where a term no longer counts, and are bounded, so that no argument hangs.

const rootPi = Math.sqrt(Math.PI);
const rootHalf = Math.SQRT1_2;
const tiny = 1e-17;

/** sin(pi x) / (pi x), 1 at 0. */
export function sinc(x: number): number {
  if (x === 0) return 1;
  const n = roundEven(x);
  const sine = Math.sin(Math.PI * (x - n));
  return (n % 2 === 0 ? sine : -sine) / (Math.PI * x);
}

/** log(e^a + e^b). */
export function logaddexp(a: number, b: number): number {
  if (a === b) return a + Math.LN2;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** log2(2^a + 2^b). */
export function logaddexp2(a: number, b: number): number {
  if (a === b) return a + 1;
  return Math.max(a, b) + Math.log1p(2 ** -Math.abs(a - b)) * Math.LOG2E;
}

/** exp(x^2) erfc(x). */
export function erfcx(x: number): number {
  if (x < 10) {
    // x in two parts, so that the square of the first is exact.
    const head = Math.abs(x) < 1e100 ? Math.fround(x) : x;
    const square = head * head;
    if (square > 745) return Infinity;
    return Math.exp(square) * Math.exp((x - head) * (x + head)) * complementaryErf(x);
  }
  let sum = 1;
  for (let k = 1, term = 1; k < 40 && Math.abs(term) > tiny; k++) {
    term *= -(2 * k - 1) / (2 * x * x);
    sum += term;
  }
  return sum / (x * rootPi);
}

// y >= 0 with erfc(y) = q, 0 < q <= 1/2: Newton's method on the logarithm, which is nearly a parabola.
function inverseTail(q: number): number {
  const logQ = Math.log(q);
  let y = Math.sqrt(-logQ) * 0.9;
  for (let i = 0; i < 8; i++) {
    const scaled = erfcx(y);
    const step = ((Math.log(scaled) - y * y - logQ) * scaled * rootPi) / 2;
    y += step;
    if (Math.abs(step) <= 1e-16 * y) break;
  }
  return y;
}

/** The inverse of the error function. */
export function erfinv(x: number): number {
  const size = Math.abs(x);
  if (!(size < 1)) return size === 1 ? x * Infinity : NaN;
  if (size > 0.5) return Math.sign(x) * inverseTail(1 - size);
  // Halley's method from two terms of the series.
  let y = x * (rootPi / 2) * (1 + (Math.PI / 12) * x * x);
  for (let i = 0; i < 3; i++) {
    const u = (erf(y) - x) * (rootPi / 2) * Math.exp(y * y);
    y -= u / (1 + y * u);
  }
  return y;
}

/** The inverse of the normal distribution function. */
export function ndtri(p: number): number {
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (!(p > 0 && p < 1)) return NaN;
  const tail = p < 0.5 ? 2 * p : 2 * (1 - p);
  const y = (tail < 0.5 ? inverseTail(tail) : erfinv(1 - tail)) / rootHalf;
  return p < 0.5 ? -y : y;
}

/** The logarithm of the normal distribution function. */
export function logNdtr(x: number): number {
  if (x < -1) return Math.log(erfcx(-x * rootHalf) / 2) - (x * x) / 2;
  return Math.log1p(-complementaryErf(x * rootHalf) / 2);
}

// B_2j / (2j)!: the coefficients of the Euler-Maclaurin formula.
const bernoulli = [
  1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
  -3617 / 10670622842880000, 43867 / 5109094217170944000,
]; // prettier-ignore

/** log |gamma(x)|: Stirling's series from 10 on, the recurrence below, the reflection for negative x. */
export function lgamma(x: number): number {
  if (x === Infinity || x === -Infinity) return Infinity;
  if (x === 1 || x === 2) return 0;
  if (x <= 0) {
    if (x === Math.floor(x)) return Infinity;
    const angle = Math.PI * (x - roundEven(x));
    return Math.log(Math.PI / Math.abs(Math.sin(angle))) - lgamma(1 - x);
  }
  let product = 1;
  let a = x;
  for (; a < 10; a++) product *= a;
  const z = 1 / (a * a);
  let series = 0;
  // B_2j / (2j (2j - 1) a^(2j - 1))
  const terms = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
  for (let j = terms.length - 1; j >= 0; j--) series = series * z + terms[j]!;
  return (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI) + series / a - Math.log(product);
}

/** The logarithmic derivative of gamma. */
export function digamma(value: number): number {
  let x = value;
  if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
  let shift = 0;
  if (x < 0) {
    if (x === Math.trunc(x)) return NaN;
    shift = -Math.PI / Math.tan(Math.PI * (x % 1));
    x = 1 - x;
  }
  for (; x < 10; x++) shift -= 1 / x;
  if (x === Infinity) return Infinity;
  const terms = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];
  const z = 1 / (x * x);
  let sum = 0;
  for (let j = 6; j >= 0; j--) sum = (sum + terms[j]!) * z;
  return shift + Math.log(x) - 0.5 / x - sum;
}

/** The n-th derivative of digamma. */
export function polygamma(n: number, x: number): number {
  if (n === 0) return digamma(x);
  if (x === -Infinity) return NaN;
  const size = Math.exp(lgamma(n + 1)) * zeta(n + 1, x);
  return n % 2 === 0 ? -size : size;
}

/** Hurwitz' zeta function, the sum of (q + k)^-s; q below -1e5 gives NaN. */
export function zeta(s: number, q: number): number {
  if (s === 1) return Infinity;
  if (!(s > 1)) return NaN;
  if (q <= 0) {
    if (q === Math.floor(q)) return Infinity;
    if (s !== Math.floor(s) || q < -1e5) return NaN;
  }
  if (!(q < Infinity)) return q === Infinity ? 0 : NaN;
  let sum = 0;
  let a = q;
  for (let k = 0; k < 10 || a <= 10; k++, a++) {
    const term = Math.pow(a, -s);
    sum += term;
    if (a > 1 && term < (tiny * Math.abs(sum)) / s) return sum;
  }
  const last = Math.pow(a, -s);
  sum += last * (a / (s - 1) + 0.5);
  let factor = (s * last) / a;
  for (let j = 0; j < 9; j++) {
    const term = factor * bernoulli[j]!;
    sum += term;
    if (Math.abs(term) < tiny * Math.abs(sum)) break;
    factor *= ((s + 2 * j + 1) * (s + 2 * j + 2)) / (a * a);
  }
  return sum;
}

// x^a e^-x / gamma(a)
function gammaDensity(a: number, x: number): number {
  return Math.exp(a * Math.log(x) - x - lgamma(a));
}

function igammaSeries(a: number, x: number): number {
  let sum = 1 / a;
  for (let n = 1, term = sum; n < 200000 && term > tiny * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * gammaDensity(a, x);
}

// The continued fraction of the complement, by Lentz's method; x > a + 1.
function igammacFraction(a: number, x: number): number {
  const small = 1e-300;
  let b = x + 1 - a;
  let c = 1 / small;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 200000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < small) d = small;
    c = b + an / c;
    if (Math.abs(c) < small) c = small;
    d = 1 / d;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return h * gammaDensity(a, x);
}

/** The lower regularized incomplete gamma function. */
export function igamma(a: number, x: number): number {
  if (!(a >= 0) || !(x >= 0)) return NaN;
  if (a === 0) return x > 0 ? 1 : NaN;
  if (a === Infinity) return x === Infinity ? NaN : 0;
  if (x === 0 || x === Infinity) return x === 0 ? 0 : 1;
  return x > a + 1 ? 1 - igammacFraction(a, x) : igammaSeries(a, x);
}

/** 1 less the lower regularized incomplete gamma function. */
export function igammac(a: number, x: number): number {
  if (!(a >= 0) || !(x >= 0)) return NaN;
  if (a === 0) return x > 0 ? 0 : NaN;
  if (a === Infinity) return x === Infinity ? NaN : 1;
  if (x === 0 || x === Infinity) return x === 0 ? 1 : 0;
  return x > a + 1 ? igammacFraction(a, x) : 1 - igammaSeries(a, x);
}

/** The next number of a float dtype after a towards b. */
export function nextafter(a: number, b: number, dtype: DType): number {
  if (a !== a || b !== b) return NaN;
  if (dtype !== 'float16') return nextFloat(a, b, dtype);
  // Divided by 2^112 float16 has the exponents of float32. Above its largest number the next would be 2^16.
  const bounded = (x: number): number => Math.min(Math.max(x, -(2 ** 16)), 2 ** 16) / 2 ** 112;
  const next = nextFloat(bounded(a), bounded(b), dtype) * 2 ** 112;
  return Math.abs(next) < 2 ** 16 ? next : Math.sign(next) * Infinity;
}

/** The bits of floats of one sign count in their order; the narrow ones are float32 without the last bits. */
function nextFloat(a: number, b: number, dtype: DType): number {
  if (a === b) return b;
  const unit = dtype === 'bfloat16' ? 2 ** 16 : dtype === 'float16' ? 2 ** 13 : 1;
  const view = new DataView(new ArrayBuffer(8));
  if (a === 0) return (b > 0 ? 1 : -1) * (dtype === 'float64' ? 5e-324 : unit * 2 ** -149);
  const away = a < b === a > 0;
  if (dtype === 'float64') {
    view.setFloat64(0, a);
    view.setBigInt64(0, view.getBigInt64(0) + (away ? 1n : -1n));
    return view.getFloat64(0);
  }
  view.setFloat32(0, a);
  view.setInt32(0, view.getInt32(0) + (away ? unit : -unit));
  return view.getFloat32(0);
}

/** x = mantissa 2^exponent, 1/2 <= |mantissa| < 1; zeros, infinities and NaN have the exponent 0. */
export function frexp(x: number): readonly [mantissa: number, exponent: number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  // Denormal numbers are brought into the normal range first.
  const scaled = Math.abs(x) < 2 ** -1022 ? x * 2 ** 64 : x;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, scaled);
  const high = view.getUint32(0);
  view.setUint32(0, (high & 0x800fffff) | 0x3fe00000);
  return [view.getFloat64(0), ((high >>> 20) & 0x7ff) - 1022 - (scaled === x ? 0 : 64)];
}
