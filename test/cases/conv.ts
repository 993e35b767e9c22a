import { floats, real } from './case.js';
import type { Rows, Tolerance } from './case.js';

// Convolutions of one to three directions and their transposes.

const products: Tolerance = {
  relative: 1e-5,
  float64: 1e-13,
  why: 'chains of fused multiply-adds of another order: k <= 600 terms of magnitude at most 4',
};

const slow = 'finite differences would take thousands of evaluations';

interface ConvShape {
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
}

const small: Readonly<Record<string, ConvShape>> = {
  plain: { x: [2, 2, 5, 4], weight: [3, 2, 3, 2] },
  'stride and padding': { x: [1, 2, 6, 5], weight: [2, 2, 3, 3], stride: [2, 1], padding: [1, 2] },
  dilation: { x: [1, 1, 7, 6], weight: [2, 1, 3, 2], dilation: [2, 3] },
  groups: { x: [2, 4, 4, 4], weight: [6, 2, 2, 2], groups: 2 },
  depthwise: { x: [1, 3, 5, 5], weight: [3, 1, 3, 3], padding: [1, 1], groups: 3 },
  pointwise: { x: [2, 3, 3, 4], weight: [4, 3, 1, 1] },
  'rows that the stride skips': { x: [1, 1, 6, 6], weight: [1, 1, 1, 1], stride: [4, 4] },
  'empty batch': { x: [0, 2, 4, 4], weight: [3, 2, 3, 3] },
  '1-D': { x: [2, 2, 7], weight: [3, 2, 3], stride: [2], padding: [1] },
  '1-D, dilation and groups': { x: [1, 4, 9], weight: [4, 2, 3], dilation: [3], groups: 2 },
  '3-D': { x: [2, 2, 3, 4, 3], weight: [2, 2, 2, 3, 2] },
  '3-D, stride, padding and dilation': {
    x: [1, 1, 5, 4, 5],
    weight: [2, 1, 2, 2, 3],
    stride: [2, 1, 2],
    padding: [1, 0, 2],
    dilation: [2, 1, 1],
  },
  '3-D, groups': { x: [1, 4, 2, 3, 3], weight: [2, 2, 2, 2, 2], groups: 2 },
  '3-D, pointwise': { x: [2, 3, 2, 3, 2], weight: [2, 3, 1, 1, 1] },
  '3-D, slices that the stride skips': { x: [1, 1, 6, 3, 3], weight: [1, 1, 1, 2, 2], stride: [4, 1, 1] },
};

const large: Readonly<Record<string, ConvShape>> = {
  large: { x: [3, 16, 17, 19], weight: [24, 16, 3, 3], padding: [1, 1] },
  'large 1-D': { x: [3, 20, 301], weight: [33, 20, 5], stride: [2], padding: [2] },
  // Each of these takes a way of its own: see native/ops/conv/convolution.h.
  'tiles of 3 x 3': { x: [3, 20, 19, 14], weight: [18, 20, 3, 3], padding: [1, 1] },
  'tiles of 3 x 3, unpadded': { x: [2, 17, 13, 30], weight: [33, 17, 3, 3] },
  'depthwise of an odd width': { x: [2, 5, 11, 35], weight: [5, 1, 3, 3], padding: [0, 2], groups: 5 },
  'wide depthwise': { x: [2, 6, 13, 41], weight: [6, 1, 3, 3], padding: [1, 1], groups: 6 },
  'narrow depthwise': { x: [3, 9, 6, 5], weight: [9, 1, 3, 3], padding: [1, 1], groups: 9 },
  'strided depthwise': {
    x: [2, 7, 15, 22],
    weight: [7, 1, 5, 5],
    stride: [2, 2],
    padding: [2, 2],
    groups: 7,
  },
  'uneven depthwise': {
    x: [3, 5, 17, 20],
    weight: [10, 1, 4, 2],
    stride: [1, 3],
    padding: [3, 0],
    dilation: [2, 2],
    groups: 5,
  },
  'one channel in': { x: [9, 1, 12, 18], weight: [6, 1, 3, 3] },
  'large pointwise': { x: [2, 12, 24, 25], weight: [10, 12, 1, 1] },
  'pointwise of many channels': { x: [2, 530, 5, 9], weight: [170, 530, 1, 1] },
  'pointwise of many channels, in groups': { x: [1, 1040, 4, 11], weight: [330, 520, 1, 1], groups: 2 },
  'pointwise of many images': { x: [16, 20, 23, 25], weight: [17, 20, 1, 1] },
  'pointwise of many images, in groups': { x: [9, 34, 24, 22], weight: [38, 17, 1, 1], groups: 2 },
  'pointwise of many images, in depth blocks': { x: [16, 258, 23, 23], weight: [8, 258, 1, 1] },
  'pointwise, parts of the weight': { x: [2, 270, 6, 7], weight: [260, 270, 1, 1] },
  'whole image': { x: [5, 6, 7, 6], weight: [9, 6, 7, 6] },
  'strided and padded': { x: [2, 20, 33, 31], weight: [24, 20, 3, 3], stride: [2, 2], padding: [1, 1] },
  'strided by three, dilated': {
    x: [2, 9, 23, 26],
    weight: [11, 9, 2, 3],
    stride: [2, 3],
    padding: [1, 4],
    dilation: [1, 2],
  },
  'few pixels': { x: [1, 3, 7, 7], weight: [270, 3, 3, 3], padding: [1, 1] },
  'few pixels in rows of three': { x: [2, 2, 5, 3], weight: [270, 2, 3, 3], padding: [1, 1] },
  'few pixels, strided': { x: [1, 3, 13, 14], weight: [260, 3, 3, 3], stride: [2, 2], padding: [1, 1] },
  'few tiles of 3 x 3': { x: [1, 16, 14, 13], weight: [140, 16, 3, 3], padding: [1, 1] },
  'few tiles of 3 x 3, two images': { x: [2, 17, 9, 12], weight: [130, 17, 3, 3], padding: [1, 1] },
  'large 3-D': { x: [2, 8, 7, 13, 11], weight: [18, 8, 3, 3, 3], padding: [1, 1, 1], stride: [2, 1, 1] },
};

