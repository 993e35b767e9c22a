import type { DType } from '../../../dtype.js';
import { isFloat, itemSize } from '../../../dtype.js';
import { DTypeError, ValueError } from '../../../errors.js';
import { fail, type RefTensor } from '../array.js';
import { pairFunction, pairTest } from './elementwise.js';
import { full, mul, neg, noAttrs, type Gradients, type OpImplementation, type VjpContext } from './op.js';
import { applyUnary, like } from './unary.js';

// Quotients and remainders, bits, and logic. Integers wrap as their typed arrays do.

function divisor<T extends number | bigint>(op: string, b: T): T {
  if (Number(b) === 0) fail(ValueError, op, 'division of an integer by zero');
  return b;
}

// The quotient of floats rounded down, from the exact rest, as Python divides.
function floorQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  let lower = (a - rest) / b;
  if (rest !== 0 && rest < 0 !== b < 0) lower -= 1;
  if (lower === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const down = Math.floor(lower);
  return lower - down > 0.5 ? down + 1 : down;
}

function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

const zeros = (c: VjpContext, g: RefTensor): Gradients => [
  full(c, c.shape(0), 0, g.dtype),
  full(c, c.shape(1), 0, g.dtype),
];
const restVjp =
  (quotient: 'floorDivide' | 'truncDivide') =>
  (c: VjpContext, g: RefTensor): Gradients => [
    g,
    c.needs(1) ? neg(c, mul(c, g, c.run(quotient, [c.input(0), c.input(1)], noAttrs))) : undefined,
  ];

const bigRemainder = (a: bigint, b: bigint): bigint => {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
};

/** Rounded quotients and their rests. */
export const quotientOps = {
  floorDivide: pairFunction(
    'floorDivide',
    'numbers',
    (a, b, dtype) => {
      if (isFloat(dtype)) return floorQuotient(a, b);
      return Math.floor(a / divisor('floorDivide', b));
    },
    (a, b) => (a - bigRemainder(a, divisor('floorDivide', b))) / b,
    zeros,
  ),
  truncDivide: pairFunction(
    'truncDivide',
    'numbers',
    (a, b, dtype) => Math.trunc(a / (isFloat(dtype) ? b : divisor('truncDivide', b))),
    (a, b) => a / divisor('truncDivide', b),
    zeros,
  ),
  remainder: pairFunction(
    'remainder',
    'numbers',
    (a, b, dtype) => remainder(a, isFloat(dtype) ? b : divisor('remainder', b)),
    (a, b) => bigRemainder(a, divisor('remainder', b)),
    restVjp('floorDivide'),
  ),
  fmod: pairFunction(
    'fmod',
    'numbers',
    (a, b, dtype) => a % (isFloat(dtype) ? b : divisor('fmod', b)),
    (a, b) => a % divisor('fmod', b),
    restVjp('truncDivide'),
  ),
};

function commonDivisor(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function commonMultiple(a: bigint, b: bigint, bits: number): bigint {
  const shared = BigInt.asIntN(bits, commonDivisor(a, b));
  if (shared === 0n) return 0n;
  const multiple = BigInt.asIntN(bits, (a / shared) * b);
  return multiple < 0n ? -multiple : multiple;
}

const bitsOf = (dtype: DType): number => 8 * itemSize(dtype);

// Shifts by a negative number, or by the width or more, push everything out.
function leftShift(a: number, b: number, dtype: DType): number {
  return b < 0 || b >= bitsOf(dtype) ? 0 : a << b;
}
function rightShift(a: number, b: number, dtype: DType): number {
  return b < 0 || b >= bitsOf(dtype) ? (a < 0 ? -1 : 0) : a >> b;
}

function bitwiseNot(): OpImplementation<Record<string, never>> {
  return {
    infer([x]) {
      if (x!.isFloat) fail(DTypeError, 'bitwiseNot', `${x!.dtype} is not supported: cast it first`);
      return [like(x!)];
    },
    forward([x], [out]) {
      const bool = x!.dtype === 'bool';
      applyUnary(x!, out!, (v, xo, xs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = bool ? 1 - v[xo]! : ~v[xo]!;
      });
    },
  };
}

/** Bits of integers and bool. */
export const bitOps = {
  bitwiseAnd: pairFunction(
    'bitwiseAnd',
    'exact',
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bitwiseOr: pairFunction(
    'bitwiseOr',
    'exact',
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bitwiseXor: pairFunction(
    'bitwiseXor',
    'exact',
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  bitwiseNot: bitwiseNot(),
  bitwiseLeftShift: pairFunction('bitwiseLeftShift', 'integers', leftShift, (a, b) =>
    b < 0n || b >= 64n ? 0n : a << b,
  ),
  bitwiseRightShift: pairFunction('bitwiseRightShift', 'integers', rightShift, (a, b) =>
    b < 0n || b >= 64n ? (a < 0n ? -1n : 0n) : a >> b,
  ),
  gcd: pairFunction(
    'gcd',
    'integers',
    (a, b) => Number(commonDivisor(BigInt(a), BigInt(b))),
    (a, b) => commonDivisor(a, b),
  ),
  lcm: pairFunction(
    'lcm',
    'integers',
    (a, b, dtype) => Number(commonMultiple(BigInt(a), BigInt(b), dtype === 'uint8' ? 64 : bitsOf(dtype))),
    (a, b) => commonMultiple(a, b, 64),
  ),
};

/** Logic of any dtype, by what is not zero. */
export const logicOps = {
  logicalAnd: pairTest('logicalAnd', (a, b) => a && b),
  logicalOr: pairTest('logicalOr', (a, b) => a || b),
  logicalXor: pairTest('logicalXor', (a, b) => a !== b),
  signbit: {
    infer: ([x]: readonly RefTensor[]) => [like(x!, 'bool')],
    forward([x]: readonly RefTensor[], [out]: readonly RefTensor[]): void {
      applyUnary(x!, out!, (v, xo, xs, o, oo, os, n) => {
        for (let i = 0; i < n; i++, xo += xs, oo += os) o[oo] = v[xo]! < 0 || Object.is(v[xo], -0) ? 1 : 0;
      });
    },
  },
};
