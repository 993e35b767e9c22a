import { expect, test } from 'vitest';
import { AutogradError, DTypeError, gradcheck, gradgradcheck, tensor, ValueError } from '../../lib/index.js';

const x = tensor([0.5, -1.5], { dtype: 'float64', requiresGrad: true });

test('a right gradient passes', () => {
  expect(gradcheck((v) => v.sin().mul(v), [x])).toBe(true);
  expect(gradgradcheck((v) => v.sin().mul(v), [x])).toBe(true);
});

test('a missing gradient is found', () => {
  expect(() => gradcheck((v) => v.mul(v.detach()), [x])).toThrow(AutogradError);
});

test('the point is left as it was', () => {
  const before = x.tolist();
  gradcheck((v) => v.exp(), [x]);
  expect(x.tolist()).toEqual(before);
  expect(x.grad).toBeNull();
});

test('float32 says nothing', () => {
  expect(() => gradcheck((v) => v.exp(), [tensor([0.5], { requiresGrad: true })])).toThrow(DTypeError);
});

test('some input must require a gradient', () => {
  expect(() => gradcheck((v) => v.exp(), [tensor([0.5], { dtype: 'float64' })])).toThrow(ValueError);
});