function outputOf(shape: ConvShape): number[] {
  const along = (size: number, d: number) => {
    const span = (shape.dilation?.[d] ?? 1) * (shape.weight[d + 2]! - 1) + 1;
    return Math.floor((size + 2 * (shape.padding?.[d] ?? 0) - span) / (shape.stride?.[d] ?? 1)) + 1;
  };
  return [shape.x[0]!, shape.weight[0]!, ...shape.x.slice(2).map(along)];
}

function attrsOf(shape: ConvShape) {
  const each = (value: number) => shape.x.slice(2).map(() => value);
  return {
    stride: shape.stride ?? each(1),
    padding: shape.padding ?? each(0),
    dilation: shape.dilation ?? each(1),
    groups: shape.groups ?? 1,
  };
}

function casesOf<T>(make: (shape: ConvShape) => T): (T & { name: string; noGradient?: string })[] {
  return [
    ...Object.entries(small).map(([name, shape]) => ({ ...make(shape), name })),
    ...Object.entries(large).map(([name, shape]) => ({ ...make(shape), name, noGradient: slow })),
  ];
}

const plain = small['plain']!;
const shared = { dtypes: floats, tolerance: products, gradient: 'second', special: 0 } as const;

export const conv = {
  convolution: {
    cases: [
      ...casesOf((shape) => ({
        inputs: [real(shape.x), real(shape.weight), real([shape.weight[0]!])],
        attrs: attrsOf(shape),
      })),
      { name: 'without bias', inputs: [real(plain.x), real(plain.weight), null], attrs: attrsOf(plain) },
    ],
    ...shared,
  },
  convolutionInputGrad: {
    cases: [
      ...casesOf((shape) => ({
        inputs: [real(outputOf(shape)), real(shape.weight), null],
        attrs: { inputShape: shape.x, ...attrsOf(shape) },
      })),
      ...['plain', 'groups', 'rows that the stride skips', '1-D', '3-D'].map((name) => {
        const shape = small[name]!;
        return {
          name: `${name}, with bias`,
          inputs: [real(outputOf(shape)), real(shape.weight), real([shape.x[1]!])],
          attrs: { inputShape: shape.x, ...attrsOf(shape) },
        };
      }),
    ],
    ...shared,
  },
  convolutionWeightGrad: {
    cases: casesOf((shape) => ({
      inputs: [real(outputOf(shape)), real(shape.x)],
      attrs: { weightShape: shape.weight, ...attrsOf(shape) },
    })),
    ...shared,
  },
} satisfies Rows;
