import { backend } from '../backend/current.js';
import { checkDType, checkInt, checkOptions, checkTensor } from '../check.js';
import type { DType } from '../dtype.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';

// Running folds: out[j] is of x[0] to x[j] along a dim.

export interface CumulativeOptions {
  /** Cast to this dtype first. Default: int64 for integers and bool, else that of x. */
  dtype?: DType;
}

/**
 * The running sum along `dim`: out[j] = x[0] + ... + x[j], of the shape of x. Integers and bool give int64. Floats are
 * added up in float64.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { cumsum, tensor } from 'lanegrad';
 * cumsum(tensor([[1, 2, 3], [4, 5, 6]]), 1).tolist(); // => [[1, 3, 6], [4, 9, 15]]
 */
export function cumsum(x: Tensor, dim: number, options: CumulativeOptions = {}): Tensor {
  checkTensor('cumsum', 'x', x);
  checkInt('cumsum', 'dim', dim);
  checkOptions('cumsum', options);
  const { dtype } = options;
  if (dtype === undefined) return backend.run1('cumsum', [x], { dim, reverse: false });
  checkDType('cumsum', dtype);
  return scoped(() => to(backend.run1('cumsum', [to(x, dtype)], { dim, reverse: false }), dtype));
}
