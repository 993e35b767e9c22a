import { afterAll, describe, expect, test } from 'vitest';
import {
  conv2d,
  F,
  grad,
  info,
  manualSeed,
  noGrad,
  randn,
  setFloat32MatmulPrecision,
  setNumThreads,
  type Tensor,
} from '../../lib/index.js';

// Convolutions on a unit for bfloat16 (amx, avx512-bf16); elsewhere the same promises are kept by vectors.

const hasTiles = info().isa.startsWith('amx');
const threads = info().threads;
// The TypeScript backend has one way for all of it.
const native = info().name === 'native';

afterAll(() => {
  setFloat32MatmulPrecision('highest');
  setNumThreads(threads);
});

interface Options {
  readonly stride?: number;
  readonly padding?: number | readonly [number, number, number];
  readonly dilation?: number | readonly [number, number, number];
  readonly groups?: number;
}
interface Case {
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly options?: Options;
  readonly channelsLast?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  '1 x 1': { x: [12, 64, 15, 7], weight: [64, 64, 1, 1] },
  'padded 5 x 3, odd channels': { x: [2, 35, 11, 13], weight: [45, 35, 5, 3], options: { padding: 2 } },
  'strided 3 x 3': { x: [12, 32, 17, 14], weight: [40, 32, 3, 3], options: { stride: 2, padding: 1 } },
  'strided, of wide rows': {
    x: [3, 40, 20, 101],
    weight: [50, 40, 3, 3],
    options: { stride: 2, padding: 1 },
  },
  'an image smaller than the stride': {
    x: [31, 36, 1, 10, 8],
    weight: [27, 36, 1, 1, 1],
    options: { stride: 2, padding: 3 },
  },
  'taps that see padding alone': {
    x: [9, 33, 2, 6, 2],
    weight: [89, 33, 2, 1, 2],
    options: { padding: [1, 0, 6], dilation: [3, 1, 3] },
  },
  'stride of three': { x: [9, 48, 17, 19], weight: [32, 48, 2, 2], options: { stride: 3 } },
  dilated: { x: [1, 64, 16, 15], weight: [33, 64, 3, 3], options: { dilation: 2, padding: 2 } },
  'strided and dilated': {
    x: [2, 32, 20, 21],
    weight: [32, 32, 3, 3],
    options: { stride: 2, dilation: 3, padding: 3 },
  },
  'of two groups': {
    x: [16, 64, 12, 12],
    weight: [70, 32, 3, 3],
    options: { padding: 1, stride: 2, groups: 2 },
  },
  'of many small images': { x: [37, 64, 4, 4], weight: [48, 64, 3, 2], options: { padding: 1 } },
  'as large as the image': { x: [40, 20, 5, 5], weight: [64, 20, 5, 5] },
  'patches side by side': { x: [2, 12, 32, 32], weight: [64, 12, 8, 8], options: { stride: 8 } },
  'in bands of rows': { x: [1, 64, 60, 70], weight: [16, 64, 3, 3], options: { stride: 2 } },
  'channels last': { x: [8, 40, 9, 12], weight: [48, 40, 2, 3], channelsLast: true },
  'one direction': { x: [3, 64, 211], weight: [40, 64, 5], options: { padding: 2 } },
  'three directions': { x: [1, 32, 6, 9, 10], weight: [32, 32, 3, 3, 2], options: { padding: 1 } },
};

function convolve(x: Tensor, weight: Tensor, options: Options = {}): Tensor {
  if (x.ndim === 5) return F.conv3d(x, weight, undefined, options);
  const alike = options as Readonly<Record<keyof Options, number>>;
  return x.ndim === 3 ? F.conv1d(x, weight, undefined, alike) : conv2d(x, weight, undefined, alike);
}

interface Operands {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly seed: Tensor;
  readonly options: Options;
}

function operandsOf({ x, weight, options = {}, channelsLast = false }: Case): Operands {
  manualSeed(11);
  const image = channelsLast ? randn([x[0]!, x[2]!, x[3]!, x[1]!]).permute([0, 3, 1, 2]) : randn([...x]);
  const kernel = randn([...weight]);
  const seed = randn(noGrad(() => convolve(image, kernel, options)).shape);
  return { x: image, weight: kernel, seed, options };
}

/** Forward, gradient of the input and of the weight, each bilinear in two of the operands. */
const directions = {
  forward: ({ x, weight, options }: Operands) => noGrad(() => convolve(x, weight, options)),
  'gradient of the input': ({ x, weight, seed, options }: Operands) => {
    const leaf = x.clone().requiresGrad_();
    return grad(convolve(leaf, weight, options), [leaf], { gradOutputs: seed })[0];
  },
  'gradient of the weight': ({ x, weight, seed, options }: Operands) => {
    const leaf = weight.clone().requiresGrad_();
    return grad(convolve(x, leaf, options), [leaf], { gradOutputs: seed })[0];
  },
};
const names = Object.keys(directions) as readonly (keyof typeof directions)[];

const mapped = (o: Operands, f: (t: Tensor) => Tensor): Operands => ({
  x: f(o.x),
  weight: f(o.weight),
  seed: f(o.seed),
  options: o.options,
});
const wide = (t: Tensor): Tensor => t.to('float64');

