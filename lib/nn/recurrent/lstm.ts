import { checkOptions, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import type { PackedSequence } from '../utils/packed-sequence.js';
import { RecurrentLayer, statePair } from './layer.js';
import type { RecurrentLayerOptions, Sequences } from './layer.js';

export interface LSTMOptions extends RecurrentLayerOptions {
  /** Size of h after a learned projection, less than hiddenSize; 0 for none. Default 0. */
  projSize?: number;
}

/** h and c of all layers and directions. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/**
 * Long short-term memory (Hochreiter and Schmidhuber, 1997):
 * i, f, o = sigmoid(W_i* x + b_i* + W_h* h + b_h*), g = tanh(W_ig x + b_ig + W_hg h + b_hg), c' = f c + i g, h' = o tanh(c');
 * with projSize h' = W_hr (o tanh(c')) (Sak et al., 2014).
 *
 * x: [T, N, inputSize], [N, T, inputSize] with batchFirst, [T, inputSize], or a {@link PackedSequence}; h0: [L D, N, P] and c0:
 * [L D, N, hiddenSize] (without N for one sequence), zeros by default, with L layers, D directions, and P = projSize or
 * hiddenSize. Gives `[output, [h, c]]`: the last layer's h of all steps, [T, N, D P] in the form of x, and the last h and c of
 * every layer and direction in the shapes of h0 and c0. Parameters are named as PyTorch's: `weight_ih_l0` [4 hiddenSize,
 * inputs], `weight_hh_l0` [4 hiddenSize, P], `bias_ih_l0` and `bias_hh_l0` [4 hiddenSize], each for i, f, g, o, and `weight_hr_l0`
 * [projSize, hiddenSize], with `_reverse` at the end for the other direction, all drawn uniformly from
 * [-1/sqrt(hiddenSize), 1/sqrt(hiddenSize)).
 * @throws ValueError for sizes below 1, a projSize that is not less than hiddenSize, a dropout outside [0, 1], or an unknown option.
 * @throws ShapeError from `forward`, if x, h0 or c0 do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const lstm = new nn.LSTM(4, 8, { batchFirst: true });
 * const [output, [h, c]] = lstm.forward(randn([3, 5, 4]));
 * output.shape; // => [3, 5, 8]
 * h.shape; // => [1, 3, 8]
 * const [more] = lstm.forward(randn([3, 2, 4]), [h, c]);
 * more.shape; // => [3, 2, 8]
 */
export class LSTM extends RecurrentLayer<LSTMState, [output: Sequences, state: [h: Tensor, c: Tensor]]> {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    checkOptions('LSTM', options);
    const { projSize = 0 } = options;
    if (!Number.isSafeInteger(projSize) || projSize < 0 || (projSize > 0 && projSize >= hiddenSize)) {
      throw new ValueError(
        `[LSTM] projSize: got ${describe(projSize)}, wanted an integer from 0 to less than hiddenSize, ${hiddenSize}`,
      );
    }
    super('LSTM', 'lstm', inputSize, hiddenSize, options, ['projSize'], projSize);
  }

  override forward(x: Tensor, state?: LSTMState | null): [output: Tensor, state: [h: Tensor, c: Tensor]];
  override forward(
    x: PackedSequence,
    state?: LSTMState | null,
  ): [output: PackedSequence, state: [h: Tensor, c: Tensor]];
  override forward(
    x: Sequences,
    state?: LSTMState | null,
  ): [output: Sequences, state: [h: Tensor, c: Tensor]];
  override forward(
    x: Sequences,
    state: LSTMState | null = null,
  ): [output: Sequences, state: [h: Tensor, c: Tensor]] {
    const pair = statePair('LSTM', state);
    return scoped(() => {
      const { output, h, c } = this.run(x, pair && pair[0], pair && pair[1]);
      return [output, [h, c!]];
    });
  }
}
