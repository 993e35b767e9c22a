import { describe, expect, test } from 'vitest';
import {
  conv2d,
  F,
  grad,
  manualSeed,
  randn,
  stack,
  tensor,
  type DType,
  type Tensor,
} from '../../lib/index.js';

// 3 x 3 depthwise convolutions of stride one run straight over the planes on the native backend, and both gradients in one
// call: against sums of shifted planes in float64.

interface Shape {
  readonly x: readonly [number, number, number, number];
  readonly padding: readonly [number, number];
}

const shapes: Readonly<Record<string, Shape>> = {
  'tiles and whole vectors': { x: [3, 5, 14, 64], padding: [1, 1] },
  'rows of three vectors and a half': { x: [2, 3, 56, 56], padding: [1, 1] },
  'rows shorter than a vector': { x: [5, 40, 14, 14], padding: [1, 1] },
  'few columns': { x: [4, 9, 7, 5], padding: [1, 1] },
  'an odd width, unpadded': { x: [2, 7, 11, 33], padding: [0, 0] },
  'padding of the whole window': { x: [2, 3, 9, 23], padding: [2, 2] },
  'more padding than window': { x: [2, 3, 5, 17], padding: [3, 4] },
  'unequal padding': { x: [2, 3, 6, 19], padding: [2, 0] },
  'more columns than masks': { x: [1, 2, 5, 301], padding: [0, 1] },
  'one row': { x: [2, 3, 1, 40], padding: [1, 1] },
  'one channel': { x: [9, 1, 8, 21], padding: [1, 1] },
};

/** x with zeros around it, shifted. */
function shifted(
  x: Tensor,
  [top, left]: readonly [number, number],
  sizes: readonly number[],
  r: number,
  t: number,
) {
  return F.pad(x, [left, left, top, top]).narrow(2, r, sizes[2]!).narrow(3, t, sizes[3]!);
}

interface Results {
  readonly y: Tensor;
  readonly dx: Tensor;
  readonly dw: Tensor;
}

function wanted(x: Tensor, weight: Tensor, given: Tensor, padding: readonly [number, number]): Results {
  const taps = Array.from({ length: 9 }, (_, k) => [Math.floor(k / 3), k % 3] as const);
  const seen = taps.map(([r, t]) => shifted(x, padding, given.shape, r, t));
  const of = ([r, t]: readonly [number, number]) => weight.select(3, t).select(2, r).reshape([1, -1, 1, 1]);
  const room = F.pad(given, [4, 4, 4, 4]);
  const turned = taps.map(([r, t]) =>
    room.narrow(2, padding[0] + 4 - r, x.shape[2]!).narrow(3, padding[1] + 4 - t, x.shape[3]!),
  );
  const sum = (parts: readonly Tensor[]) => stack([...parts]).sum({ dim: 0 });
  return {
    y: sum(taps.map((tap, k) => seen[k]!.mul(of(tap)))),
    dx: sum(taps.map((tap, k) => turned[k]!.mul(of(tap)))),
    dw: stack(seen.map((part) => part.mul(given).sum({ dim: [0, 2, 3] })))
      .t()
      .reshape(weight.shape),
  };
}

const outShape = ({ x, padding }: Shape) => [
  x[0],
  x[1],
  x[2] + 2 * padding[0] - 2,
  x[3] + 2 * padding[1] - 2,
];

const difference = (got: Tensor, exact: Tensor): number =>
  got.to('float64').sub(exact).abs().max().div(exact.abs().max()).item();

const tolerances: readonly (readonly [DType, number])[] = [
  ['float64', 1e-13],
  ['float32', 2e-6],
  ['bfloat16', 2 ** -8 * 1.01],
  ['float16', 2 ** -11 * 1.01],
];

describe.each(Object.entries(shapes))('%s', (_, shape) => {
  const { x: sizes, padding } = shape;
  const options = { padding: [...padding] as [number, number], groups: sizes[1] };

  test.each(tolerances)('%s', (dtype, tolerance) => {
    manualSeed(7);
    const x = randn([...sizes]).to(dtype);
    const weight = randn([sizes[1], 1, 3, 3]).to(dtype);
    const given = randn(outShape(shape)).to(dtype);
    const exact = wanted(x.to('float64'), weight.to('float64'), given.to('float64'), padding);
    const leaves = [x.detach().requiresGrad_(), weight.detach().requiresGrad_()] as const;
    const y = conv2d(leaves[0], leaves[1], null, options);
    const [dx, dw] = grad(y, [...leaves], { gradOutputs: given, retainGraph: true });
    const [alone] = grad(y, [leaves[0]], { gradOutputs: given, retainGraph: true });
    const [weightAlone] = grad(y, [leaves[1]], { gradOutputs: given });
    for (const [name, got, of] of [
      ['y', y.detach(), exact.y],
      ['dx', dx, exact.dx],
      ['dw', dw, exact.dw],
      ['dx alone', alone, exact.dx],
      ['dw alone', weightAlone, exact.dw],
    ] as const) {
      expect(got.dtype).toBe(dtype);
      expect(difference(got, of), name).toBeLessThan(tolerance);
    }
  });
});

