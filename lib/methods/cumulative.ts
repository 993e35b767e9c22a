import * as cumulative from '../ops/cumulative.js';
import type { CumulativeOptions } from '../ops/cumulative.js';
import type { Tensor } from '../tensor.js';

/** Running folds as methods. */
export interface CumulativeMethods {
  cumsum(dim: number, options?: CumulativeOptions): Tensor;
}

export const cumulativeMethods: CumulativeMethods & ThisType<Tensor> = {
  cumsum(dim, options) {
    return cumulative.cumsum(this, dim, options);
  },
};
