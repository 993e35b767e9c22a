import type { OpAttrs } from '../../lib/backend/op-schema.gen.js';
import { distinct, floats, given, index, real } from './case.js';
import type { CaseOf, Rows, Source } from './case.js';

function bags(
  name: string,
  weight: Source,
  at: Source,
  offsets: readonly number[] | null,
  attrs: Partial<OpAttrs['embeddingBag']> = {},
  scales: Source | null = null,
): CaseOf<'embeddingBag'> {
  return {
    name,
    inputs: [weight, at, offsets && given([offsets.length], offsets, 'int64'), scales],
    attrs: { mode: 'sum', includeLastOffset: false, paddingIdx: -1, scaleGradByFreq: false, ...attrs },
  };
}

const slow = 'finite differences would take thousands of evaluations';
const scaled = 'the gradient is divided on purpose';
const large: { name: string; attrs: Partial<OpAttrs['embeddingBag']> }[] = [
  { name: 'sum', attrs: { mode: 'sum', paddingIdx: 7 } },
  { name: 'mean', attrs: { mode: 'mean', paddingIdx: 7, scaleGradByFreq: true } },
  { name: 'max', attrs: { mode: 'max', paddingIdx: 7 } },
];

export const embeddings = {
  embeddingBag: {
    cases: [
      bags('sum', real([4, 3]), index([5], 4), [0, 3]),
      bags('rows', real([5, 2]), index([3, 4], 5), null, { mode: 'mean' }),
      bags('int32', real([5, 2]), index([3, 4], 5, 0, 'int32'), null),
      bags('empty bags', real([4, 3]), index([3], 4), [0, 0, 2, 3], { mode: 'mean' }),
      bags('the last offset', real([4, 3]), index([5], 4), [0, 2, 4], { includeLastOffset: true }),
      bags('padding', real([4, 3]), given([5], [0, 2, 2, 1, 2], 'int64'), [0, 2], {
        mode: 'mean',
        paddingIdx: 2,
      }),
      bags('nothing but padding', real([4, 3]), given([2], [2, 2], 'int64'), [0], {
        mode: 'max',
        paddingIdx: 2,
      }),
      bags('weighted', real([4, 3]), index([5], 4), [0, 3], {}, real([5])),
      bags('weighted rows, padding', real([4, 3]), index([3, 2], 4), null, { paddingIdx: 1 }, real([3, 2])),
      bags(
        'weighted, beyond the last offset',
        real([4, 3]),
        index([5], 4),
        [0, 2, 4],
        { includeLastOffset: true },
        real([5]),
      ),
      bags('max', distinct([4, 3]), given([5], [0, 3, 1, 3, 2], 'int64'), [0, 3], { mode: 'max' }),
      bags('max of rows', distinct([4, 3]), given([2, 3], [0, 3, 1, 3, 2, 0], 'int64'), null, {
        mode: 'max',
      }),
      bags('max, padding', distinct([4, 3]), given([5], [0, 3, 1, 3, 2], 'int64'), [0, 3], {
        mode: 'max',
        paddingIdx: 3,
      }),
      {
        ...bags('by frequency', real([4, 3]), index([3, 4], 4), null, { scaleGradByFreq: true }),
        noGradient: scaled,
      },
      {
        ...bags('by frequency, mean', real([4, 3]), given([4], [1, 1, 0, 2], 'int64'), [0, 3], {
          mode: 'mean',
          scaleGradByFreq: true,
          paddingIdx: 2,
        }),
        noGradient: scaled,
      },
      bags('no bags', real([4, 3]), index([0], 4), []),
      bags('no indices', real([4, 3]), index([0], 4), [0, 0]),
      bags('no columns', real([4, 0]), index([3], 4), [0]),
      ...large.map(({ name, attrs }) => ({
        ...bags(`large, ${name}`, distinct([61, 83]), index([70, 11], 61), null, attrs),
        noGradient: slow,
      })),
      {
        ...bags('large, weighted', real([61, 83]), index([700], 61), [0, 100, 101, 650], {}, real([700])),
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: { relative: 2e-6, float64: 1e-14, why: 'multiply-adds may be fused' },
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
