import { distinct, exact, floats, index, real, signed } from './case.js';
import type { CaseOf, Rows, Tolerance } from './case.js';
import type { NoAttrs } from '../../lib/backend/op-schema.gen.js';

const none: NoAttrs = {};

const products: Tolerance = {
  relative: 1e-5,
  float64: 1e-13,
  why: 'chains of fused multiply-adds of another order: k <= 600 terms of magnitude at most 4',
};

const slow = 'finite differences would take thousands of evaluations';

function pair(
  name: string,
  a: readonly number[],
  b: readonly number[],
  noGradient?: string,
): CaseOf<'matmul'> {
  const plain = { name, inputs: [real(a), real(b)], attrs: none };
  return noGradient === undefined ? plain : { ...plain, noGradient };
}

interface ConvShape {
  readonly x: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
}

const convShapes: Readonly<Record<string, ConvShape>> = {
  plain: { x: [2, 2, 5, 4], weight: [3, 2, 3, 2] },
  'stride and padding': { x: [1, 2, 6, 5], weight: [2, 2, 3, 3], stride: [2, 1], padding: [1, 2] },
  dilation: { x: [1, 1, 7, 6], weight: [2, 1, 3, 2], dilation: [2, 3] },
  groups: { x: [2, 4, 4, 4], weight: [6, 2, 2, 2], groups: 2 },
  depthwise: { x: [1, 3, 5, 5], weight: [3, 1, 3, 3], padding: [1, 1], groups: 3 },
  pointwise: { x: [2, 3, 3, 4], weight: [4, 3, 1, 1] },
  'rows that the stride skips': { x: [1, 1, 6, 6], weight: [1, 1, 1, 1], stride: [4, 4] },
  'empty batch': { x: [0, 2, 4, 4], weight: [3, 2, 3, 3] },
};

const largeConv: ConvShape = { x: [3, 16, 17, 19], weight: [24, 16, 3, 3], padding: [1, 1] };

function outputOf(shape: ConvShape): number[] {
  const along = (d: 0 | 1) =>
    Math.floor(
      (shape.x[d + 2]! +
        2 * (shape.padding?.[d] ?? 0) -
        (shape.dilation?.[d] ?? 1) * (shape.weight[d + 2]! - 1) -
        1) /
        (shape.stride?.[d] ?? 1),
    ) + 1;
  return [shape.x[0], shape.weight[0], along(0), along(1)];
}

function convAttrs(shape: ConvShape) {
  return {
    stride: shape.stride ?? [1, 1],
    padding: shape.padding ?? [0, 0],
    dilation: shape.dilation ?? [1, 1],
    groups: shape.groups ?? 1,
  };
}

function convCases<T>(make: (shape: ConvShape) => T): (T & { name: string; noGradient?: string })[] {
  return [
    ...Object.entries(convShapes).map(([name, shape]) => ({ ...make(shape), name })),
    { ...make(largeConv), name: 'large', noGradient: slow },
  ];
}

interface PoolShape {
  readonly x: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly ceilMode?: boolean;
}

