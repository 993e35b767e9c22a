import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import type { PackedSequence } from '../utils/packed-sequence.js';
import { RecurrentLayer } from './layer.js';
import type { RecurrentLayerOptions, Sequences } from './layer.js';

/**
 * Gated recurrent units (Cho et al., 2014), in the variant that multiplies by the reset gate after the product:
 * r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z = sigmoid(W_iz x + b_iz + W_hz h + b_hz),
 * n = tanh(W_in x + b_in + r (W_hn h + b_hn)), h' = (1 - z) n + z h.
 *
 * x: [T, N, inputSize], [N, T, inputSize] with batchFirst, [T, inputSize], or a {@link PackedSequence}; h0: [L D, N, hiddenSize]
 * ([L D, hiddenSize] for one sequence), zeros by default, with L layers and D directions. Gives `[output, h]`: the last layer's
 * h of all steps, [T, N, D hiddenSize] in the form of x, and the last h of every layer and direction in the shape of h0.
 * Parameters are named as PyTorch's: `weight_ih_l0` [3 hiddenSize, inputs], `weight_hh_l0` [3 hiddenSize, hiddenSize],
 * `bias_ih_l0` and `bias_hh_l0` [3 hiddenSize], each for r, z, n, with `_reverse` at the end for the other direction, all drawn
 * uniformly from [-1/sqrt(hiddenSize), 1/sqrt(hiddenSize)).
 * @throws ValueError for sizes below 1, a dropout outside [0, 1], or an unknown option.
 * @throws ShapeError from `forward`, if x or h0 do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const gru = new nn.GRU(4, 8, { batchFirst: true, bidirectional: true });
 * const [output, h] = gru.forward(randn([3, 5, 4]));
 * output.shape; // => [3, 5, 16]
 * h.shape; // => [2, 3, 8]
 */
export class GRU extends RecurrentLayer<Tensor, [output: Sequences, h: Tensor]> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentLayerOptions = {}) {
    super('GRU', 'gru', inputSize, hiddenSize, options);
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
