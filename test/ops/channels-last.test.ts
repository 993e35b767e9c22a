import { describe, expect, test } from 'vitest';
import { conv2d, F, grad, info, randn, type DType, type Tensor } from '../../lib/index.js';

// Convolutions over channels-last images give channels-last results, with the values of row-major ones.

interface Case {
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly options?: Parameters<typeof conv2d>[3];
}

const cases: Readonly<Record<string, Case>> = {
  depthwise: { x: [3, 37, 9, 11], weight: [37, 1, 3, 3], options: { padding: 1, groups: 37 } },
  'depthwise of whole vectors': {
    x: [2, 64, 8, 9],
    weight: [64, 1, 3, 3],
    options: { padding: 1, groups: 64 },
  },
  'depthwise of many channels': {
    x: [2, 150, 5, 4],
    weight: [150, 1, 5, 5],
    options: { padding: 2, groups: 150 },
  },
  'depthwise, strided': {
    x: [2, 20, 10, 13],
    weight: [20, 1, 5, 5],
    options: { padding: 2, stride: 2, groups: 20 },
  },
  'depthwise, unequal strides and dilations': {
    x: [2, 18, 12, 17],
    weight: [18, 1, 2, 3],
    options: { padding: [0, 3], stride: [3, 2], dilation: [2, 3], groups: 18 },
  },
  'depthwise with a stride past the kernel': {
    x: [2, 19, 9, 8],
    weight: [19, 1, 2, 1],
    options: { stride: [3, 2], groups: 19 },
  },
  'depthwise with windows of padding alone': {
    x: [2, 17, 3, 2],
    weight: [17, 1, 2, 2],
    options: { padding: 3, groups: 17 },
  },
  pointwise: { x: [3, 24, 7, 5], weight: [40, 24, 1, 1] },
  'pointwise of many channels': { x: [2, 300, 5, 6], weight: [33, 300, 1, 1] },
  '3 x 3, strided': { x: [2, 24, 9, 12], weight: [37, 24, 3, 3], options: { padding: 1, stride: 2 } },
  '7 x 7 with a stride of 3 and 2': {
    x: [2, 10, 17, 15],
    weight: [16, 10, 7, 7],
    options: { padding: [3, 2], stride: [3, 2] },
  },
  'unequal sides, dilated': {
    x: [3, 16, 12, 14],
    weight: [20, 16, 2, 3],
    options: { padding: [1, 3], dilation: [3, 2] },
  },
  'strided and dilated': {
    x: [2, 9, 13, 11],
    weight: [12, 9, 3, 4],
    options: { padding: 2, stride: [2, 4], dilation: [1, 2] },
  },
  '1 x 1, strided': { x: [4, 40, 14, 13], weight: [32, 40, 1, 1], options: { stride: 2 } },
  'a stride past the kernel': { x: [2, 11, 9, 8], weight: [19, 11, 2, 1], options: { stride: [3, 2] } },
  'windows of padding alone': { x: [2, 8, 3, 2], weight: [10, 8, 2, 2], options: { padding: 3 } },
  'many images': { x: [40, 16, 6, 6], weight: [17, 16, 5, 5], options: { padding: 2 } },
  'deep and strided': { x: [2, 130, 8, 8], weight: [48, 130, 3, 3], options: { padding: 1, stride: 2 } },
};

/** Against the largest element that is wanted. */
const largestDifference = (got: Tensor, wanted: Tensor): number =>
  got.sub(wanted).abs().max().div(wanted.abs().max()).item();

const asLast = (x: Tensor): Tensor => x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);

const lastStrides = ([, c, h, w]: readonly number[]): number[] => [c! * h! * w!, 1, w! * c!, c!];

interface Results {
  readonly y: Tensor;
  readonly dx: Tensor;
  readonly dw: Tensor;
  readonly db: Tensor;
}

function run(
  { options }: Case,
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  seed: (y: Tensor) => Tensor,
): Results {
  const operands = [x, weight, bias].map((one) => one.detach().requiresGrad_());
  const y = conv2d(operands[0]!, operands[1]!, operands[2], options);
  const [dx, dw, db] = grad(y, operands, { gradOutputs: seed(y) });
  return { y, dx: dx!, dw: dw!, db: db! };
}

const tolerance: Readonly<Partial<Record<DType, number>>> = { float64: 1e-13, float32: 2e-6 };

