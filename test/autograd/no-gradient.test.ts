import { expect, test } from 'vitest';
import { AutogradError, bincount, heaviside, histogram, linalg, tensor, unique } from '../../lib/index.js';
import { igamma, igammac, special, uniqueConsecutive } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// Gradients that do not exist: asking for one names the op, the input and the reason, and is no silent zero.

const x = (): Tensor => tensor([0.5, 1.5, 2.5], { dtype: 'float32', requiresGrad: true });
const other = (): Tensor => tensor([1.25, 2.25, 3.25], { dtype: 'float32' });

const calls: readonly [op: string, input: string, call: (given: Tensor) => Tensor][] = [
  ['zeta', 's', (s) => special.zeta(s, other())],
  ['igamma', 'a', (a) => igamma(a, other())],
  ['igammac', 'a', (a) => igammac(a, other())],
  ['heaviside', 'x', (a) => heaviside(a, other())],
  ['unique', 'x', (a) => unique(a)],
  ['unique', 'x', (a) => unique(a, { returnInverse: true }).values],
  ['uniqueConsecutive', 'x', (a) => uniqueConsecutive(a)],
  ['bincount', 'weights', (weights) => bincount(tensor([0, 1, 1]), { weights })],
  ['histogram', 'x', (a) => histogram(a, 3).hist],
  ['histogram', 'weight', (weight) => histogram(other(), 3, { weight }).hist],
];

test.each(calls)('%s has no gradient for %s', (op, input, call) => {
  const given = x();
  const y = call(given);
  expect(y.requiresGrad).toBe(true);
  // Beside one that has a gradient: it would hide the missing one.
  const loss = y.sum().add(given.square().sum());
  expect(() => loss.backward()).toThrow(AutogradError);
  expect(() => y.sum().backward()).toThrow(
    new RegExp(`^\\[${op}\\] has no gradient for ${input}\\b.*: .*; detach ${input}$`),
  );
});

test.each(calls)('%s of a detached %s', (_op, _input, call) => {
  const y = call(x().detach());
  expect(y.requiresGrad).toBe(false);
});

test('the other operand of such an op has a gradient', () => {
  const q = x();
  special.zeta(other(), q).sum().backward();
  expect(q.grad!.max().item()).toBeLessThan(0);
});

test('a mode of qr that has none', () => {
  const a = tensor([[1, 2, 3]], { dtype: 'float32', requiresGrad: true });
  expect(() => linalg.qr(a, { mode: 'r' }).R.sum().backward()).toThrow(/^\[qr\] mode r has no gradient/);
});
