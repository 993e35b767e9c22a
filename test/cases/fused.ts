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

function grouped(
  name: string,
  shape: readonly number[],
  groups: number,
  attrs: { readonly eps?: number } = {},
): CaseOf<'groupNorm'> {
  const channels = [shape[1]!];
  return {
    name,
    inputs: [real(shape), real(channels), real(channels)],
    attrs: { groups, eps: 1e-5, ...attrs },
  };
}

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

export const fused = {
  batchNormTrain: {
    cases: [
      { name: '2-D', inputs: [real([6, 3]), real([3]), real([3])], attrs: { eps: 1e-5 } },
      { name: 'images', inputs: [real([2, 3, 2, 3]), real([3]), real([3])], attrs: { eps: 1e-3 } },
      { name: '3-D', inputs: [real([3, 2, 4]), real([2]), real([2])], attrs: { eps: 1e-5 } },
      { name: 'short runs', inputs: [real([9, 3, 2, 2]), real([3]), real([3])], attrs: { eps: 1e-5 } },
      {
        name: 'short runs, many',
        inputs: [real([140, 67, 3, 5]), real([67]), real([67])],
        attrs: { eps: 1e-5 },
        noGradient: slow,
      },
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
  rmsNorm: {
    cases: [
      { name: 'last dim', inputs: [real([3, 5]), real([5])], attrs: { normalizedDims: 1, eps: 2 ** -23 } },
      { name: 'two dims', inputs: [real([2, 3, 4]), real([3, 4])], attrs: { normalizedDims: 2, eps: 1e-5 } },
      { name: 'not affine', inputs: [real([2, 2, 4]), null], attrs: { normalizedDims: 1, eps: 0.5 } },
      { name: 'all dims', inputs: [real([6]), real([6])], attrs: { normalizedDims: 1, eps: 1e-5 } },
      { name: 'one element', inputs: [real([1]), real([1])], attrs: { normalizedDims: 1, eps: 0.25 } },
      { name: 'rows of one', inputs: [real([3, 1]), real([1])], attrs: { normalizedDims: 1, eps: 0.25 } },
      { name: 'empty batch', inputs: [real([0, 4]), real([4])], attrs: { normalizedDims: 1, eps: 1e-5 } },
      {
        name: 'empty rows',
        inputs: [real([2, 0]), real([0])],
        attrs: { normalizedDims: 1, eps: 1e-5 },
        noGradient: 'nothing to differentiate',
      },
      {
        name: 'large',
        inputs: [real([137, 259]), real([259])],
        attrs: { normalizedDims: 1, eps: 1e-5 },
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: normalized,
    gradient: 'second',
    special: 0,
  },
  groupNorm: {
    cases: [
      grouped('planes', [2, 4, 3, 6], 2),
      grouped('few elements', [3, 6, 2], 3),
      grouped('one element a channel', [4, 6], 2),
      grouped('a group', [2, 3, 4], 1),
      grouped('a channel a group', [2, 3, 5, 4], 3, { eps: 0.5 }),
      { ...grouped('not affine', [2, 4, 17], 2), inputs: [real([2, 4, 17]), null, null] },
      { ...grouped('weight only', [2, 4, 2], 2), inputs: [real([2, 4, 2]), real([4]), null] },
      { ...grouped('bias only', [2, 2, 16], 1), inputs: [real([2, 2, 16]), null, real([2])] },
      grouped('one element', [1, 1], 1, { eps: 0.5 }),
      grouped('groups of one element', [2, 3], 3, { eps: 0.5 }),
      grouped('no samples', [0, 4, 3], 2),
      { ...grouped('no pixels', [2, 4, 0], 2), noGradient: 'nothing to differentiate' },
      { ...grouped('no channels', [2, 0, 4], 2), noGradient: 'nothing to differentiate' },
      { ...grouped('large planes', [3, 6, 70, 131], 2), noGradient: slow },
      { ...grouped('many channels', [5, 300, 5, 7], 4), noGradient: slow },
      { ...grouped('many samples', [150, 24, 3], 4), noGradient: slow },
      { ...grouped('many rows', [300, 40], 8), noGradient: slow },
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
} satisfies Rows;
