import { checkTensor } from '../check.js';
import { isFloat } from '../dtype.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { div } from './binary.js';
import { runComposite1 } from './composite.js';
import { to } from './convert.js';
import { mean, reduceAttrs, sum, type ReduceOptions, type SumOptions } from './reduction.js';

// Reductions that leave some elements out.

/**
 * The sum of the elements that are not NaN. Of none: 0. See {@link sum}.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { nansum, tensor } from 'lanegrad';
 * nansum(tensor([1.5, NaN, 2])).item(); // => 3.5
 */
export function nansum(x: Tensor, options?: SumOptions): Tensor {
  checkTensor('nansum', 'x', x);
  const { dtype, ...dims } = options ?? {};
  if (!isFloat(x.dtype)) return sum(x, options);
  const attrs = reduceAttrs('nansum', dims);
  if (dtype === undefined) return runComposite1('nansum', [x], attrs);
  // A wider float sums what it holds; an integer could not hold NaN.
  return scoped(() =>
    isFloat(dtype)
      ? runComposite1('nansum', [to(x, dtype)], attrs)
      : to(runComposite1('nansum', [x], attrs), dtype),
  );
}

/**
 * The mean of the elements that are not NaN. Of none: NaN. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @throws IndexError for a dim out of range.
 * @example
 * import { nanmean, tensor } from 'lanegrad';
 * nanmean(tensor([1.5, NaN, 2.5])).item(); // => 2
 */
export function nanmean(x: Tensor, options: SumOptions = {}): Tensor {
  checkTensor('nanmean', 'x', x);
  const { dtype, ...dims } = options;
  if (!isFloat(dtype ?? x.dtype)) return mean(x, options);
  return scoped(() => {
    const given = dtype === undefined ? x : to(x, dtype);
    const numbers = runComposite1('countNumbers', [given], reduceAttrs('nanmean', dims));
    return div(nansum(given, dims), numbers);
  });
}

/**
 * How many elements are not 0; NaN is not. int64.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { countNonzero, tensor } from 'lanegrad';
 * countNonzero(tensor([[0, 1], [2, 3]]), { dim: 0 }).tolist(); // => [1, 2]
 */
export function countNonzero(x: Tensor, options: Pick<ReduceOptions, 'dim'> = {}): Tensor<'int64'> {
  checkTensor('countNonzero', 'x', x);
  return runComposite1('countNonzero', [x], reduceAttrs('countNonzero', options)) as Tensor<'int64'>;
}
