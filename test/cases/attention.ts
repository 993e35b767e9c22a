import type { OpAttrs } from '../../lib/backend/op-schema.gen.js';
import { floats, given, mask, real } from './case.js';
import type { CaseInput, CaseOf, Rows } from './case.js';

// scaledDotProductAttention, which the native backend fuses.

type Attrs = OpAttrs['scaledDotProductAttention'];

interface Call extends Partial<Attrs> {
  /** Dims before the last two: of query, and of key and value if those have fewer heads. */
  readonly front?: readonly number[];
  readonly keyFront?: readonly number[];
  readonly attnMask?: CaseInput;
  readonly noGradient?: string;
}

/** Sizes L, S, E, Ev of query [..., L, E], key [..., S, E] and value [..., S, Ev]. */
function attention(
  name: string,
  [queries, keys, width, valueWidth]: readonly [number, number, number, number],
  call: Call = {},
): CaseOf<'scaledDotProductAttention'> {
  const { front = [2], keyFront = front, attnMask = null, noGradient, ...attrs } = call;
  const counter = attrs.dropoutP ? given([2], [3, 8], 'int64') : null;
  const operands = [
    real([...front, queries, width]),
    real([...keyFront, keys, width]),
    real([...keyFront, keys, valueWidth]),
  ];
  return {
    name,
    inputs: [...operands, attnMask, counter],
    attrs: { isCausal: false, scale: 0.5, dropoutP: 0, ...attrs },
    ...(noGradient === undefined ? {} : { noGradient }),
  };
}

/** The same on the first `length` keys. */
function prefix(
  name: string,
  sizes: readonly [number, number, number, number],
  length: number,
  { isCausal = false, ...call }: Omit<Call, 'dropoutP'> = {},
): CaseOf<'prefixAttention'> {
  const { inputs, attrs, ...rest } = attention(name, sizes, call);
  const operands = inputs.slice(0, 4);
  return {
    ...rest,
    inputs: [...operands, given([], [length], 'int64')],
    attrs: { isCausal, scale: attrs.scale },
    name: `${name}, ${length} keys`,
  };
}

const isCausal = true;
const noGradient = 'finite differences would take thousands of evaluations';

