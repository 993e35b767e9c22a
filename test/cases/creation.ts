import { everyDType, exact, given, real } from './case.js';
import type { CaseOf, RowOf, Rows, Source } from './case.js';
import type { DType } from '../../lib/dtype.js';
import type { OpName } from '../../lib/backend/op-schema.gen.js';

// dtype is an attribute here: each row lists its own.

function making<Name extends OpName>(cases: readonly CaseOf<Name>[]): RowOf<Name> {
  return { cases, dtypes: ['float32'], tolerance: exact, gradient: 'none', special: 0 };
}

const counter = (seed: number, offset: number): Source => given([2], [seed, offset], 'int64');
const floating: readonly DType[] = ['float32', 'float64'];
const countable: readonly DType[] = ['uint8', 'int32', 'int64', 'float32', 'float64'];

export const creation = {
  full: making<'full'>([
    ...everyDType.map((dtype) => ({ name: dtype, inputs: [], attrs: { shape: [2, 3], value: 3, dtype } })),
    { name: 'fraction to int32', inputs: [], attrs: { shape: [4], value: -2.7, dtype: 'int32' as const } },
    { name: 'fraction to bool', inputs: [], attrs: { shape: [4], value: 0.5, dtype: 'bool' as const } },
    { name: 'NaN', inputs: [], attrs: { shape: [33], value: NaN, dtype: 'float32' as const } },
    { name: '0-dim', inputs: [], attrs: { shape: [], value: 1.5, dtype: 'float64' as const } },
    { name: 'empty', inputs: [], attrs: { shape: [2, 0], value: 1, dtype: 'float32' as const } },
  ]),
  arange: making<'arange'>([
    ...countable.map((dtype) => ({
      name: dtype,
      inputs: [],
      attrs: { start: 2, step: 3, length: 20, dtype },
    })),
    {
      name: 'fractions',
      inputs: [],
      attrs: { start: 0.1, step: -0.3, length: 40, dtype: 'float32' as const },
    },
    { name: 'empty', inputs: [], attrs: { start: 0, step: 1, length: 0, dtype: 'int64' as const } },
    { name: 'long', inputs: [], attrs: { start: 0, step: 1, length: 70000, dtype: 'float32' as const } },
  ]),
  linspace: making<'linspace'>([
    ...floating.map((dtype) => ({ name: dtype, inputs: [], attrs: { start: -1, end: 2, steps: 11, dtype } })),
    { name: 'one', inputs: [], attrs: { start: 3, end: 9, steps: 1, dtype: 'float32' as const } },
    { name: 'none', inputs: [], attrs: { start: 3, end: 9, steps: 0, dtype: 'float32' as const } },
    { name: 'downwards', inputs: [], attrs: { start: 1, end: -1, steps: 6, dtype: 'float64' as const } },
  ]),
  eye: making<'eye'>([
    ...everyDType.map((dtype) => ({ name: dtype, inputs: [], attrs: { rows: 3, columns: 3, dtype } })),
    { name: 'wide', inputs: [], attrs: { rows: 2, columns: 5, dtype: 'float32' as const } },
    { name: 'tall', inputs: [], attrs: { rows: 5, columns: 2, dtype: 'float32' as const } },
    { name: 'empty', inputs: [], attrs: { rows: 0, columns: 2, dtype: 'float32' as const } },
  ]),
  nextCounter: making<'nextCounter'>([
    { name: 'advances', inputs: [counter(7, 10)], attrs: { count: 5 } },
    { name: 'by nothing', inputs: [counter(-3, 0)], attrs: { count: 0 } },
  ]),
  uniform: making<'uniform'>([
    ...floating.map((dtype) => ({ name: dtype, inputs: [counter(42, 3)], attrs: { shape: [7, 5], dtype } })),
    { name: 'long', inputs: [counter(-1, 2 ** 33)], attrs: { shape: [40001], dtype: 'float32' as const } },
    { name: '0-dim', inputs: [counter(1, 1)], attrs: { shape: [], dtype: 'float64' as const } },
    { name: 'empty', inputs: [counter(1, 1)], attrs: { shape: [0], dtype: 'float32' as const } },
  ]),
  normal: {
    cases: [
      ...floating.map((dtype) => ({
        name: dtype,
        inputs: [counter(42, 3)],
        attrs: { shape: [7, 5], dtype },
      })),
      {
        name: 'long',
        inputs: [counter(9, 2 ** 32 - 5)],
        attrs: { shape: [40001], dtype: 'float32' as const },
      },
      { name: 'empty', inputs: [counter(1, 1)], attrs: { shape: [0], dtype: 'float32' as const } },
    ],
    dtypes: ['float32'],
    tolerance: {
      relative: 2e-6,
      float64: 1e-14,
      why: 'sqrt(-2 ln u) cos(2 pi v): 2 ULP each in float32, the angle rounded to float32 first',
    },
    gradient: 'none',
    special: 0,
  },
  randint: making<'randint'>([
    ...countable.map((dtype) => ({
      name: dtype,
      inputs: [counter(5, 0)],
      attrs: { shape: [9, 5], low: 3, high: 17, dtype },
    })),
    {
      name: 'negative',
      inputs: [counter(5, 9)],
      attrs: { shape: [40], low: -20, high: -3, dtype: 'int64' as const },
    },
    {
      name: 'widest',
      inputs: [counter(5, 9)],
      attrs: { shape: [40], low: 0, high: 2 ** 32, dtype: 'int64' as const },
    },
    {
      name: 'long',
      inputs: [counter(8, 1)],
      attrs: { shape: [40003], low: 0, high: 10, dtype: 'int64' as const },
    },
  ]),
  multinomial: making<'multinomial'>([
    {
      name: 'with replacement',
      inputs: [given([5], [1, 0, 3, 4, 0.5]), counter(5, 3)],
      attrs: { samples: 401, replacement: true },
    },
    {
      name: 'without',
      inputs: [given([2, 4], [1, 0, 3, 4, 7, 1, 1, 1]), counter(5, 2 ** 33)],
      attrs: { samples: 3, replacement: false },
    },
    {
      name: 'of many',
      inputs: [real([1500], 0.1, 9), counter(2, 1)],
      attrs: { samples: 1500, replacement: false },
    },
    {
      name: 'many',
      inputs: [real([70], 0.1, 9), counter(2, 1)],
      attrs: { samples: 9001, replacement: true },
    },
    {
      name: 'many rows',
      inputs: [real([65, 9], 0.1, 9), counter(2, 1)],
      attrs: { samples: 3, replacement: true },
    },
    {
      name: 'no rows',
      inputs: [real([0, 9], 0.1, 9), counter(2, 1)],
      attrs: { samples: 3, replacement: true },
    },
  ]),
  poisson: making<'poisson'>([
    {
      name: 'small and large',
      inputs: [given([8], [0, 1e-30, 0.3, 7.5, 40, 1000.25, 3e6, 2e9]), counter(5, 3)],
      attrs: {},
    },
    { name: 'many', inputs: [real([3000], 0.1, 9), counter(1, 9)], attrs: {} },
    { name: '0-dim', inputs: [given([], [12]), counter(1, 2 ** 33)], attrs: {} },
    { name: 'empty', inputs: [real([0], 0.1, 9), counter(1, 9)], attrs: {} },
  ]),
} satisfies Rows;