describe.each(Object.entries(cases))('%s', (_name, one) => {
  const channels = one.weight[0]!;

  test.each(['float32', 'float64'] as const)('%s', (dtype) => {
    const x = randn(one.x, { dtype });
    const weight = randn(one.weight, { dtype });
    const bias = randn([channels], { dtype });
    let given: Tensor | undefined;
    const plain = run(one, x, weight, bias, (y) => (given = randn(y.shape, { dtype })));
    const last = run(one, asLast(x), weight, bias, () => asLast(given!));
    for (const key of ['y', 'dx', 'dw', 'db'] as const) {
      expect(last[key].shape).toEqual(plain[key].shape);
      expect(largestDifference(last[key], plain[key]), key).toBeLessThan(tolerance[dtype]!);
    }
    if (info().name !== 'native') return;
    expect(last.y.strides).toEqual(lastStrides(last.y.shape));
    expect(last.dx.strides).toEqual(lastStrides(one.x));
    expect(last.dw.isContiguous()).toBe(true);
  });

  // Operands that a 16-bit float holds: what is left is one rounding of the result.
  test.each([
    ['bfloat16', 2 ** -8],
    ['float16', 2 ** -11],
  ] as const)('%s', (dtype, unit) => {
    const x = randn(one.x).to(dtype);
    const weight = randn(one.weight).to(dtype);
    const bias = randn([channels]).to(dtype);
    let given: Tensor | undefined;
    const wide = run(one, x.to('float32'), weight.to('float32'), bias.to('float32'), (y) => {
      given = randn(y.shape).to(dtype);
      return given.to('float32');
    });
    const last = run(one, asLast(x), weight, bias, () => asLast(given!));
    for (const key of ['y', 'dx', 'dw'] as const) {
      expect(last[key].dtype).toBe(dtype);
      expect(largestDifference(last[key].to('float32'), wide[key]), key).toBeLessThan(unit * 1.01);
    }
    if (info().name === 'native') expect(last.y.strides).toEqual(lastStrides(last.y.shape));
  });

  test('a gradient or an image in another order', () => {
    const x = randn(one.x);
    const weight = randn(one.weight);
    const bias = randn([channels]);
    let given: Tensor | undefined;
    const plain = run(one, x, weight, bias, (y) => (given = randn(y.shape)));
    for (const mixed of [
      run(one, asLast(x), weight, bias, () => given!),
      run(one, x, weight, bias, () => asLast(given!)),
      run(one, x, asLast(weight), bias, () => asLast(given!)),
    ]) {
      for (const key of ['y', 'dx', 'dw'] as const)
        expect(largestDifference(mixed[key], plain[key]), key).toBeLessThan(2e-6);
    }
  });
});

test('one direction', () => {
  const x = randn([3, 21, 30]);
  const weight = randn([21, 1, 5]);
  const last = x.permute([0, 2, 1]).contiguous().permute([0, 2, 1]);
  const options = { padding: 2, groups: 21 };
  const y = F.conv1d(last, weight, null, options);
  expect(largestDifference(y, F.conv1d(x, weight, null, options))).toBeLessThan(2e-6);
  if (info().name === 'native') expect(y.strides).toEqual([630, 1, 21]);
});

test('transposed convolutions', () => {
  const x = randn([2, 22, 5, 6]);
  const weight = randn([22, 1, 4, 4]);
  const bias = randn([22]);
  const options = { stride: 2, padding: 1, groups: 22 };
  const y = F.convTranspose2d(asLast(x), weight, bias, options);
  expect(largestDifference(y, F.convTranspose2d(x, weight, bias, options))).toBeLessThan(2e-6);
  if (info().name === 'native') expect(y.strides).toEqual(lastStrides(y.shape));
});

test('images that are not finite stay where they are', () => {
  const x = randn([1, 20, 6, 6]);
  const weight = randn([20, 1, 3, 3]);
  const bad = x.clone();
  bad.select(2, 3).fill_(Infinity);
  const options = { padding: 1, groups: 20 };
  const finite = conv2d(asLast(bad), weight, null, options).isfinite();
  expect(finite.select(2, 0).all().item()).toBe(true);
  expect(finite.select(2, 3).any().item()).toBe(false);
});

test.each([
  ['depthwise', [0, 5, 5, 32], [32, 1, 3, 3], 32],
  ['pointwise', [0, 5, 5, 32], [17, 32, 1, 1], 1],
  ['gathered', [0, 5, 5, 32], [17, 32, 3, 1], 1],
  ['of no channels', [2, 5, 5, 32], [0, 32, 3, 1], 1],
] as const)('%s, nothing to compute', (_, image, kernel, groups) => {
  const x = randn([...image]).permute([0, 3, 1, 2]);
  const [image2, weight] = [x.detach().requiresGrad_(), randn([...kernel], { requiresGrad: true })];
  const y = conv2d(image2, weight, null, { groups });
  y.sum().backward();
  expect(y.numel()).toBe(0);
  expect(image2.grad!.shape).toEqual(x.shape);
  expect(weight.grad!.shape).toEqual(weight.shape);
  expect(weight.grad!.abs().sum().item()).toBe(0);
});
