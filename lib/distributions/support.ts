import { shapeText } from '../check.js';
import { ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

// What values and parameters may be.

/** A set of numbers: how errors name it, and which entries of a tensor are in it. NaN is in none. */
export interface Support {
  readonly name: string;
  readonly has: (x: Tensor) => Tensor;
}

export const real: Support = { name: 'numbers other than NaN', has: (x) => x.eq(x) };

export const positive: Support = { name: 'numbers above 0', has: (x) => x.gt(0) };

export const nonnegative: Support = { name: 'numbers of at least 0', has: (x) => x.ge(0) };

export const unitInterval: Support = {
  name: 'numbers in [0, 1]',
  has: (x) => x.ge(0).logicalAnd(x.le(1)),
};

/** What a probability of success may be where none at all makes no sense. */
export const positiveProbability: Support = {
  name: 'numbers in (0, 1]',
  has: (x) => x.gt(0).logicalAnd(x.le(1)),
};

export const binary: Support = { name: '0 or 1', has: (x) => x.eq(0).logicalOr(x.eq(1)) };

export const counts: Support = {
  name: 'integers of at least 0',
  has: (x) => x.ge(0).logicalAnd(x.eq(x.floor())),
};

/** The integers from 0 to n - 1. */
export function places(n: number): Support {
  return {
    name: `integers from 0 to ${n - 1}`,
    has: (x) => x.ge(0).logicalAnd(x.lt(n)).logicalAnd(x.eq(x.floor())),
  };
}

/** The closed interval between two tensors, which broadcast with the values. */
export function between(low: Tensor, high: Tensor): Support {
  return {
    name: 'numbers from low to high',
    has: (x) => x.ge(low).logicalAnd(x.le(high)),
  };
}

/** A ValueError that quotes the first entry of `x` outside of the support. */
export function checkValues(op: string, name: string, x: Tensor, support: Support): void {
  noGrad(() =>
    scoped(() => {
      const inside = support.has(x);
      if (inside.all().item()) return;
      // The set may have a larger shape than the values.
      const first = x.expand(inside.shape).maskedSelect(inside.logicalNot()).data[0];
      const where = x.ndim === 0 ? '' : ` in a tensor of ${shapeText(x.shape)}`;
      throw new ValueError(`[${op}] ${name}: got ${String(first)}${where}, wanted ${support.name}`);
    }),
  );
}
