import type { OpAttrs } from '../../lib/backend/op-schema.gen.js';
import { floats, given, real } from './case.js';
import type { CaseOf, Rows, Tolerance } from './case.js';

// Ops that the native backend fuses and TypeScript composes of primitives.

const normalized: Tolerance = {
  relative: 2e-5,
  float64: 1e-12,
  why: 'another order of summation for mean and variance, and a reciprocal square root',
};

const slow = 'finite differences would take thousands of evaluations';

/** Points on and around images that are equally large in all directions, away from where the reading has a kink. */
function sampling(
  x: readonly number[],
  out: readonly number[],
  attrs: OpAttrs['gridSample'],
): CaseOf<'gridSample'> {
  const directions = x.length - 2;
  const size = x[2]!;
  // Elements, and half way between them.
  const halves = Array.from({ length: 8 * size }, (_, i) => i / 2 - 2 * size);
  const kinks = halves.map((at) => (attrs.alignCorners ? (2 * at) / (size - 1) : (2 * at + 1) / size) - 1);
  return {
    name: `${attrs.mode}, ${attrs.paddingMode}, ${attrs.alignCorners ? 'corners aligned, ' : ''}${x.join(' x ')}`,
    inputs: [real(x), real([x[0]!, ...out, directions], -2, 2, kinks)],
    attrs,
  };
}

const scalar = (value: number) => given([], [value], 'float64');
const state = (shape: readonly number[], low = -1, high = 1) => real(shape, low, high);

