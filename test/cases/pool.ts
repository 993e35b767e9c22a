import { distinct, exact, floats, given, index, numbers, real } from './case.js';
import type { Rows, Source, Tolerance } from './case.js';

// Pools over the last one to three dims.

const averaged: Tolerance = {
  relative: 1e-6,
  float64: 1e-15,
  why: 'another order of summation in a window',
};

const slow = 'finite differences would take thousands of evaluations';

interface PoolShape {
  readonly x: readonly number[];
  readonly kernel: readonly number[];
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly ceilMode?: boolean;
  readonly divisorOverride?: number;
}

const shapes: Readonly<Record<string, PoolShape>> = {
  plain: { x: [2, 2, 4, 6], kernel: [2, 2] },
  overlapping: { x: [1, 2, 5, 5], kernel: [3, 2], stride: [1, 2] },
  padding: { x: [1, 1, 5, 4], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  ceil: { x: [1, 2, 5, 6], kernel: [2, 3], stride: [2, 2], ceilMode: true },
  'ceil and padding': { x: [1, 1, 6, 5], kernel: [3, 3], stride: [2, 2], padding: [1, 1], ceilMode: true },
  'ceil, a kernel past the padded input': {
    x: [1, 2, 2, 3],
    kernel: [4, 5],
    stride: [3, 3],
    padding: [0, 1],
    ceilMode: true,
  },
  'empty batch': { x: [0, 1, 4, 4], kernel: [2, 2] },
  '1-D': { x: [2, 3, 7], kernel: [3], stride: [2], padding: [1] },
  '1-D, one channel': { x: [9], kernel: [4], stride: [2], ceilMode: true },
  '3-D': { x: [1, 2, 4, 3, 5], kernel: [2, 2, 3], stride: [2, 1, 2], padding: [1, 0, 1] },
  '3-D, ceil': { x: [1, 5, 4, 3], kernel: [2, 2, 2], ceilMode: true },
};

const large: Readonly<Record<string, PoolShape>> = {
  'large, 2 x 2': { x: [3, 5, 38, 70], kernel: [2, 2] },
  'large, 3 x 3': { x: [3, 5, 37, 41], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  'large 3-D': { x: [2, 3, 9, 11, 17], kernel: [2, 3, 2] },
  'stride one': { x: [2, 3, 19, 45], kernel: [3, 5], stride: [1, 1], padding: [1, 2] },
  'stride one, 3-D': { x: [1, 2, 5, 6, 35], kernel: [2, 3, 3], stride: [1, 2, 1], padding: [1, 1, 1] },
  'gaps between windows': { x: [2, 23, 40], kernel: [2, 3], stride: [3, 5] },
  'long rows': { x: [2, 2600], kernel: [3], stride: [2], padding: [1] },
  'long rows, stride one': { x: [2, 2600], kernel: [4], stride: [1], padding: [2] },
  'long rows, 2 x 2': { x: [4, 2090], kernel: [2, 2] },
};

const outSize = (shape: PoolShape, dilation: number[] = []): number[] => {
  const directions = shape.kernel.length;
  const along = (size: number, d: number) => {
    const pad = shape.padding?.[d] ?? 0;
    const stride = (shape.stride ?? shape.kernel)[d]!;
    const span = size + 2 * pad - (dilation[d] ?? 1) * (shape.kernel[d]! - 1) - 1;
    let count = (shape.ceilMode ? Math.ceil(span / stride) : Math.floor(span / stride)) + 1;
    if (shape.ceilMode && (count - 1) * stride >= size + pad) --count;
    return count;
  };
  return [...shape.x.slice(0, -directions), ...shape.x.slice(-directions).map(along)];
};

function attrsOf(shape: PoolShape) {
  return {
    kernel: shape.kernel,
    stride: shape.stride ?? shape.kernel,
    padding: shape.padding ?? shape.kernel.map(() => 0),
    ceilMode: shape.ceilMode ?? false,
  };
}

const sizesOf = (shape: PoolShape) => shape.x.slice(-shape.kernel.length);

/** Cases of the mean of sliding windows: padding counted, not counted, and another divisor. */
function averages<T extends object>(
  make: (shape: PoolShape, more: { countIncludePad: boolean; divisorOverride: number }) => T,
) {
  return [
    ...Object.entries(shapes).flatMap(([name, shape]) => [
      { ...make(shape, { countIncludePad: true, divisorOverride: 0 }), name },
      {
        ...make(shape, { countIncludePad: false, divisorOverride: 0 }),
        name: `${name}, padding not counted`,
      },
    ]),
    { ...make(shapes['plain']!, { countIncludePad: true, divisorOverride: 3 }), name: 'divisor' },
    { ...make(shapes['3-D']!, { countIncludePad: false, divisorOverride: 7 }), name: '3-D, divisor' },
    ...Object.entries(large).map(([name, shape]) => ({
      ...make(shape, { countIncludePad: true, divisorOverride: 0 }),
      name,
      noGradient: slow,
    })),
  ];
}

const adaptive: readonly (readonly [name: string, x: readonly number[], sizes: readonly number[]])[] = [
  ['to one', [2, 3, 4, 5], [1, 1]],
  ['even', [1, 2, 6, 4], [3, 2]],
  ['overlapping', [1, 2, 5, 7], [3, 4]],
  ['larger than the input', [1, 1, 2, 3], [4, 5]],
  ['empty batch', [0, 2, 4, 4], [2, 2]],
  ['no output', [1, 2, 3, 4], [0, 2]],
  ['1-D', [2, 2, 7], [3]],
  ['1-D, one channel', [20], [1]],
  ['3-D', [1, 2, 3, 4, 5], [2, 3, 2]],
];

const adaptiveLarge = { name: 'large', x: [4, 7, 33, 35], sizes: [5, 3] } as const;

const maxima = [
  ...Object.entries(shapes).map(([name, shape]) => ({
    name,
    inputs: [distinct(shape.x)],
    attrs: { ...attrsOf(shape), dilation: shape.kernel.map(() => 1) },
  })),
  {
    name: 'dilation',
    inputs: [distinct([1, 1, 6, 7])],
    attrs: { kernel: [2, 3], stride: [1, 1], padding: [0, 1], dilation: [2, 2], ceilMode: false },
  },
  {
    name: '3-D, dilation',
    inputs: [distinct([1, 4, 5, 6])],
    attrs: {
      kernel: [2, 2, 2],
      stride: [1, 1, 2],
      padding: [1, 0, 1],
      dilation: [1, 2, 3],
      ceilMode: false,
    },
  },
  ...Object.entries(large).map(([name, shape]) => ({
    name,
    inputs: [distinct(shape.x)],
    attrs: { ...attrsOf(shape), dilation: shape.kernel.map(() => 1) },
    noGradient: slow,
  })),
];

export const pool = {
  maxPool: {
    cases: maxima,
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  windowMax: {
    cases: maxima,
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  adaptiveMaxPool: {
    cases: [
      ...adaptive.map(([name, x, sizes]) => ({ name, inputs: [distinct(x)], attrs: { sizes } })),
      {
        name: adaptiveLarge.name,
        inputs: [distinct(adaptiveLarge.x)],
        attrs: { sizes: adaptiveLarge.sizes },
        noGradient: slow,
      },
    ],
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  maxUnpool: {
    cases: [
      scatter('places that meet add up', real([1, 2, 2, 2]), index([1, 2, 2, 2], 16), [4, 4], true),
      {
        ...scatter('last one stays', real([1, 1, 4]), given([1, 1, 4], [3, 0, 3, 1], 'int64'), [5], false),
        noGradient: 'as in PyTorch, the one that was overwritten gets a gradient too',
      },
      scatter('each to its own', real([1, 1, 4]), given([1, 1, 4], [3, 0, 2, 1], 'int64'), [5], false),
      scatter('empty', real([0, 1, 2, 2]), index([0, 1, 2, 2], 16), [4, 4], true),
      scatter('3-D', real([2, 1, 2, 2]), index([2, 1, 2, 2], 24), [2, 3, 4], true),
    ],
    dtypes: numbers,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  avgPool: {
    cases: averages((shape, more) => ({
      inputs: [real(shape.x)],
      attrs: { ...attrsOf(shape), ...more },
    })),
    dtypes: floats,
    rejects: ['int32', 'bool'],
    tolerance: averaged,
    gradient: 'second',
    special: 0,
  },
  avgPoolBackward: {
    cases: averages((shape, more) => ({
      inputs: [real(outSize(shape))],
      attrs: { sizes: sizesOf(shape), ...attrsOf(shape), ...more },
    })),
    dtypes: floats,
    tolerance: averaged,
    gradient: 'second',
    special: 0,
  },
  adaptiveAvgPool: {
    cases: [
      ...adaptive.map(([name, x, sizes]) => ({ name, inputs: [real(x)], attrs: { sizes } })),
      {
        name: adaptiveLarge.name,
        inputs: [real(adaptiveLarge.x)],
        attrs: { sizes: adaptiveLarge.sizes },
        noGradient: slow,
      },
    ],
    dtypes: floats,
    rejects: ['int64'],
    tolerance: averaged,
    gradient: 'second',
    special: 0,
  },
  adaptiveAvgPoolBackward: {
    cases: adaptive.map(([name, x, sizes]) => ({
      name,
      inputs: [real([...x.slice(0, -sizes.length), ...sizes])],
      attrs: { sizes: x.slice(-sizes.length) },
    })),
    dtypes: floats,
    tolerance: averaged,
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;

function scatter(name: string, x: Source, indices: Source, sizes: readonly number[], accumulate: boolean) {
  return { name, inputs: [x, indices], attrs: { sizes, accumulate } };
}
