import type { EmbeddingBagOptions, LocalResponseNormOptions, Tensor } from '../../../lib/index.js';
import { floats, given, index, mask, real } from '../case.js';
import { a, b, probabilities, summed } from './loss-values.js';
import { composed, type ComposedRows } from './row.js';

const common = { dtypes: floats, tolerance: summed, gradient: 'second' } as const;

const image = given([1, 4, 2], [1, 2, 4, 8, -1, 0, 3, 5]);
const scale = given([4], [1, 2, 0.5, -1]);

/** Attributes and what the offsets of the bags are. */
type BagAttrs = readonly [offsets: readonly number[] | null, options: EmbeddingBagOptions];

const cosines = given(
  [6, 2],
  Array.from({ length: 12 }, (_, i) => Math.cos(i)),
);

export const norms: ComposedRows = {
  'F.groupNorm': composed({
    call: (lg, groups: number, x: Tensor, w: Tensor, c: Tensor) =>
      lg.F.groupNorm(x, groups, { weight: w, bias: c }),
    cases: [
      {
        name: 'two groups',
        inputs: [image, scale, scale],
        attrs: 2,
        expected: [-0.0257546, 0.3472471, 2.1865008, 5.1705141, -0.0765562, 0.1331006, -1.524142, -2.3627691],
      },
      { name: 'images', inputs: [real([2, 6, 3, 2]), real([6]), real([6])], attrs: 3 },
      { name: 'of nothing', inputs: [real([0, 4, 2]), real([4]), real([4])], attrs: 2 },
    ],
    refuses: [
      { name: 'groups', inputs: [real([2, 6]), real([6]), real([6])], attrs: 4, error: 'ValueError' },
      { name: 'a weight', inputs: [real([2, 6]), real([5]), real([6])], attrs: 3, error: 'ShapeError' },
    ],
    ...common,
  }),
  'F.instanceNorm': composed({
    call: (lg, _: undefined, x: Tensor, w: Tensor, c: Tensor) => lg.F.instanceNorm(x, { weight: w, bias: c }),
    cases: [
      {
        name: 'small',
        inputs: [image, scale, scale],
        attrs: undefined,
        expected: [2e-5, 1.99998, 2.5e-6, 3.9999975, 1e-5, 0.99999, -5e-6, -1.999995],
      },
      { name: 'images', inputs: [real([2, 3, 3, 2]), real([3]), real([3])], attrs: undefined },
      { name: 'of nothing', inputs: [real([0, 4, 2]), real([4]), real([4])], attrs: undefined },
    ],
    refuses: [
      {
        name: 'one value',
        inputs: [real([2, 6, 1]), real([6]), real([6])],
        attrs: undefined,
        error: 'ShapeError',
      },
    ],
    ...common,
  }),
  'F.rmsNorm': composed({
    call: (lg, shape: readonly number[], x: Tensor, w: Tensor) =>
      lg.F.rmsNorm(x, shape, { weight: w, eps: 0.5 }),
    cases: [
      {
        name: 'rows',
        inputs: [a, given([3], [1, 2, 0.5])],
        attrs: [3],
        expected: [0.3333333, -1.3333333, 0.6666667, 1.0327956, 0.5163978, -0.2581989],
      },
      { name: 'matrices', inputs: [real([2, 3, 2]), real([3, 2])], attrs: [3, 2] },
      { name: 'of nothing', inputs: [real([0, 3]), real([3])], attrs: [3] },
    ],
    refuses: [{ name: 'a weight', inputs: [real([2, 3]), real([2])], attrs: [3], error: 'ShapeError' }],
    ...common,
  }),
  'F.localResponseNorm': composed({
    call: (lg, [size, options]: readonly [number, LocalResponseNormOptions?], x: Tensor) =>
      lg.F.localResponseNorm(x, size, options),
    cases: [
      {
        name: 'three channels',
        inputs: [image],
        attrs: [3, { alpha: 0.5 }],
        expected: [0.3650208, 0.3038923, 1.4142136, 1.2155691, -0.2849384, 0, 1.437622, 1.4590231],
      },
      { name: 'two channels', inputs: [real([2, 5, 3])], attrs: [2, { alpha: 1, beta: 0.5, k: 2 }] },
      { name: 'of nothing', inputs: [real([0, 4, 2])], attrs: [2] },
    ],
    refuses: [{ name: 'a matrix', inputs: [real([2, 3])], attrs: [2], error: 'ShapeError' }],
    ...common,
  }),
  'F.bilinear': composed({
    call: (lg, _: undefined, x: Tensor, y: Tensor, w: Tensor, c: Tensor) => lg.F.bilinear(x, y, w, c),
    cases: [
      {
        name: 'small',
        inputs: [
          given([2, 2], [0.5, -1, 1, 0.25]),
          given([2, 1], [1, -0.5]),
          given([2, 2, 1], [1, 2, -1, 0.5]),
          given([2], [1, 2]),
        ],
        attrs: undefined,
        expected: [-0.5, 1, 0.25, 2.4375],
      },
      {
        name: 'batches',
        inputs: [real([2, 3, 2]), real([2, 3, 4]), real([5, 2, 4]), real([5])],
        attrs: undefined,
      },
      {
        name: 'of nothing',
        inputs: [real([0, 2]), real([0, 4]), real([5, 2, 4]), real([5])],
        attrs: undefined,
      },
    ],
    refuses: [
      {
        name: 'sizes',
        inputs: [real([2, 2]), real([2, 4]), real([5, 2, 3]), real([5])],
        attrs: undefined,
        error: 'ShapeError',
      },
    ],
    ...common,
  }),
  'F.embeddingBag': composed({
    call: (lg, [starts, options]: BagAttrs, at: Tensor, weight: Tensor) => {
      const offsets = starts && lg.tensor([...starts], { dtype: 'int64' });
      const result = lg.F.embeddingBag(at, weight, { ...options, offsets });
      offsets?.dispose();
      return result;
    },
    cases: [
      {
        name: 'an empty bag',
        inputs: [given([3], [1, 0, 1], 'int64'), a],
        attrs: [[0, 2, 2], { mode: 'max' }],
        expected: [1, 0.25, 2, 0, 0, 0, 1, 0.25, -0.5],
      },
      {
        name: 'padding',
        inputs: [given([3], [1, 0, 1], 'int64'), a],
        attrs: [[0, 2, 2], { mode: 'mean', paddingIdx: 0 }],
        noGradient: 'the gradient of the padding row is dropped',
        expected: [1, 0.25, -0.5, 0, 0, 0, 1, 0.25, -0.5],
      },
      {
        name: 'sums',
        inputs: [index([5], 4), real([4, 3])],
        attrs: [[0, 3, 5], { mode: 'sum', includeLastOffset: true }],
      },
      { name: 'rows', inputs: [index([3, 4], 5), real([5, 2])], attrs: [null, {}] },
      {
        name: 'largest of rows',
        inputs: [given([2, 2], [0, 1, 3, 2], 'int64'), real([4, 2])],
        attrs: [null, { mode: 'max' }],
      },
      { name: 'of nothing', inputs: [index([0], 4), real([4, 3])], attrs: [[0, 0], { mode: 'sum' }] },
    ],
    refuses: [
      { name: 'offsets', inputs: [index([3], 4), real([4, 2])], attrs: [[1, 2], {}], error: 'ValueError' },
      { name: 'no offsets', inputs: [index([3], 4), real([4, 2])], attrs: [null, {}], error: 'ValueError' },
    ],
    ...common,
  }),
  'F.scaledDotProductAttention': composed({
    call: (
      lg,
      options: { isCausal?: boolean; enableGqa?: boolean },
      q: Tensor,
      k: Tensor,
      v: Tensor,
      m?: Tensor | null,
    ) => lg.F.scaledDotProductAttention(q, k, v, { ...options, attnMask: m ?? null }),
    cases: [
      {
        name: 'a query that sees nothing',
        inputs: [a, b, probabilities, given([2, 2], [1, 0, 0, 0], 'bool')],
        attrs: {},
        expected: [0.2, 0.9, 0.5, 0, 0, 0],
      },
      {
        name: 'a mask',
        inputs: [real([2, 3, 4]), real([2, 5, 4]), real([2, 5, 2]), mask([3, 5])],
        attrs: {},
      },
      { name: 'numbers added', inputs: [real([3, 4]), real([5, 4]), real([5, 2]), real([3, 5])], attrs: {} },
      { name: 'causal', inputs: [real([3, 4]), real([5, 4]), real([5, 2])], attrs: { isCausal: true } },
      {
        name: 'shared heads',
        inputs: [real([1, 4, 3, 2]), real([1, 2, 3, 2]), real([1, 2, 3, 2])],
        attrs: { enableGqa: true },
      },
      { name: 'of nothing', inputs: [real([0, 3, 4]), real([0, 5, 4]), real([0, 5, 2])], attrs: {} },
    ],
    refuses: [
      { name: 'sizes', inputs: [real([3, 4]), real([5, 3]), real([5, 2])], attrs: {}, error: 'ShapeError' },
    ],
    ...common,
  }),
  'F.multiHeadAttentionForward': composed({
    call: (lg, numHeads: number, q: Tensor, k: Tensor, v: Tensor, project: Tensor, out: Tensor) => {
      const [output, weights] = lg.F.multiHeadAttentionForward(q, k, v, {
        embedDimToCheck: q.shape.at(-1)!,
        numHeads,
        inProjWeight: project,
        outProjWeight: out,
        addZeroAttn: true,
      });
      return [output, weights!];
    },
    cases: [
      {
        name: 'small',
        inputs: [
          given([2, 1, 2], [0.5, -1, 1, 0.25]),
          given([2, 1, 2], [1, 1.5, -0.5, 0.5]),
          given([2, 1, 2], [0.2, 0.9, 0.7, 0.1]),
          cosines,
          given([2, 2], [1, 0, 0, 1]),
        ],
        attrs: 2,
        expected: [-0.349876, -0.1959448, -0.2831986, -0.288467],
      },
      {
        name: 'batches',
        inputs: [real([3, 2, 4]), real([5, 2, 4]), real([5, 2, 4]), real([12, 4], -0.5, 0.5), real([4, 4])],
        attrs: 2,
      },
      {
        name: 'of nothing',
        inputs: [real([3, 0, 4]), real([5, 0, 4]), real([5, 0, 4]), real([12, 4]), real([4, 4])],
        attrs: 2,
      },
    ],
    refuses: [
      {
        name: 'heads',
        inputs: [real([3, 1, 4]), real([5, 1, 4]), real([5, 1, 4]), real([12, 4]), real([4, 4])],
        attrs: 3,
        error: 'ValueError',
      },
    ],
    ...common,
  }),
};