/** Runs it with NaN in the place of all values: what a later call reads without having written it is NaN then. */
function soil(name: keyof typeof directions, operands: Operands): void {
  directions[name](mapped(operands, (t) => t.mul(NaN)));
}

/** The largest error of float32 relative to the sizes of the factors. */
function relativeError(name: keyof typeof directions, operands: Operands): number {
  const exact = directions[name](mapped(operands, wide));
  const scale = directions[name](mapped(operands, (t) => wide(t.abs())));
  return directions[name](operands).to('float64').sub(exact).abs().div(scale.add(1e-300)).max().item();
}

describe.runIf(native).each(Object.keys(cases))('%s', (key) => {
  const operands = operandsOf(cases[key]!);

  test.each(names)('%s, float32', (name) => {
    soil(name, operands);
    expect(relativeError(name, operands)).toBeLessThan(2 ** -20);
  });

  test.each(names)('%s, bfloat16: rounded once', (name) => {
    const halves = mapped(operands, (t) => t.to('bfloat16'));
    const exact = directions[name](mapped(halves, wide));
    const scale = directions[name](mapped(halves, (t) => wide(t.abs())));
    soil(name, halves);
    const error = directions[name](halves).to('float64').sub(exact).abs();
    const allowed = exact
      .abs()
      .mul(2 ** -8)
      .add(scale.mul(2 ** -20))
      .add(1e-300);
    expect(error.div(allowed).max().item()).toBeLessThanOrEqual(1);
  });
});

test.runIf(native).each(names)('%s: each precision costs what it says', (name) => {
  const operands = operandsOf({ x: [16, 96, 23, 22], weight: [128, 96, 3, 3], options: { stride: 2 } });
  const errors = (['highest', 'high', 'medium'] as const).map((precision) => {
    setFloat32MatmulPrecision(precision);
    return relativeError(name, operands);
  });
  setFloat32MatmulPrecision('highest');
  expect(errors[0]).toBeLessThan(2 ** -21);
  if (!hasTiles) return expect(errors).toEqual([errors[0], errors[0], errors[0]]);
  expect(errors[1]).toBeGreaterThan(2 ** -23);
  expect(errors[1]).toBeLessThan(2 ** -16);
  expect(errors[2]).toBeGreaterThan(2 ** -16);
  expect(errors[2]).toBeLessThan(2 ** -8);
});

test.runIf(native)('a bias is added before the result is rounded', () => {
  const x = randn([8, 64, 8, 8], { dtype: 'bfloat16' });
  const weight = randn([64, 64, 3, 3], { dtype: 'bfloat16' });
  const bias = randn([64], { dtype: 'bfloat16' });
  const exact = conv2d(wide(x), wide(weight), wide(bias));
  const error = conv2d(x, weight, bias).to('float64').sub(exact).abs();
  expect(
    error
      .div(
        exact
          .abs()
          .mul(2 ** -8)
          .add(1e-4),
      )
      .max()
      .item(),
  ).toBeLessThanOrEqual(1);
});

const values: Readonly<Record<string, number>> = {
  infinity: Infinity,
  NaN: NaN,
  'a denormal': 1e-40,
  'the greatest finite number': 3.4e38,
};

// Large enough for tiles, in float32 too.
const image = [16, 64, 16, 16];
const kernel = [96, 64, 3, 3];

test.runIf(native).each(Object.keys(values))('%s among the pixels: as multiply-adds give it', (name) => {
  for (const dtype of ['float32', 'bfloat16'] as const) {
    manualSeed(2);
    const x = randn(image).mul(1e-3).to(dtype);
    const weight = randn(kernel).mul(1e-3).to(dtype);
    x.select(0, 1)
      .select(0, 7)
      .select(0, 5)
      .narrow(0, 5, 1)
      .fill_(values[name] ?? 0);
    const exact = conv2d(wide(x), wide(weight), undefined, { stride: 2 }).data as Float64Array;
    const got = conv2d(x, weight, undefined, { stride: 2 }).to('float64').data;
    const wrong = exact.findIndex((want, i) =>
      Number.isFinite(want)
        ? !(Math.abs(got[i]! - want) <= Math.abs(want) * 2 ** -8 + 1e-9)
        : !Object.is(got[i], want),
    );
    expect(wrong).toBe(-1);
  }
});

test.runIf(native)('tiny pixels are not flushed', () => {
  const x = randn(image).mul(1e-30);
  const weight = randn(kernel).mul(1e-7);
  expect(relativeError('forward', { x, weight, seed: x, options: { stride: 2 } })).toBeLessThan(2 ** -19);
});

test.runIf(native).each(['float32', 'bfloat16'] as const)(
  '%s: the same bits with any number of threads',
  (dtype) => {
    for (const key of ['strided 3 x 3', 'of many small images', 'in bands of rows']) {
      const operands = mapped(operandsOf(cases[key]!), (t) => t.to(dtype));
      const bits = (): readonly Buffer[] =>
        names.map((name) => Buffer.from(directions[name](operands).to('float32').data.buffer));
      setNumThreads(1);
      const first = bits();
      for (const count of [2, 3, 7, 16]) {
        setNumThreads(count);
        bits().forEach((got, i) => {
          expect(got.equals(first[i]!), `${key}, ${names[i]!}, ${count} threads`).toBe(true);
        });
      }
    }
  },
);
