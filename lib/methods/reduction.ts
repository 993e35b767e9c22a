import * as reduction from '../ops/reduction.js';
import type { LogsumexpOptions } from '../ops/reduction.js';
import type { Tensor } from '../tensor.js';

/** Reductions as methods. */
export interface ReductionMethods {
  logsumexp(options: LogsumexpOptions): Tensor;
}

export const reductionMethods: ReductionMethods & ThisType<Tensor> = {
  logsumexp(options) {
    return reduction.logsumexp(this, options);
  },
};
