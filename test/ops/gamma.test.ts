import { expect, it } from 'vitest';
import { digamma, dtypes, lgamma, mvlgamma, tensor, ValueError } from '../../lib/index.js';

const floats = dtypes.filter((dtype) => dtype.includes('float'));

it.each(floats)('gamma functions of infinities, NaN and poles: %s', (dtype) => {
  // Long enough for whole vectors, and with neighbours that take every branch.
  const values = [-Infinity, Infinity, NaN, 0, -0, -3, -2.5, 1, 2, 0.25, 100];
  const x = tensor([...values, ...values, ...values], { dtype });
  const three = (list: readonly number[]): number[] => [...list, ...list, ...list];
  const found = lgamma(x).tolist() as number[];
  expect(found.map((value, i) => (i % 11 < 6 ? value : 0))).toEqual(
    three([Infinity, Infinity, NaN, Infinity, Infinity, Infinity, 0, 0, 0, 0, 0]),
  );
  expect(found.slice(6, 9).map((value) => Number(value.toFixed(2)))).toEqual([-0.06, 0, 0]);
  const slopes = digamma(x).tolist() as number[];
  expect(slopes.map((value, i) => (i % 11 < 6 ? value : 0))).toEqual(
    three([NaN, Infinity, NaN, -Infinity, Infinity, NaN, 0, 0, 0, 0, 0]),
  );
});

it.each([0, 2 ** 16 + 1, 1e9])('mvlgamma refuses p = %d, which has no term or too many', (p) => {
  expect(() => mvlgamma(tensor([1]), p)).toThrow(ValueError);
  expect(() => mvlgamma(tensor([1]), p)).toThrow(`[mvlgamma] p: got ${p}, wanted an integer from 1 to 65536`);
});
