import type { Tensor } from '../../../lib/index.js';
import type { RoiAlignOptions } from '../../../lib/ops/vision/index.js';
import { fixed, floats, given, numbers, real } from '../case.js';
import { composed, type ComposedRows } from './row.js';

const rounded = { relative: 2e-6, float64: 1e-14, why: 'another order of summation' } as const;

interface Aligned extends RoiAlignOptions {
  readonly boxes: readonly (readonly number[])[];
  readonly size: number | readonly [number, number];
}

const ramp = Array.from({ length: 48 }, (_, i) => 10 * Math.floor(i / 8) + (i % 8));

export const visionRows: ComposedRows = {
  'vision.boxIou': composed({
    // `about`: boxes that the inputs are added to.
    call: (lg, about: readonly number[] | undefined, a: Tensor, b: Tensor) =>
      about === undefined
        ? lg.vision.boxIou(a, b)
        : lg.tidy(() => {
            const base = lg.tensor(about, { dtype: a.dtype });
            return lg.vision.boxIou(a.add(base), b.add(base.mul(2)));
          }),
    cases: [
      {
        name: 'pairs',
        inputs: [
          given([2, 4], [0, 0, 2, 2, 1, 1, 4, 3]),
          given([3, 4], [0, 0, 2, 2, 1, 0, 3, 2, 8, 8, 9, 9]),
        ],
        attrs: undefined,
        expected: [1, 1 / 3, 0, 1 / 9, 0.25, 0],
      },
      // Boxes within others: no sides cross within the step of a difference.
      {
        name: 'slopes',
        inputs: [real([3, 4], -0.3, 0.3), real([2, 4], -0.3, 0.3)],
        attrs: [-1, -1, 1, 1],
      },
      { name: 'none', inputs: [real([0, 4]), real([3, 4])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: rounded,
    gradient: 'second',
    refuses: [
      { name: 'three columns', inputs: [real([2, 3]), real([2, 4])], attrs: undefined, error: 'ShapeError' },
    ],
  }),

  'vision.nms': composed({
    call: (lg, threshold: number, boxes: Tensor, scores: Tensor) => lg.vision.nms(boxes, scores, threshold),
    cases: [
      {
        name: 'a chain of overlaps',
        // The second overlaps the first by a half and is dropped, so the third stays.
        inputs: [
          fixed([4, 4], [0, 0, 6, 2, 2, 0, 8, 2, 4, 0, 10, 2, 20, 0, 22, 2]),
          fixed([4], [9, 8, 7, 10]),
        ],
        attrs: 0.4,
        expected: [3, 0, 2],
      },
      {
        name: 'at the threshold',
        inputs: [fixed([2, 4], [0, 0, 6, 2, 2, 0, 8, 2]), fixed([2], [1, 2])],
        attrs: 0.5,
        expected: [1, 0],
      },
      {
        name: 'equal scores',
        inputs: [fixed([3, 4], [0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1]), fixed([3], [1, 1, 1])],
        attrs: 0.5,
        expected: [0, 1],
      },
      { name: 'none', inputs: [real([0, 4]), real([0])], attrs: 0.5 },
    ],
    dtypes: numbers,
    tolerance: { exact: true },
    gradient: 'none',
    refuses: [
      { name: 'other scores', inputs: [real([2, 4]), real([3])], attrs: 0.5, error: 'ShapeError' },
      { name: 'NaN', inputs: [real([2, 4]), real([2])], attrs: NaN, error: 'ValueError' },
    ],
  }),

  'vision.roiAlign': composed({
    call: (lg, { boxes, size, ...options }: Aligned, x: Tensor) =>
      lg.tidy(() =>
        lg.vision.roiAlign(x, lg.tensor(boxes, { dtype: 'float64' }).reshape([-1, 5]), size, options),
      ),
    cases: [
      {
        name: 'a ramp',
        // 10 y + x at the middle of each bin: rows 1 and 3, columns 1 and 3.
        inputs: [given([1, 1, 6, 8], ramp)],
        attrs: { boxes: [[0, 0, 0, 4, 4]], size: 2, samplingRatio: 2 },
        expected: [11, 13, 31, 33],
      },
      {
        name: 'a ramp, aligned and scaled',
        inputs: [given([1, 1, 6, 8], ramp)],
        attrs: { boxes: [[0, 2, 2, 10, 6]], size: [1, 2], spatialScale: 0.5, aligned: true },
        expected: [16.5, 18.5],
      },
      {
        name: 'at the edge',
        // The sample lies at 7.5, which is taken for column 7.
        inputs: [given([1, 1, 6, 8], ramp)],
        attrs: { boxes: [[0, 6, 0, 9, 2]], size: [1, 1], samplingRatio: 1 },
        expected: [17],
      },
      {
        name: 'beyond the edge',
        inputs: [given([1, 1, 6, 8], ramp)],
        attrs: { boxes: [[0, 8, 0, 10, 2]], size: [1, 1], samplingRatio: 1 },
        expected: [0],
      },
      {
        name: 'images and boxes',
        inputs: [real([2, 3, 4, 5])],
        attrs: {
          boxes: [
            [1, 0.3, 0.4, 3.1, 2.9],
            [0, -1, -2, 2, 2],
            [1, 2, 1, 2.2, 1.1],
          ],
          size: [2, 3],
        },
      },
      { name: 'no boxes', inputs: [real([2, 3, 4, 5])], attrs: { boxes: [], size: 2 } },
      { name: 'no channels', inputs: [real([2, 0, 4, 5])], attrs: { boxes: [[0, 0, 0, 1, 1]], size: 2 } },
    ],
    dtypes: floats,
    tolerance: rounded,
    gradient: 'second',
    refuses: [
      {
        name: 'an image that is not',
        inputs: [real([2, 3, 4, 5])],
        attrs: { boxes: [[2, 0, 0, 1, 1]], size: 2 },
        error: 'IndexError',
      },
      {
        name: 'an absurd box',
        inputs: [real([2, 3, 4, 5])],
        attrs: { boxes: [[0, 0, 0, 1e9, 1e9]], size: 2 },
        error: 'ValueError',
      },
      {
        name: 'a box that is not finite',
        inputs: [real([2, 3, 4, 5])],
        attrs: { boxes: [[0, NaN, 0, 1, 1]], size: 2 },
        error: 'ValueError',
      },
    ],
  }),
};
