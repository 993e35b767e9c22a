// Bessel functions of orders 0 and 1.

const tiny = 1e-17;
const large = 30;

// I_v(x) exp(-x) for large x, u = 4 v^2.
function modifiedLarge(x: number, u: number): number {
  let sum = 1;
  for (let k = 1, term = 1; k < 40 && Math.abs(term) > tiny; k++) {
    const odd = 2 * k - 1;
    term *= -(u - odd * odd) / (k * 8 * x);
    sum += term;
  }
  return sum / Math.sqrt(2 * Math.PI * x);
}

// The sum of (x/2)^2k / (k! (k + v)!), v = 0 or 1.
function modifiedSeries(x: number, v: number): number {
  const z = (x * x) / 4;
  let sum = 1;
  for (let k = 1, term = 1; k < 200 && term > tiny * sum; k++) {
    term *= z / (k * (k + v));
    sum += term;
  }
  return sum;
}

/** The modified function of order 0. */
export function i0(x: number): number {
  const size = Math.abs(x);
  if (!(size > large)) return modifiedSeries(x, 0);
  if (size === Infinity) return size;
  // In two factors: the exponential alone would overflow before the product.
  const half = Math.exp(size / 2);
  return half * modifiedLarge(size, 0) * half;
}

/** exp(-|x|) i0(x) */
export function i0e(x: number): number {
  const size = Math.abs(x);
  return size > large ? modifiedLarge(size, 0) : Math.exp(-size) * modifiedSeries(x, 0);
}

/** The modified function of order 1. */
export function i1(x: number): number {
  const size = Math.abs(x);
  if (!(size > large)) return (x / 2) * modifiedSeries(x, 1);
  if (size === Infinity) return x;
  const half = Math.exp(size / 2);
  return Math.sign(x) * half * modifiedLarge(size, 4) * half;
}

/** exp(-|x|) i1(x) */
export function i1e(x: number): number {
  const size = Math.abs(x);
  if (size > large) return Math.sign(x) * modifiedLarge(size, 4);
  return Math.exp(-size) * (x / 2) * modifiedSeries(x, 1);
}

// J0 and J1 by the recurrence from high orders down (J. C. P. Miller), normalized by J0 + 2 (J2 + J4 + ...) = 1.
function downward(x: number): readonly [number, number] {
  let above = 0;
  let here = 1e-250;
  let norm = 0;
  for (let n = 2 * Math.ceil((x + 30) / 2); n > 0; n--) {
    const below = ((2 * n) / x) * here - above;
    above = here;
    here = below;
    if (n % 2 === 1) norm += n === 1 ? here : 2 * here;
  }
  return [here / norm, above / norm];
}

// The expansion at infinity, for x > 25: sqrt(2 / (pi x)) (P cos t - Q sin t).
function oscillating(x: number, v: number): number {
  const u = 4 * v * v;
  let p = 1;
  let q = 0;
  for (let k = 1, term = 1; k < 60; k++) {
    const odd = 2 * k - 1;
    const next = (term * (u - odd * odd)) / (k * 8 * x);
    if (Math.abs(next) > Math.abs(term) || Math.abs(next) < tiny) break;
    term = next;
    const turned = k % 4 < 2 ? term : -term;
    if (k % 2 === 1) q += turned;
    else p += k % 4 === 2 ? -term : term;
  }
  const angle = x - (v / 2 + 0.25) * Math.PI;
  return Math.sqrt(2 / (Math.PI * x)) * (p * Math.cos(angle) - q * Math.sin(angle));
}

/** Of the first kind, order 0. */
export function j0(x: number): number {
  const size = Math.abs(x);
  if (!(size < Infinity)) return size === Infinity ? 0 : NaN;
  if (size < 1e-5) return 1 - (x * x) / 4;
  return size > 25 ? oscillating(size, 0) : downward(size)[0];
}

/** Of the first kind, order 1. */
export function j1(x: number): number {
  const size = Math.abs(x);
  if (!(size < Infinity)) return size === Infinity ? 0 : NaN;
  if (size < 1e-5) return x / 2;
  return Math.sign(x) * (size > 25 ? oscillating(size, 1) : downward(size)[1]);
}
