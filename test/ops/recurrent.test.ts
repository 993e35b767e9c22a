import { describe, expect, it } from 'vitest';
import {
  DTypeError,
  info,
  ShapeError,
  tensor,
  ValueError,
  withComposites,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import type { OpAttrs } from '../../lib/backend/op-schema.gen.js';
import { runComposite } from '../../lib/ops/composite.js';

// The layers check what users give them; the op does not rely on that.

interface Operands {
  readonly x: Tensor;
  readonly h0: Tensor;
  readonly c0: Tensor | null;
  readonly weightIh: Tensor;
  readonly weightHh: Tensor;
  readonly biasIh: Tensor | null;
  readonly biasHh: Tensor | null;
  readonly weightHr: Tensor | null;
  readonly batchSizes: Tensor | null;
}

const lstm: Operands = {
  x: zeros([4, 2, 3]),
  h0: zeros([2, 5]),
  c0: zeros([2, 5]),
  weightIh: zeros([20, 3]),
  weightHh: zeros([20, 5]),
  biasIh: zeros([20]),
  biasHh: zeros([20]),
  weightHr: null,
  batchSizes: null,
};
const sizes = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });
const packed: Partial<Operands> = { x: zeros([6, 3]), batchSizes: sizes(2, 2, 1, 1) };

function run(changes: Partial<Operands>, cell: OpAttrs['recurrent']['cell'] = 'lstm'): Tensor[] {
  const o = { ...lstm, ...changes };
  const { x, h0, c0, weightIh, weightHh, biasIh, biasHh, weightHr, batchSizes } = o;
  return runComposite('recurrent', [x, h0, c0, weightIh, weightHh, biasIh, biasHh, weightHr, batchSizes], {
    cell,
    reverse: false,
  });
}

type Row = [string, () => unknown, new (text: string) => Error];
const refused: Row[] = [
  ['x of two dims', () => run({ x: zeros([4, 3]) }), ShapeError],
  ['packed x of three dims', () => run({ ...packed, x: zeros([6, 1, 3]) }), ShapeError],
  ['no steps', () => run({ x: zeros([0, 2, 3]) }), ShapeError],
  ['no steps, packed', () => run({ x: zeros([0, 3]), batchSizes: sizes() }), ShapeError],
  ['integers', () => run({ x: zeros([4, 2, 3], { dtype: 'int32' }) }), DTypeError],
  ['another dtype', () => run({ weightHh: zeros([20, 5], { dtype: 'float64' }) }), DTypeError],
  ['h0 of another batch', () => run({ h0: zeros([3, 5]) }), ShapeError],
  ['h0 of three dims', () => run({ h0: zeros([1, 2, 5]) }), ShapeError],
  ['c0 of another size', () => run({ c0: zeros([2, 4]) }), ShapeError],
  ['no c0', () => run({ c0: null }), ValueError],
  ['c0 of a gru', () => run({ weightIh: zeros([15, 3]), weightHh: zeros([15, 5]) }, 'gru'), ValueError],
  ['weightIh of another width', () => run({ weightIh: zeros([20, 4]) }), ShapeError],
  ['weightIh of other gates', () => run({ weightIh: zeros([15, 3]) }), ShapeError],
  ['weightHh that gates do not divide', () => run({ weightHh: zeros([18, 5]) }), ShapeError],
  ['weightHh of one dim', () => run({ weightHh: zeros([20]) }), ShapeError],
  ['weightHh of nothing', () => run({ weightHh: zeros([0, 5]) }), ShapeError],
  [
    'outputs that are not the hidden units',
    () => run({ h0: zeros([2, 4]), weightHh: zeros([20, 4]) }),
    ShapeError,
  ],
  ['biasIh', () => run({ biasIh: zeros([5]) }), ShapeError],
  ['biasHh', () => run({ biasHh: zeros([20, 1]) }), ShapeError],
  ['weightHr', () => run({ weightHr: zeros([5, 4]) }), ShapeError],
  ['weightHr of an rnn', () => run({ ...rnn, weightHr: zeros([5, 5]) }, 'tanh'), ValueError],
  [
    'batchSizes of another dtype',
    () => run({ ...packed, batchSizes: tensor([2, 2, 1, 1], { dtype: 'int32' }) }),
    DTypeError,
  ],
  [
    'batchSizes of two dims',
    () => run({ ...packed, batchSizes: zeros([2, 2], { dtype: 'int64' }) }),
    ShapeError,
  ],
  ['batchSizes that grow', () => run({ ...packed, batchSizes: sizes(2, 1, 2, 1) }), ValueError],
  [
    'batchSizes of fewer sequences',
    () => run({ ...packed, batchSizes: sizes(1, 1, 1, 1, 1, 1) }),
    ValueError,
  ],
  ['batchSizes of zero', () => run({ ...packed, batchSizes: sizes(2, 2, 2, 0) }), ValueError],
  ['batchSizes below zero', () => run({ ...packed, batchSizes: sizes(2, 2, 2, 2, -2) }), ValueError],
  ['batchSizes of more rows', () => run({ ...packed, batchSizes: sizes(2, 2, 2, 2) }), ValueError],
];
const rnn: Partial<Operands> = {
  c0: null,
  weightIh: zeros([5, 3]),
  weightHh: zeros([5, 5]),
  biasIh: null,
  biasHh: null,
};

describe('the recurrent op', () => {
  it('takes what these are changes of', () => {
    expect(run({}).map(({ shape }) => shape)).toEqual([
      [4, 2, 5],
      [2, 5],
      [2, 5],
      [4, 2, 25],
    ]);
    expect(run(packed)[0]!.shape).toEqual([6, 5]);
    expect(run(rnn, 'relu')[0]!.shape).toEqual([4, 2, 5]);
  });

  it.each(refused)('refuses %s', (_name, call, error) => {
    expect(call).toThrow(error);
    expect(() => withComposites(call)).toThrow(error);
  });

  it('keeps the memory order of x', () => {
    const x = zeros([2, 4, 3]).transpose(0, 1);
    expect(run({ x })[0]!.transpose(0, 1).isContiguous()).toBe(info().name === 'native');
  });
});
