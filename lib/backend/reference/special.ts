/**
 * The error function in double precision, by W. J. Cody, "Rational Chebyshev approximations for the error function",
 * Mathematics of Computation 23 (1969), 631-637: three intervals, relative error about 1e-16.
 */
export function erf(x: number): number {
  const y = Math.abs(x);
  if (y <= 0.46875) {
    const z = y > 1e-300 ? y * y : 0;
    return x * ratio(z, nearTop, nearBottom);
  }
  if (y !== y) return x;
  const tail = y > 6 ? 0 : complement(y);
  return x < 0 ? tail - 1 : 1 - tail;
}

/** 1 - erf(x), precise in the tail. */
export function complementaryErf(x: number): number {
  if (!(Math.abs(x) > 0.46875)) return 1 - erf(x);
  if (x < 0) return 2 - complementaryErf(-x);
  return x > 27.3 ? 0 : complement(x);
}

const nearTop = [
  1.85777706184603153e-1, 3.1611237438705656, 1.1386415415105016e2, 3.77485237685302021e2,
  3.20937758913846947e3,
];
const nearBottom = [
  1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
];
const middleTop = [
  2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
  2.98635138197400131e2, 8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3,
  1.23033935479799725e3,
];
const middleBottom = [
  1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
  3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
];
const farTop = [
  1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
  1.60837851487422766e-2, 6.58749161529837803e-4,
];
const farBottom = [
  1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
  2.33520497626869185e-3,
];

// Both polynomials from the highest power down.
function ratio(z: number, top: readonly number[], bottom: readonly number[]): number {
  let p = 0;
  let q = 0;
  for (let i = 0; i < top.length; i++) {
    p = p * z + top[i]!;
    q = q * z + bottom[i]!;
  }
  return p / q;
}

// 1 - erf(y) for y > 0.46875.
function complement(y: number): number {
  let r: number;
  if (y <= 4) {
    r = ratio(y, middleTop, middleBottom);
  } else {
    const z = 1 / (y * y);
    r = (1 / Math.sqrt(Math.PI) - z * ratio(z, farTop, farBottom)) / y;
  }
  // exp(-y^2) with y split, so that the square of the head is exact.
  const head = Math.trunc(y * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(y - head) * (y + head)) * r;
}

/** Rounds half to even. */
export function roundEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}