export const fused = {
  batchNormTrain: {
    cases: [
      { name: '2-D', inputs: [real([6, 3]), real([3]), real([3])], attrs: { eps: 1e-5 } },
      { name: 'images', inputs: [real([2, 3, 2, 3]), real([3]), real([3])], attrs: { eps: 1e-3 } },
      { name: '3-D', inputs: [real([3, 2, 4]), real([2]), real([2])], attrs: { eps: 1e-5 } },
      { name: 'not affine', inputs: [real([5, 2]), null, null], attrs: { eps: 1e-5 } },
      {
        name: 'large',
        inputs: [real([5, 17, 9, 11]), real([17]), real([17])],
        attrs: { eps: 1e-5 },
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: normalized,
    gradient: 'second',
    special: 0,
  },
  layerNorm: {
    cases: [
      {
        name: 'last dim',
        inputs: [real([3, 5]), real([5]), real([5])],
        attrs: { normalizedDims: 1, eps: 1e-5 },
      },
      {
        name: 'two dims',
        inputs: [real([2, 3, 4]), real([3, 4]), real([3, 4])],
        attrs: { normalizedDims: 2, eps: 1e-5 },
      },
      { name: 'not affine', inputs: [real([2, 2, 4]), null, null], attrs: { normalizedDims: 1, eps: 1e-2 } },
      {
        name: 'all dims',
        inputs: [real([6]), real([6]), real([6])],
        attrs: { normalizedDims: 1, eps: 1e-5 },
      },
      {
        name: 'empty batch',
        inputs: [real([0, 4]), real([4]), real([4])],
        attrs: { normalizedDims: 1, eps: 1e-5 },
      },
      {
        name: 'large',
        inputs: [real([37, 259]), real([259]), real([259])],
        attrs: { normalizedDims: 1, eps: 1e-5 },
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: normalized,
    gradient: 'second',
    special: 0,
  },
  dropout: {
    cases: [
      { name: 'half', inputs: [real([5, 7]), given([2], [3, 8], 'int64')], attrs: { p: 0.5 } },
      { name: 'none', inputs: [real([9]), given([2], [3, 8], 'int64')], attrs: { p: 0 } },
      { name: 'all', inputs: [real([9]), given([2], [3, 8], 'int64')], attrs: { p: 1 } },
      { name: '0-dim', inputs: [real([]), given([2], [3, 8], 'int64')], attrs: { p: 0.3 } },
      { name: 'empty', inputs: [real([0, 2]), given([2], [3, 8], 'int64')], attrs: { p: 0.3 } },
      {
        name: 'long',
        inputs: [real([40001]), given([2], [3, 8], 'int64')],
        attrs: { p: 0.2 },
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: { ulp: 1, float64Ulp: 1, why: '1 / (1 - p) may be rounded before the product' },
    gradient: 'second',
    special: 0,
  },
  gridSample: {
    cases: [
      ...(['bilinear', 'nearest', 'bicubic'] as const).flatMap((mode) =>
        (['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) =>
          [false, true].map((alignCorners) =>
            sampling([2, 2, 4, 4], [3, 2], { mode, paddingMode, alignCorners }),
          ),
        ),
      ),
      ...(['zeros', 'border', 'reflection'] as const).map((paddingMode) =>
        sampling([1, 2, 3, 3, 3], [2, 1, 2], { mode: 'bilinear', paddingMode, alignCorners: false }),
      ),
      sampling([1, 2, 3, 3, 3], [2, 1, 2], { mode: 'nearest', paddingMode: 'zeros', alignCorners: true }),
      sampling([1, 1, 1, 1], [2, 3], { mode: 'bilinear', paddingMode: 'reflection', alignCorners: false }),
      sampling([0, 2, 3, 3], [2, 2], { mode: 'bilinear', paddingMode: 'zeros', alignCorners: false }),
      {
        ...sampling([3, 5, 17, 17], [23, 21], { mode: 'bicubic', paddingMode: 'zeros', alignCorners: false }),
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: { relative: 2e-5, float64: 1e-13, why: 'weights are made of positions in another order' },
    gradient: 'second',
    special: 0,
  },
  sgdStep: {
    cases: [
      {
        name: 'plain',
        inputs: [
          [state([3, 4]), state([5])],
          [],
          given([2], [0, 0], 'float32'),
          scalar(0.1),
          scalar(0),
          scalar(0),
          scalar(0),
        ],
        attrs: { nesterov: false, maximize: false },
      },
      {
        name: 'momentum, nesterov, decay',
        inputs: [
          [state([3, 4]), state([])],
          [state([3, 4]), state([])],
          given([2], [3, 0], 'float32'),
          scalar(0.1),
          scalar(0.9),
          scalar(0),
          scalar(0.01),
        ],
        attrs: { nesterov: true, maximize: false },
      },
      {
        name: 'dampening, maximize',
        inputs: [
          [state([70, 33])],
          [state([70, 33])],
          given([1], [4], 'float32'),
          scalar(0.1),
          scalar(0.9),
          scalar(0.5),
          scalar(0),
        ],
        attrs: { nesterov: false, maximize: true },
      },
    ],
    dtypes: floats,
    tolerance: { relative: 1e-6, float64: 1e-14, why: 'multiply-adds may be fused' },
    gradient: 'none',
    special: 0,
  },
  adamStep: {
    cases: [
      adam('Adam', { decoupled: false, amsgrad: false, maximize: false }, [3, 4]),
      adam('AdamW', { decoupled: true, amsgrad: false, maximize: false }, [70, 33]),
      adam('AMSGrad, maximize', { decoupled: false, amsgrad: true, maximize: true }, [9]),
    ],
    dtypes: floats,
    tolerance: {
      relative: 2e-6,
      float64: 1e-13,
      why: 'multiply-adds may be fused; a division by a square root',
    },
    gradient: 'none',
    special: 0,
  },
} satisfies Rows;

function adam(name: string, attrs: OpAttrs['adamStep'], shape: readonly number[]): CaseOf<'adamStep'> {
  const list = (low: number, high: number) => [state(shape, low, high), state([2], low, high)];
  return {
    name,
    inputs: [
      list(-1, 1),
      list(-1, 1),
      list(0, 1),
      attrs.amsgrad ? list(0, 1) : [],
      given([2], [0, 7], 'float32'),
      scalar(1e-2),
      scalar(0.9),
      scalar(0.999),
      scalar(1e-8),
      scalar(0.02),
    ],
    attrs,
  };
}
