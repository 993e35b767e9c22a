// Plain JavaScript has no types, and this is what it can pass:
/* eslint-disable @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call */
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment */

import { expect, test } from 'vitest';
import * as lg from '../../lib/index.js';

// Layers, optimizers, schedules and metrics from absurd arguments. The engine does not throw when a list outgrows its heap but
// ends the process, so that sizes must be refused before a list is made of them.

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = any;
const { nn, optim, metrics, func, io } = lg as Loose;
const { OutOfMemoryError, ShapeError, ValueError, DTypeError } = lg;
const { rnn } = nn.utils;
const { lrScheduler } = optim;

type Row = readonly [what: string, call: () => unknown, kind: new (...args: never[]) => Error];

const many = 2 ** 31 + 5;
const param = () => nn.parameter(lg.ones([2, 2]));
const sgd = () => new optim.SGD([param()], { lr: 1 });
const layer = () => new nn.TransformerEncoderLayer(2, 1, { dimFeedforward: 2 });
const places = (count: number) => lg.ones([1, 1, count, 2]);
const holes = new Array(3);
const wide = (size: number) => lg.ones([1]).expand([size]);

const rows: Row[] = [
  ['LSTM: 2^31 layers', () => new nn.LSTM(2, 2, { numLayers: many }), OutOfMemoryError],
  ['RNN: 2^40 layers', () => new nn.RNN(2, 2, { numLayers: 2 ** 40 }), OutOfMemoryError],
  ['TransformerEncoder: 2^31 layers', () => new nn.TransformerEncoder(layer(), many), OutOfMemoryError],
  ['TransformerEncoder: 2^40 made', () => new nn.TransformerEncoder(layer, 2 ** 40), OutOfMemoryError],
  ['Transformer: 2^31 layers', () => new nn.Transformer({ numEncoderLayers: many }), OutOfMemoryError],
  ['alibi: 2^31 heads', () => nn.alibi(many, 2, 2), OutOfMemoryError],
  [
    'dirac_: 2^40 elements',
    () => nn.init.dirac_(lg.ones([1, 1, 1]).expand([1, 2 ** 40, 1])),
    OutOfMemoryError,
  ],
  ['ConfusionMatrix: 2^31 classes', () => new metrics.ConfusionMatrix(many), OutOfMemoryError],
  ['Bleu: 2^31 grams', () => new metrics.Bleu({ nGram: many }), OutOfMemoryError],
  ['jacobian of 2^40 elements', () => func.jacobian(() => wide(2 ** 40), lg.ones([1])), OutOfMemoryError],
  [
    'packPaddedSequence: 2^31 steps',
    () => rnn.packPaddedSequence(lg.ones([1, 1, 1]).expand([many, 1, 1]), [many]),
    OutOfMemoryError,
  ],
  [
    'padPackedSequence: 2^31 steps',
    () => rnn.padPackedSequence(rnn.packSequence([lg.ones([2, 1])]), { totalLength: many }),
    OutOfMemoryError,
  ],
  [
    'padPackedSequence: a batch of 2^31',
    () => rnn.padPackedSequence(new rnn.PackedSequence(lg.ones([2, 1]), lg.tensor([many]))),
    OutOfMemoryError,
  ],
  [
    'PackedSequence: an order that is a number',
    () => new rnn.PackedSequence(lg.ones([2, 1]), lg.tensor([1, 1]), 5, 5),
    DTypeError,
  ],
  ['encodeSafetensors: 2^40 elements', () => io.encodeSafetensors({ a: wide(2 ** 40) }), OutOfMemoryError],
  [
    'KVCache: more keys than values',
    () => lg.noGrad(() => new nn.KVCache().append(places(3), places(2))),
    ShapeError,
  ],
  [
    'TransformerEncoder: caches of text',
    () => new nn.TransformerEncoder(layer(), 1).forward(places(1), { caches: 'x' }),
    ValueError,
  ],
  ['ModuleList of a number', () => new nn.ModuleList(3), ValueError],
  ['ParameterList of null', () => new nn.ParameterList(null), ValueError],
  ['Adam: a state that is null', () => load({ 0: null }, [0]), ValueError],
  ['Adam: a parameter without a number', () => load({}, [Object.create(null)]), ValueError],
  ['LBFGS: options that are null', () => new optim.LBFGS([param()], null), ValueError],
  [
    'LambdaLR: a factor that is a symbol',
    () => new lrScheduler.LambdaLR(sgd(), () => Symbol('x')),
    ValueError,
  ],
  ['LambdaLR: a factor of NaN', () => new lrScheduler.LambdaLR(sgd(), () => NaN), ValueError],
  ['ChainedScheduler of holes', () => new lrScheduler.ChainedScheduler(holes), ValueError],
  ['eye_ of a number', () => nn.init.eye_(3), DTypeError],
  [
    'vjp: a direction that is a number',
    () => func.vjp((x: lg.Tensor) => x.mul(2), lg.ones([2]))[1](3),
    DTypeError,
  ],
  [
    'MeanAveragePrecision: a threshold',
    () => new metrics.MeanAveragePrecision({ iouThresholds: 0.5 }),
    ValueError,
  ],
  [
    'MeanAveragePrecision of null',
    () => new metrics.MeanAveragePrecision().update([null], [null]),
    ValueError,
  ],
  ['Bleu: tokens that are null', () => new metrics.Bleu().update([null], [[null]]), ValueError],
  ['Bleu: no references but holes', () => new metrics.Bleu().update([['a']], [holes]), ValueError],
];

function load(state: unknown, params: unknown): void {
  const optimizer = new optim.Adam([param()]);
  const [group] = optimizer.stateDict().paramGroups;
  optimizer.loadStateDict({ state, paramGroups: [{ ...group, params }] });
}

test.each(rows)('%s', (_, call, kind) => {
  expect(call).toThrow(kind);
  // "[op] ...": the op, then at least what it got.
  expect(call).toThrow(/^\[[A-Za-z][\w.:]*\] \S.{8,}/s);
});
