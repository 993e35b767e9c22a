import { describe, expect, test } from 'vitest';
import { conv2d, grad, manualSeed, noGrad, randn, tensor, type Tensor } from '../../lib/index.js';

// 3 x 3 convolutions with many channels run through Winograd's transforms on the native backend: their error, and
// values that the transforms would spread over a tile.

type Bilinear = (a: Tensor, b: Tensor) => Tensor;

/** Largest |error| / (|a| * |b|) of float32 against float64, over a result that is bilinear in a and b. */
function error(of: Bilinear, a: Tensor, b: Tensor): number {
  const [wideA, wideB] = [a.to('float64'), b.to('float64')];
  const difference = of(a, b).to('float64').sub(of(wideA, wideB)).abs();
  return difference.div(of(wideA.abs(), wideB.abs())).max().item();
}

/** The gradients of conv2d without padding; what they are taken at does not matter, since it is bilinear. */
const inputGrad: Bilinear = (out, weight) => {
  const [n, , height, width] = out.shape as [number, number, number, number];
  const x = randn([n, weight.shape[1]!, height + 2, width + 2])
    .to(out.dtype)
    .requiresGrad_();
  const whole = grad(conv2d(x, weight), [x], { gradOutputs: out })[0];
  // The pixels that see all taps: at the edges the measure is smaller, the tile's error is not.
  return whole.narrow(2, 2, height - 2).narrow(3, 2, width - 2);
};
const weightGrad: Bilinear = (out, x) => {
  const weight = randn([out.shape[1]!, x.shape[1]!, 3, 3]).to(out.dtype).requiresGrad_();
  return grad(conv2d(x, weight), [weight], { gradOutputs: out })[0];
};

describe.each([
  [2, 64, 64, 22],
  [1, 200, 32, 18],
])('%i images, %i to %i channels, %i pixels a side', (images, input, output, side) => {
  manualSeed(5);
  const x = randn([images, input, side, side]);
  const weight = randn([output, input, 3, 3]);
  const out = randn([images, output, side - 2, side - 2]);

  test('the error is that of a few roundings', () => {
    expect(noGrad(() => error((a, b) => conv2d(a, b), x, weight))).toBeLessThan(8e-7);
    expect(error(inputGrad, out, weight)).toBeLessThan(8e-7);
    expect(error(weightGrad, out, x)).toBeLessThan(8e-7);
  });
});

test.each([Infinity, NaN])('%d reaches the pixels that see it, and no others', (value) => {
  manualSeed(3);
  const weight = randn([16, 16, 3, 3]);
  const x = randn([1, 16, 16, 16]);
  const values = x.tolist() as number[][][][];
  values[0]![3]![6]![9] = value;
  const clean = conv2d(x, weight, undefined, { padding: 1 }).tolist() as number[][][][];
  const dirty = conv2d(tensor(values), weight, undefined, { padding: 1 }).tolist() as number[][][][];
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      const sees = Math.abs(i - 6) <= 1 && Math.abs(j - 9) <= 1;
      const got = dirty[0]![2]![i]![j]!;
      if (sees) expect(Number.isFinite(got), `${i}, ${j}`).toBe(false);
      else expect(got, `${i}, ${j}`).toBeCloseTo(clean[0]![2]![i]![j]!, 4);
    }
  }
});

test('numbers that overflow in the transforms do not overflow in the result', () => {
  const x = randn([1, 16, 16, 16]).mul(2e37);
  const weight = randn([16, 16, 3, 3]).mul(1e-3);
  expect(conv2d(x, weight).isfinite().all().item()).toBe(true);
});
