import { product } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { checkSize } from '../options.js';

/** Numbers of channels that `groups` divides. */
export function checkGroupedChannels(
  op: string,
  inChannels: number,
  outChannels: number,
  groups: number,
): void {
  checkSize(op, 'inChannels', inChannels);
  checkSize(op, 'outChannels', outChannels);
  if (inChannels % groups !== 0 || outChannels % groups !== 0) {
    throw new ValueError(
      `[${op}] groups: got ${groups}, wanted a divisor of inChannels, ${inChannels}, and outChannels, ${outChannels}`,
    );
  }
}

/**
 * Every place of the larger side, [N, C, ...] or [C, ...], meets the kernel of its channel: of a convolution the output, of a
 * transposed one the input.
 */
export function convMultiplyAdds(weight: Tensor, shape: readonly number[]): number {
  return product(shape) * product(weight.shape.slice(1));
}