test.each(['float32', 'bfloat16'] as const)('rows and planes that are apart, with a bias: %s', (dtype) => {
  manualSeed(8);
  const wide = randn([4, 6, 12, 40]).to(dtype);
  const given = randn([2, 3, 10, 33]).to(dtype);
  const weight = randn([3, 1, 3, 3]).to(dtype);
  const bias = randn([3]).to(dtype);
  const options = { padding: 1, groups: 3 };
  const part = (x: Tensor) => x.narrow(0, 1, 2).narrow(1, 2, 3).narrow(2, 1, 10).narrow(3, 4, 33);
  const results = (x: Tensor) => {
    const leaves = [x.detach().requiresGrad_(), weight.detach().requiresGrad_()];
    const y = conv2d(leaves[0]!, leaves[1]!, bias, options);
    return [y.detach(), ...grad(y, leaves, { gradOutputs: given })];
  };
  const apart = results(part(wide));
  results(part(wide).contiguous()).forEach((one, i) => expect(apart[i]!.equal(one), String(i)).toBe(true));
});

test.each([
  ['float32', Infinity],
  ['bfloat16', NaN],
] as const)('what is not finite reaches the pixels that see it, and no others: %s', (dtype, value) => {
  const x = randn([1, 4, 12, 20]).tolist() as number[][][][];
  x[0]![2]![5]![0] = value;
  const leaves = [tensor(x, { dtype }).requiresGrad_(), randn([4, 1, 3, 3]).to(dtype).requiresGrad_()];
  const y = conv2d(leaves[0]!, leaves[1]!, null, { padding: 1, groups: 4 });
  const finite = y.detach().isfinite().tolist() as boolean[][][][];
  finite[0]!.forEach((plane, c) =>
    plane.forEach((row, i) =>
      row.forEach((is, j) =>
        expect(is, `${c}, ${i}, ${j}`).toBe(!(c === 2 && Math.abs(i - 5) <= 1 && j <= 1)),
      ),
    ),
  );
  const [dx, dw] = grad(y, leaves, { gradOutputs: randn([1, 4, 12, 20]).to(dtype) });
  expect(dx!.isfinite().all().item()).toBe(true);
  const channels = dw!.isfinite().reshape([4, 9]).all({ dim: 1 }).tolist();
  expect(channels).toEqual([true, true, false, true]);
});

test('an empty batch', () => {
  const leaves = [randn([0, 3, 8, 20]).requiresGrad_(), randn([3, 1, 3, 3]).requiresGrad_()];
  const y = conv2d(leaves[0]!, leaves[1]!, null, { padding: 1, groups: 3 });
  expect(y.shape).toEqual([0, 3, 8, 20]);
  const [dx, dw] = grad(y.sum(), leaves);
  expect(dx!.shape).toEqual([0, 3, 8, 20]);
  expect(dw!.abs().sum().item()).toBe(0);
});

test('second derivatives are those of two calls', () => {
  manualSeed(9);
  const leaves = [
    randn([2, 3, 5, 18], { dtype: 'float64' }).requiresGrad_(),
    randn([3, 1, 3, 3], { dtype: 'float64' }).requiresGrad_(),
  ];
  const y = conv2d(leaves[0]!, leaves[1]!, null, { padding: 1, groups: 3 });
  const [dx, dw] = grad(y.square().sum(), leaves, { createGraph: true });
  const [plainX, plainW] = grad(y.square().sum(), leaves, { retainGraph: true });
  expect(difference(dx!.detach(), plainX!)).toBeLessThan(1e-13);
  expect(difference(dw!.detach(), plainW!)).toBeLessThan(1e-13);
  const second = grad(dx!.square().sum().add(dw!.square().sum()), leaves);
  for (const one of second) expect(one.isfinite().all().item()).toBe(true);
});
