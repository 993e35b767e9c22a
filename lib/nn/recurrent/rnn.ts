import { checkChoice, checkOptions } from '../../check.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import type { PackedSequence } from '../utils/packed-sequence.js';
import { RecurrentLayer } from './layer.js';
import type { RecurrentLayerOptions, Sequences } from './layer.js';

export interface RNNOptions extends RecurrentLayerOptions {
  /** Default 'tanh'. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * An Elman network: h_t = tanh(x_t W_ih^T + b_ih + h_(t-1) W_hh^T + b_hh), or relu instead of tanh (Elman, 1990).
 *
 * x: [T, N, inputSize], [N, T, inputSize] with batchFirst, [T, inputSize], or a {@link PackedSequence}; h0: [L D, N, hiddenSize]
 * ([L D, hiddenSize] for one sequence), zeros by default, with L layers and D directions. Gives `[output, h]`: the last layer's
 * h_t of all steps, [T, N, D hiddenSize] in the form of x, and the last h_t of every layer and direction in the shape of h0.
 * Parameters are named as PyTorch's: `weight_ih_l0` [hiddenSize, inputs], `weight_hh_l0` [hiddenSize, hiddenSize], `bias_ih_l0`
 * and `bias_hh_l0` [hiddenSize], with `_reverse` at the end for the other direction, all drawn uniformly from
 * [-1/sqrt(hiddenSize), 1/sqrt(hiddenSize)).
 * @throws ValueError for sizes below 1, a dropout outside [0, 1], or an unknown option.
 * @throws ShapeError from `forward`, if x or h0 do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const rnn = new nn.RNN(4, 8, { numLayers: 2 });
 * const [output, h] = rnn.forward(randn([5, 3, 4]));
 * output.shape; // => [5, 3, 8]
 * h.shape; // => [2, 3, 8]
 */
export class RNN extends RecurrentLayer<Tensor, [output: Sequences, h: Tensor]> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    checkOptions('RNN', options);
    const { nonlinearity = 'tanh' } = options;
    checkChoice('RNN', 'nonlinearity', nonlinearity, ['tanh', 'relu']);
    super('RNN', nonlinearity, inputSize, hiddenSize, options, ['nonlinearity']);
    this.nonlinearity = nonlinearity;
  }

  override forward(x: Tensor, h0?: Tensor | null): [output: Tensor, h: Tensor];
  override forward(x: PackedSequence, h0?: Tensor | null): [output: PackedSequence, h: Tensor];
  override forward(x: Sequences, h0?: Tensor | null): [output: Sequences, h: Tensor];
  override forward(x: Sequences, h0: Tensor | null = null): [output: Sequences, h: Tensor] {
    return scoped(() => {
      const { output, h } = this.run(x, h0, null);
      return [output, h];
    });
  }
}
