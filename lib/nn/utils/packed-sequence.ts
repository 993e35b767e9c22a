import { checkTensor, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { to } from '../../ops/convert.js';
import type { FloatDType } from '../../dtype.js';
import type { Tensor } from '../../tensor.js';

/**
 * Sequences of different lengths without padding: the first elements of all, then the second ones of those that have one, and
 * so on, the longest sequence first. Made by {@link packPaddedSequence} and {@link packSequence}; RNN, LSTM and GRU take and
 * give it.
 *
 * data: [rows, ...], rows the sum of the lengths; batchSizes: [T], int64, how many sequences have a step t. sortedIndices: [N],
 * int64, which sequence of the batch each packed one is, and unsortedIndices its inverse; null where the batch was sorted.
 * @throws ShapeError if data has no dims or batchSizes not one.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const packed = nn.utils.rnn.packSequence([tensor([1, 2, 3]), tensor([4, 5])]);
 * packed.data.tolist(); // => [1, 4, 2, 5, 3]
 * packed.batchSizes.tolist(); // => [2, 2, 1]
 */
export class PackedSequence {
  constructor(
    readonly data: Tensor,
    readonly batchSizes: Tensor,
    readonly sortedIndices: Tensor | null = null,
    readonly unsortedIndices: Tensor | null = null,
  ) {
    checkTensor('PackedSequence', 'data', data);
    checkTensor('PackedSequence', 'batchSizes', batchSizes);
    if (sortedIndices !== null) checkTensor('PackedSequence', 'sortedIndices', sortedIndices);
    if (unsortedIndices !== null) checkTensor('PackedSequence', 'unsortedIndices', unsortedIndices);
    if (data.ndim === 0 || batchSizes.ndim !== 1) {
      throw new ShapeError(
        `[PackedSequence] data is ${shapeText(data.shape)} and batchSizes ${shapeText(batchSizes.shape)}, ` +
          'wanted [rows, ...] and [T]',
      );
    }
  }

  /** The same sequences with other elements, one for each row of `data`. */
  withData(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.batchSizes, this.sortedIndices, this.unsortedIndices);
  }

  /** With the data in another floating dtype. */
  to(dtype: FloatDType): PackedSequence {
    return this.withData(to(this.data, dtype));
  }
}
