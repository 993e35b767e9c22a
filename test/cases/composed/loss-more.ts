import type {
  DiceOptions,
  FocalOptions,
  MarginOptions,
  SigmoidFocalOptions,
  Tensor,
  TverskyOptions,
} from '../../../lib/index.js';
import { floats, given, index, real } from '../case.js';
import { a, b, lossRow, probabilities, summed } from './loss-values.js';
import { composed, type ComposedRows } from './row.js';

// Losses that PyTorch has not. The values are their formulas, by PyTorch in float64.

const soft = given([2, 3], [1, 0, 0.5, 0, 1, 0.25]);
const signs = given([2, 3], [1, -1, 1, -1, 1, -1]);
const unlike = [real([2, 3]), real([2, 4])];
const inside = (rows: number) => [real([rows, 3], 0.1, 0.9), real([rows, 3], 0.1, 0.9)];
// Away from the corner at the margin.
const short = (rows: number) => [real([rows, 3], -0.5, 0.5), real([rows, 3], 0.5, 1)];

export const lossMore: ComposedRows = {
  'F.hingeLoss': lossRow({
    call: (lg, options: MarginOptions, x, y) => lg.F.hingeLoss(x, y, options),
    known: [[a, signs], { margin: 0.5 }, [0, 0, 0, 1.5, 0.25, 0]],
    random: (rows) => [real([rows, 3], -2, -1), real([rows, 3], 0.5, 1)],
    wrong: unlike,
  }),
  'F.squaredHingeLoss': lossRow({
    call: (lg, options: MarginOptions, x, y) => lg.F.squaredHingeLoss(x, y, options),
    known: [[a, signs], {}, [0.25, 0, 0, 4, 0.5625, 0.25]],
    random: short,
    wrong: unlike,
  }),
  'F.logCoshLoss': lossRow({
    call: (lg, options: object, x, y) => lg.F.logCoshLoss(x, y, options),
    known: [[a, b], {}, [0.120114507, 1.8135681679, 1.0866032377, 0.855440171, 0.0309298036, 1.8135681679]],
    random: (rows) => [real([rows, 3]), real([rows, 3])],
    wrong: unlike,
  }),
  'F.sigmoidFocalLoss': lossRow({
    call: (lg, options: SigmoidFocalOptions, x, y) => lg.F.sigmoidFocalLoss(x, y, options),
    known: [
      [a, soft],
      { alpha: 0.4, gamma: 1.5 },
      [0.0439900519, 0.0262147112, 0.1992146096, 0.4925278486, 0.0667398763, 0.0957637644],
    ],
    random: (rows) => [real([rows, 3]), real([rows, 3], 0, 1)],
    wrong: unlike,
  }),
  'F.focalLoss': composed({
    call: (lg, options: FocalOptions, x: Tensor, t: Tensor, weight: Tensor) =>
      lg.F.focalLoss(x, t, { ...options, weight, reduction: 'none' }),
    cases: [
      {
        name: 'small',
        inputs: [a, given([2], [2, 0], 'int64'), given([3], [1, 2, 0.5])],
        attrs: { gamma: 1.5 },
        expected: [0.0119782629, 0.1387110838],
      },
      { name: 'random', inputs: [real([4, 3]), index([4], 3), real([3], 0.5, 1)], attrs: {} },
      { name: 'of nothing', inputs: [real([0, 3]), index([0], 3), real([3])], attrs: {} },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      { name: 'targets', inputs: [real([4, 3]), index([3], 3), real([3])], attrs: {}, error: 'ShapeError' },
    ],
  }),
  'F.diceLoss': lossRow({
    call: (lg, options: DiceOptions, x, y) => lg.F.diceLoss(x, y, options),
    known: [[probabilities, soft], { smooth: 0.1 }, [0.6875, 0.8163265306]],
    random: inside,
    wrong: unlike,
  }),
  'F.tverskyLoss': lossRow({
    call: (lg, options: TverskyOptions, x, y) => lg.F.tverskyLoss(x, y, options),
    known: [[probabilities, soft], { smooth: 0.1, alpha: 0.3, beta: 0.7 }, [0.6625766871, 0.7892720307]],
    random: inside,
    wrong: unlike,
  }),
};
