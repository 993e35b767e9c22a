import type { OpAttrs } from '../../lib/backend/op-schema.gen.js';
import { fixed, floats, real } from './case.js';
import type { CaseOf, Rows } from './case.js';

// One layer of an RNN, LSTM or GRU in one direction.

interface Sizes {
  readonly steps?: number;
  readonly batch?: number;
  readonly inputs?: number;
  readonly hidden?: number;
  /** Size of the outputs of an LSTM with a projection. */
  readonly projected?: number;
  readonly bias?: boolean;
  readonly reverse?: boolean;
  /** Sequences of each step: packed input. */
  readonly batchSizes?: readonly number[];
}

const gateCounts = { tanh: 1, relu: 1, lstm: 4, gru: 3 };

function layer(cell: OpAttrs['recurrent']['cell'], name: string, sizes: Sizes = {}): CaseOf<'recurrent'> {
  const { steps = 3, inputs = 2, hidden = 3, bias = true, reverse = false, batchSizes } = sizes;
  const batch = batchSizes ? batchSizes[0]! : (sizes.batch ?? 2);
  const outputs = sizes.projected ?? hidden;
  const gates = gateCounts[cell] * hidden;
  const rows = batchSizes?.reduce((sum, size) => sum + size, 0);
  const weight = (shape: readonly number[]) => real(shape, -0.8, 0.8);
  return {
    name: `${cell}, ${name}`,
    inputs: [
      real(rows === undefined ? [steps, batch, inputs] : [rows, inputs]),
      weight([batch, outputs]),
      cell === 'lstm' ? weight([batch, hidden]) : null,
      weight([gates, inputs]),
      weight([gates, outputs]),
      bias ? weight([gates]) : null,
      bias ? weight([gates]) : null,
      sizes.projected === undefined ? null : weight([outputs, hidden]),
      batchSizes ? fixed([batchSizes.length], batchSizes, 'int64') : null,
    ],
    attrs: { cell, reverse },
  };
}

const long = 'finite differences would take thousands of evaluations';

export const recurrentRows = {
  recurrent: {
    cases: [
      ...(['tanh', 'lstm', 'gru'] as const).flatMap((cell) => [
        layer(cell, 'forward'),
        layer(cell, 'reverse, without biases', { reverse: true, bias: false }),
        layer(cell, 'packed', { batchSizes: [3, 2, 2, 1] }),
        layer(cell, 'packed, reverse', { batchSizes: [3, 2, 1], reverse: true }),
        layer(cell, 'one step of one sequence', { steps: 1, batch: 1 }),
        layer(cell, 'no sequences', { batch: 0 }),
        {
          ...layer(cell, 'many steps', { steps: 9, batch: 37, inputs: 19, hidden: 33 }),
          noGradient: long,
        },
        {
          ...layer(cell, 'many packed', { batchSizes: [33, 33, 20, 5, 5, 1], inputs: 40, hidden: 64 }),
          noGradient: long,
        },
      ]),
      layer('relu', 'forward'),
      {
        ...layer('relu', 'many steps', { steps: 5, batch: 18, hidden: 35, reverse: true }),
        noGradient: long,
      },
      layer('lstm', 'projected', { projected: 2 }),
      layer('lstm', 'projected, packed, reverse', {
        projected: 2,
        hidden: 4,
        batchSizes: [2, 1],
        reverse: true,
      }),
      {
        ...layer('lstm', 'projected, many steps', { steps: 6, batch: 20, hidden: 40, projected: 24 }),
        noGradient: long,
      },
    ],
    dtypes: floats,
    tolerance: {
      relative: 2e-5,
      float64: 1e-12,
      why: 'sums of products in another order and gates of 1.5 ULP, step after step',
    },
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