const poolShapes: Readonly<Record<string, PoolShape>> = {
  plain: { x: [2, 2, 4, 6], kernel: [2, 2] },
  overlapping: { x: [1, 2, 5, 5], kernel: [3, 2], stride: [1, 2] },
  padding: { x: [1, 1, 5, 4], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  ceil: { x: [1, 2, 5, 6], kernel: [2, 3], stride: [2, 2], ceilMode: true },
  'ceil and padding': { x: [1, 1, 6, 5], kernel: [3, 3], stride: [2, 2], padding: [1, 1], ceilMode: true },
  'empty batch': { x: [0, 1, 4, 4], kernel: [2, 2] },
};

function poolOutput(shape: PoolShape, dilation: readonly number[] = [1, 1]): number[] {
  const along = (d: 0 | 1) => {
    const size = shape.x[d + 2]!;
    const pad = shape.padding?.[d] ?? 0;
    const stride = (shape.stride ?? shape.kernel)[d];
    const span = size + 2 * pad - dilation[d]! * (shape.kernel[d] - 1) - 1;
    let count = (shape.ceilMode ? Math.ceil(span / stride) : Math.floor(span / stride)) + 1;
    if (shape.ceilMode && (count - 1) * stride >= size + pad) --count;
    return count;
  };
  return [shape.x[0], shape.x[1], along(0), along(1)];
}

function poolAttrs(shape: PoolShape) {
  return {
    kernel: shape.kernel,
    stride: shape.stride ?? shape.kernel,
    padding: shape.padding ?? [0, 0],
    ceilMode: shape.ceilMode ?? false,
  };
}

const averaged: Tolerance = {
  relative: 1e-6,
  float64: 1e-15,
  why: 'another order of summation in a small window',
};

export const linear = {
  matmul: {
    cases: [
      pair('small', [3, 4], [4, 5]),
      pair('row', [1, 6], [6, 3]),
      pair('column', [5, 6], [6, 1]),
      pair('batch', [2, 3, 4], [2, 4, 2]),
      pair('batch by matrix', [2, 3, 4], [4, 2]),
      pair('matrix by batch', [3, 4], [2, 4, 2]),
      pair('broadcast batch', [2, 1, 2, 3], [3, 3, 2]),
      pair('inner size 0', [2, 0], [0, 3]),
      pair('empty', [0, 3], [3, 2]),
      pair('empty batch', [0, 2, 3], [3, 2]),
      pair('inner size 1', [4, 1], [1, 3]),
      pair('tails of every block', [67, 259], [259, 83], slow),
      pair('deep', [5, 600], [600, 7], slow),
      pair('tall', [300, 3], [3, 2], slow),
      pair('several blocks', [130, 520], [520, 140], slow),
      pair('large batch', [9, 17, 33], [9, 33, 18], slow),
    ],
    dtypes: ['uint8', ...signed],
    rejects: ['bool'],
    tolerance: products,
    gradient: 'second',
    special: 0,
  },
  linear: {
    cases: [
      { name: 'with bias', inputs: [real([3, 4]), real([2, 4]), real([2])], attrs: none },
      { name: 'without bias', inputs: [real([3, 4]), real([2, 4]), null], attrs: none },
      { name: '1-D', inputs: [real([4]), real([2, 4]), real([2])], attrs: none },
      { name: 'leading dims', inputs: [real([2, 3, 4]), real([5, 4]), real([5])], attrs: none },
      { name: 'empty batch', inputs: [real([0, 4]), real([2, 4]), real([2])], attrs: none },
      { name: 'no inputs', inputs: [real([3, 0]), real([2, 0]), real([2])], attrs: none },
      {
        name: 'layer',
        inputs: [real([65, 130]), real([70, 130]), real([70])],
        attrs: none,
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: products,
    gradient: 'second',
    special: 0,
  },
  conv2d: {
    cases: [
      ...convCases((shape) => ({
        inputs: [real(shape.x), real(shape.weight), real([shape.weight[0]])],
        attrs: convAttrs(shape),
      })),
      {
        name: 'without bias',
        inputs: [real([1, 2, 4, 4]), real([2, 2, 3, 3]), null],
        attrs: convAttrs(convShapes['plain']!),
      },
    ],
    dtypes: floats,
    tolerance: products,
    gradient: 'second',
    special: 0,
  },
  conv2dInputGrad: {
    cases: convCases((shape) => ({
      inputs: [real(outputOf(shape)), real(shape.weight)],
      attrs: { inputShape: shape.x, ...convAttrs(shape) },
    })),
    dtypes: floats,
    tolerance: products,
    gradient: 'second',
    special: 0,
  },
  conv2dWeightGrad: {
    cases: convCases((shape) => ({
      inputs: [real(outputOf(shape)), real(shape.x)],
      attrs: { weightShape: shape.weight, ...convAttrs(shape) },
    })),
    dtypes: floats,
    tolerance: products,
    gradient: 'second',
    special: 0,
  },
  maxPool2d: {
    cases: [
      ...Object.entries(poolShapes).map(([name, shape]) => ({
        name,
        inputs: [distinct(shape.x)],
        attrs: { ...poolAttrs(shape), dilation: [1, 1] },
      })),
      {
        name: 'dilation',
        inputs: [distinct([1, 1, 6, 7])],
        attrs: { kernel: [2, 3], stride: [1, 1], padding: [0, 1], dilation: [2, 2], ceilMode: false },
      },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  maxPool2dBackward: {
    cases: [
      {
        name: 'scatter',
        inputs: [real([1, 2, 2, 2]), index([1, 2, 2, 2], 16)],
        attrs: { inputShape: [1, 2, 4, 4] },
      },
      {
        name: 'empty',
        inputs: [real([0, 1, 2, 2]), index([0, 1, 2, 2], 16)],
        attrs: { inputShape: [0, 1, 4, 4] },
      },
    ],
    dtypes: floats,
    tolerance: averaged,
    gradient: 'second',
    special: 0,
  },
  avgPool2d: poolRow((shape, countIncludePad) => ({
    inputs: [real(shape.x)],
    attrs: { ...poolAttrs(shape), countIncludePad },
  })),
  avgPool2dBackward: poolRow((shape, countIncludePad) => ({
    inputs: [real(poolOutput(shape))],
    attrs: { inputShape: shape.x, ...poolAttrs(shape), countIncludePad },
  })),
} satisfies Rows;

function poolRow<T>(make: (shape: PoolShape, countIncludePad: boolean) => T) {
  const cases = Object.entries(poolShapes).flatMap(([name, shape]) => [
    { ...make(shape, true), name },
    { ...make(shape, false), name: `${name}, padding not counted` },
  ]);
  return { cases, dtypes: floats, tolerance: averaged, gradient: 'second', special: 0 } as const;
}
