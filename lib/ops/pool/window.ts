import { checkFlag, checkOptions, checkTensor } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { checkImage, sizesOf } from '../sizes.js';

export interface PoolOptions<Size> {
  /** Default: the kernel. */
  stride?: Size;
  /** At most half the kernel. Default 0. */
  padding?: Size;
  /** Round the output size up, so that a last window may stick out. Default false. */
  ceilMode?: boolean;
}

/** A window that slides, as the ops take it. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
}

export function windowAttrs(
  op: string,
  kernel: unknown,
  directions: number,
  options: PoolOptions<unknown>,
): WindowAttrs {
  checkOptions(op, options);
  const sizes = sizesOf(op, 'kernel', kernel, directions, 1);
  const { stride, padding = 0 } = options;
  return {
    kernel: sizes,
    stride: stride == null ? sizes : sizesOf(op, 'stride', stride, directions, 1),
    padding: sizesOf(op, 'padding', padding, directions, 0),
    ceilMode: checkFlag(op, 'ceilMode', options.ceilMode),
  };
}

/** What can be pooled: [N, C, ...] or [C, ...] with elements. */
export function checkPooled(op: string, x: unknown, directions: number): asserts x is Tensor {
  checkTensor(op, 'x', x);
  checkImage(op, x, directions, true);
}
