import { describe, expect, test } from 'vitest';
import { embedding, F, grad, IndexError, tensor, ValueError, type Tensor } from '../../lib/index.js';

// Values and gradients are PyTorch's.

const table = (): Tensor => tensor([3, 4, 0.3, 0.4, 6, 8, -1, 2]).reshape([4, 2]);
const places = tensor([0, 1, 0, 3, 0, 1]).reshape([3, 2]);

function expectClose(got: Tensor, wanted: readonly number[]): void {
  const values = Array.from(got.data, Number);
  expect(values.length).toBe(wanted.length);
  values.forEach((value, i) => expect(value, `element ${i}`).toBeCloseTo(wanted[i]!, 5));
}

describe('maxNorm', () => {
  const at = tensor([0, 1, 0, 3]).reshape([2, 2]);

  test.each([
    [2, [0.6, 0.8, 0.3, 0.4, 6, 8, -0.4472136, 0.8944272]],
    [1, [0.4285714, 0.5714285, 0.3, 0.4, 6, 8, -0.3333333, 0.6666666]],
    [Infinity, [0.75, 1, 0.3, 0.4, 6, 8, -0.5, 1]],
  ])('scales down the rows that are looked up, in place: norm %s', (normType, wanted) => {
    const weight = table();
    const rows = embedding(at, weight, { maxNorm: 1, normType });
    expectClose(weight, wanted);
    expectClose(
      rows,
      [0, 1, 0, 3].flatMap((row) => wanted.slice(2 * row, 2 * row + 2)),
    );
  });

  test('of bags', () => {
    const weight = table();
    const sums = F.embeddingBag(at, weight, { maxNorm: 2, mode: 'sum' });
    expectClose(weight, [1.2, 1.6, 0.3, 0.4, 6, 8, -0.8944272, 1.7888543]);
    expectClose(sums, [1.5, 2, 0.3055728, 3.3888543]);
  });

  test('leaves rows that nobody looks up, and a gradient passes', () => {
    const weight = table();
    weight.requiresGrad = true;
    const rows = embedding(tensor([1]), weight, { maxNorm: 1 });
    expectClose(weight.detach(), [3, 4, 0.3, 0.4, 6, 8, -1, 2]);
    expectClose(grad(rows.sum(), [weight])[0], [0, 0, 1, 1, 0, 0, 0, 0]);
  });
});

describe('scaleGradByFreq', () => {
  test('divides the gradient of a row by how often it was looked up', () => {
    const weight = table();
    weight.requiresGrad = true;
    const weights = tensor(Array.from({ length: 12 }, (_, i) => i)).reshape([3, 2, 2]);
    const of = (options: object) =>
      grad(
        embedding(places, weight, { scaleGradByFreq: true, ...options })
          .mul(weights)
          .sum(),
        [weight],
      )[0];
    expectClose(of({}), [4, 5, 6, 7, 0, 0, 6, 7]);
    expectClose(of({ paddingIdx: 0 }), [0, 0, 6, 7, 0, 0, 6, 7]);
  });

  // By the definition: PyTorch's CPU code divides by the counts of other rows.
  test('of bags', () => {
    const weight = table();
    weight.requiresGrad = true;
    const weights = tensor([0, 1, 2, 3, 4, 5]).reshape([3, 2]);
    const means = F.embeddingBag(places, weight, { scaleGradByFreq: true, mode: 'mean' });
    expectClose(grad(means.mul(weights).sum(), [weight])[0], [1, 1.5, 1, 1.5, 0, 0, 1, 1.5]);
  });

  test('is refused for maxima', () => {
    expect(() => F.embeddingBag(places, table(), { scaleGradByFreq: true, mode: 'max' })).toThrow(ValueError);
  });
});

describe('bags', () => {
  const bag = (offsets: readonly number[], options: object = {}) =>
    F.embeddingBag(tensor([0, 1, 2]), table(), {
      offsets: tensor([...offsets], { dtype: 'int64' }),
      mode: 'sum',
      ...options,
    });

  test.each([
    ['that do not begin at 0', [1, 2]],
    ['that fall', [0, 2, 1]],
    ['beyond the end', [0, 5]],
    ['negative', [0, -1]],
  ])('offsets %s are refused', (_, offsets) => {
    expect(() => bag(offsets)).toThrow(ValueError);
  });

  test('an index out of range is refused, unless it stands in no bag', () => {
    const at = tensor([0, 1, 9]);
    const ends = (last: number) => tensor([0, last], { dtype: 'int64' });
    const sums = (last: number) =>
      F.embeddingBag(at, table(), { offsets: ends(last), includeLastOffset: true, mode: 'sum' });
    expect(() => sums(3)).toThrow(IndexError);
    expectClose(sums(2), [3.3, 4.4]);
  });
});