export const attentions = {
  scaledDotProductAttention: {
    cases: [
      attention('matrices', [5, 7, 3, 4], { front: [] }),
      attention('heads', [6, 6, 4, 4], { front: [2, 2] }),
      attention('causal, fewer keys', [6, 4, 3, 2], { isCausal }),
      attention('causal, more keys', [5, 8, 3, 3], { isCausal, front: [1, 2] }),
      attention('shared heads', [5, 6, 3, 2], { front: [2, 4], keyFront: [2, 2] }),
      attention('shared heads, causal', [5, 5, 3, 3], { isCausal, front: [6], keyFront: [2] }),
      attention('one query', [1, 9, 4, 5], { front: [2, 3] }),
      attention('one query, shared heads', [1, 9, 4, 5], { front: [2, 6], keyFront: [2, 1], dropoutP: 0.3 }),
      attention('one query, causal', [1, 5, 4, 1], { isCausal, front: [] }),
      attention('one query, mask of heads', [1, 5, 3, 3], {
        front: [4],
        keyFront: [2],
        attnMask: mask([4, 1, 5]),
      }),
      attention('bool mask', [5, 6, 3, 3], { attnMask: mask([5, 6]) }),
      attention('a query that sees nothing', [5, 2, 3, 3], {
        attnMask: given([5, 2], [1, 0, 0, 0, 1, 1, 0, 1, 0, 0], 'bool'),
      }),
      attention('mask of keys', [5, 6, 3, 3], { front: [2, 2], attnMask: mask([2, 1, 1, 6]) }),
      attention('mask of queries', [5, 6, 3, 3], { front: [2, 2], attnMask: mask([2, 5, 1]) }),
      attention('numbers added', [5, 3, 3, 3], {
        front: [1, 2],
        scale: -1.5,
        attnMask: given([2, 1, 3], [0.5, -1, 2, -0.25, -Infinity, 1]),
      }),
      attention('one number for all keys', [6, 3, 2, 2], {
        attnMask: given([6, 1], [1, 0, -1, 2, 3, 4]),
      }),
      attention('dropout', [5, 7, 3, 3], { dropoutP: 0.4 }),
      attention('dropout, causal', [6, 6, 3, 3], { dropoutP: 0.4, isCausal }),
      attention('all dropped', [5, 7, 3, 3], { dropoutP: 1 }),
      attention('no keys', [5, 0, 3, 4]),
      attention('no queries', [0, 5, 3, 4]),
      attention('no heads', [5, 4, 3, 4], { front: [0] }),
      attention('no width', [5, 4, 0, 3]),
      attention('no width of values', [5, 4, 3, 0]),
      attention('blocks', [130, 300, 9, 35], { noGradient }),
      attention('blocks, causal', [300, 270, 16, 16], { isCausal, noGradient }),
      attention('blocks, mask and dropout', [150, 270, 8, 8], {
        front: [3],
        keyFront: [1],
        dropoutP: 0.2,
        attnMask: mask([150, 270]),
        noGradient,
      }),
      attention('one query, blocks', [1, 1030, 24, 24], {
        front: [8],
        keyFront: [2],
        dropoutP: 0.1,
        noGradient,
      }),
    ],
    dtypes: floats,
    tolerance: { relative: 2e-5, float64: 1e-13, why: 'exponentials of 2 ULP, sums block by block' },
    gradient: 'second',
    special: 0,
  },
  prefixAttention: {
    cases: [
      prefix('matrices', [5, 7, 3, 4], 4, { front: [] }),
      prefix('all of them', [5, 7, 3, 4], 7),
      prefix('none', [5, 7, 3, 4], 0),
      prefix('causal', [6, 9, 3, 2], 8, { isCausal }),
      prefix('causal, queries before the first', [6, 9, 3, 2], 4, { isCausal }),
      prefix('causal, few queries', [3, 9, 3, 2], 7, { isCausal, front: [2, 2] }),
      prefix('causal, few queries, before the first', [3, 9, 3, 2], 2, { isCausal }),
      prefix('one query', [1, 9, 4, 5], 5, { front: [2, 3] }),
      prefix('one query, causal', [1, 9, 4, 5], 5, { isCausal, front: [2, 4], keyFront: [2, 2] }),
      prefix('one query, none', [1, 9, 4, 5], 0),
      prefix('one query, mask of heads', [1, 5, 3, 3], 3, {
        front: [4],
        keyFront: [2],
        attnMask: mask([4, 1, 5]),
      }),
      prefix('bool mask, causal', [5, 6, 3, 3], 5, { isCausal, attnMask: mask([5, 6]) }),
      prefix('mask of queries', [5, 6, 3, 3], 5, { front: [2, 2], attnMask: mask([2, 5, 1]) }),
      prefix('numbers added, causal', [3, 3, 3, 3], 2, {
        isCausal,
        front: [1, 2],
        scale: -1.5,
        attnMask: given([2, 1, 3], [0.5, -1, 2, -0.25, -Infinity, 1]),
      }),
      prefix('no room', [5, 0, 3, 4], 0),
      prefix('no heads', [5, 4, 3, 4], 2, { front: [0] }),
      prefix('blocks', [130, 600, 9, 35], 300, { noGradient }),
      prefix('blocks, causal', [300, 700, 16, 16], 500, { isCausal, noGradient }),
      prefix('blocks, causal, mask', [150, 600, 8, 8], 270, {
        isCausal,
        front: [3],
        keyFront: [1],
        attnMask: mask([150, 600]),
        noGradient,
      }),
      prefix('one query, blocks', [1, 9000, 24, 24], 8450, { front: [2], noGradient }),
      prefix('one query, a block of many', [1, 9000, 24, 24], 30, { front: [8], keyFront: [2], noGradient }),
    ],
    dtypes: floats,
    tolerance: { relative: 2e-5, float64: 1e-13, why: 'exponentials of 2 ULP, sums block by block' },
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
