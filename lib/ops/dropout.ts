import { checkFlag, checkOptions, checkRange, checkTensor } from '../check.js';
import { nextCounter } from '../generator.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite1 } from './composite.js';
import { blocksFor } from './random.js';

export interface DropoutOptions {
  /** Probability of a zero. Default 0.5. */
  p?: number;
  /** Default true; when false, x itself is returned. */
  training?: boolean;
}

/**
 * Zeroes each element with probability p and scales the others by 1 / (1 - p). Srivastava et al., 2014. x: any shape,
 * floating. The mask follows from the generator's counter, so the backward pass makes it again instead of keeping it.
 *
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { dropout, ones } from 'lanegrad';
 * dropout(ones([2]), { p: 1 }).tolist(); // => [0, 0]
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  checkTensor('dropout', 'x', x);
  checkOptions('dropout', options);
  const { p = 0.5, training = true } = options;
  checkRange('dropout', 'p', p, 0, 1);
  checkFlag('dropout', 'training', training);
  if (!training || p === 0) return x;
  return scoped(() => runComposite1('dropout', [x, nextCounter(blocksFor(x.numel(), 'float32'))], { p }));
}
