import { checkFlag, checkInt, checkNumber, checkOptions, checkTensor } from '../check.js';
import { isFloat } from '../dtype.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { div, mul, sub } from './binary.js';
import { runComposite } from './composite.js';
import { to } from './convert.js';
import { full } from './creation.js';
import { matmul } from './matmul.js';
import {
  amax,
  amin,
  mean,
  sum,
  variance,
  type DimOptions,
  type ValuesAndIndices,
  type VarOptions,
} from './reduction.js';
import type { PickOptions } from './sorting.js';
import { clamp } from './clamp.js';
import { sqrt } from './unary.js';
import { flatten, reshape, slice, squeeze, t, unsqueeze } from './view.js';
import { within } from './within.js';

// Moments, medians and the like.

/**
 * The variance and the mean over dims. See {@link variance}.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { tensor, varMean } from 'lanegrad';
 * const [variance, mean] = varMean(tensor([1.5, 2.5, 3.5]));
 * variance.item(); // => 1
 * mean.item(); // => 2.5
 */
export function varMean(x: Tensor, options: VarOptions = {}): [variance: Tensor, mean: Tensor] {
  checkTensor('varMean', 'x', x);
  checkOptions('varMean', options);
  const { dim, keepdim } = options;
  return [
    variance(x, options),
    mean(x, { ...(dim !== undefined && { dim }), ...(keepdim !== undefined && { keepdim }) }),
  ];
}

/**
 * The standard deviation and the mean over dims.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { stdMean, tensor } from 'lanegrad';
 * const [deviation, mean] = stdMean(tensor([1.5, 3.5, 5.5]));
 * deviation.item(); // => 2
 * mean.item(); // => 3.5
 */
export function stdMean(x: Tensor, options: VarOptions = {}): [deviation: Tensor, mean: Tensor] {
  return scoped(() => {
    const [spread, middle] = varMean(x, options);
    return [sqrt(spread), middle];
  });
}

/**
 * The smallest and the largest element, along one dim or of all. NaN wins; ties share the gradient evenly.
 *
 * @throws ShapeError or IndexError if there is nothing to choose from.
 * @example
 * import { aminmax, tensor } from 'lanegrad';
 * const { min, max } = aminmax(tensor([3, 1, 2]));
 * min.item(); // => 1
 * max.item(); // => 3
 */
export function aminmax(x: Tensor, options: DimOptions = {}): { readonly min: Tensor; readonly max: Tensor } {
  checkTensor('aminmax', 'x', x);
  return { min: amin(x, options), max: amax(x, options) };
}

/**
 * The lower of the two middle elements, (n - 1) / 2 from the smallest; NaN if there is one. Of all elements the value; along
 * `dim` also where it is.
 *
 * @throws DTypeError for bool.
 * @throws IndexError for a dim out of range, or of size 0.
 * @example
 * import { median, tensor } from 'lanegrad';
 * median(tensor([5, 1, 4, 2])).item(); // => 2
 * median(tensor([[5, 1, 4]]), { dim: 1 }).indices.tolist(); // => [2]
 */
export function median(x: Tensor, options: DimOptions & { dim: number }): ValuesAndIndices;
export function median(x: Tensor): Tensor;
export function median(x: Tensor, options?: DimOptions & { dim: number }): Tensor | ValuesAndIndices {
  return middle('median', x, options);
}

/**
 * The {@link median} of the elements that are not NaN; NaN where there are none.
 *
 * @example
 * import { nanmedian, tensor } from 'lanegrad';
 * nanmedian(tensor([4.5, NaN, 1, 2])).item(); // => 2
 */
export function nanmedian(x: Tensor, options: DimOptions & { dim: number }): ValuesAndIndices;
export function nanmedian(x: Tensor): Tensor;
export function nanmedian(x: Tensor, options?: DimOptions & { dim: number }): Tensor | ValuesAndIndices {
  return middle('nanmedian', x, options);
}

function middle(
  op: 'median' | 'nanmedian',
  x: Tensor,
  options: (DimOptions & { dim: number }) | undefined,
): Tensor | ValuesAndIndices {
  checkTensor(op, 'x', x);
  if (options === undefined) {
    if (x.numel() === 0 && isFloat(x.dtype)) return full([], NaN, { dtype: x.dtype });
    return scoped(() => runComposite(op, [flatten(x)], { dim: 0, keepdim: false })[0]!);
  }
  checkOptions(op, options);
  checkInt(op, 'dim', options.dim);
  const keepdim = checkFlag(op, 'keepdim', options.keepdim);
  return pair(runComposite(op, [x], { dim: options.dim, keepdim }));
}

function pair([values, indices]: readonly Tensor[]): ValuesAndIndices {
  return { values: values!, indices: indices as Tensor<'int64'> };
}

/**
 * The most frequent element along a dim, the smallest of several, and where it stands last.
 *
 * @throws IndexError for a dim out of range, or of size 0.
 * @example
 * import { mode, tensor } from 'lanegrad';
 * mode(tensor([3, 1, 3, 1, 2])).values.item(); // => 1
 */
export function mode(x: Tensor, options: PickOptions = {}): ValuesAndIndices {
  checkTensor('mode', 'x', x);
  checkOptions('mode', options);
  const { dim = -1 } = options;
  checkInt('mode', 'dim', dim);
  const keepdim = checkFlag('mode', 'keepdim', options.keepdim);
  return pair(runComposite('mode', [x], { dim, keepdim }));
}

export interface CovOptions {
  /** The divisor is the number (or weight) of observations less this. Default 1. */
  correction?: number;
  /** How often each observation was made: integers, [N]. */
  fweights?: Tensor;
  /** The weight of each observation: [N]. */
  aweights?: Tensor;
}

/**
 * The covariances of variables, Σ w (x_i - mean_i) (x_j - mean_j) / (Σ w - correction), with the weights w = fweights ·
 * aweights. With aweights the correction is scaled by their weighted mean.
 *
 * x: [V, N] of V variables and N observations, gives [V, V]; or [N], gives []. Integers give float32.
 * @throws ShapeError for more than 2 dims, or weights that do not fit.
 * @throws ValueError for a negative weight.
 * @example
 * import { cov, tensor } from 'lanegrad';
 * cov(tensor([[0, 1, 2], [2, 1, 0]])).tolist(); // => [[1, -1], [-1, 1]]
 */
export function cov(x: Tensor, options: CovOptions = {}): Tensor {
  checkTensor('cov', 'x', x);
  checkOptions('cov', options);
  const { correction = 1 } = options;
  checkNumber('cov', 'correction', correction);
  if (x.shape.length > 2) throw new ShapeError(`[cov] x: got [${x.shape.join(', ')}], wanted at most 2 dims`);
  return scoped(() => {
    const given = isFloat(x.dtype) ? x : to(x, 'float32');
    const rows = x.shape.length === 2 ? given : reshape(given, [1, -1]);
    const count = rows.shape[1]!;
    const often = checkWeights('fweights', options.fweights, count);
    const aweights = checkWeights('aweights', options.aweights, count);
    const both = often && aweights ? mul(often, aweights) : (often ?? aweights);
    const weights = both && to(both, given.dtype);
    const total = weights ? sum(weights) : count;
    const weighted = weights ? mul(rows, weights) : rows;
    const centered = sub(rows, div(sum(weighted, { dim: 1, keepdim: true }), total));
    const lost =
      weights && aweights && correction !== 0
        ? div(mul(sum(mul(weights, aweights)), correction), total)
        : correction;
    const divisor =
      typeof total === 'number' && typeof lost === 'number'
        ? Math.max(total - lost, 0)
        : clamp(sub(total, lost), { min: 0 });
    const products = matmul(centered, t(weights ? mul(centered, weights) : centered));
    const result = div(products, divisor);
    // Of one variable, as in PyTorch, a single number.
    return squeeze(result);
  });
}

function checkWeights(name: string, weights: Tensor | undefined, count: number): Tensor | undefined {
  if (weights === undefined) return undefined;
  checkTensor('cov', name, weights);
  if (weights.shape.length !== 1 || weights.shape[0] !== count) {
    throw new ShapeError(
      `[cov] ${name}: got [${weights.shape.join(', ')}], wanted one for each of ${count} observations`,
    );
  }
  if (name === 'fweights' && isFloat(weights.dtype)) {
    throw new ValueError(`[cov] fweights: got ${weights.dtype}, wanted integers`);
  }
  return weights.dtype === 'bool' ? weights : within('cov', weights, 0, Infinity, true);
}

/**
 * The correlations of variables, cov[i][j] / sqrt(cov[i][i] cov[j][j]), in [-1, 1]. See {@link cov}.
 *
 * x: [V, N], gives [V, V]; or [N], gives [].
 * @throws ShapeError for more than 2 dims.
 * @example
 * import { corrcoef, tensor } from 'lanegrad';
 * corrcoef(tensor([[0, 1, 2], [4, 2, 0]])).tolist(); // => [[1, -1], [-1, 1]]
 */
export function corrcoef(x: Tensor): Tensor {
  checkTensor('corrcoef', 'x', x);
  return scoped(() => {
    const products = cov(x);
    if (products.shape.length === 0) return div(products, products);
    const size = products.shape[0]!;
    const deviation = sqrt(slice(flatten(products), 0, { step: size + 1 }));
    const scaled = div(div(products, unsqueeze(deviation, 1)), unsqueeze(deviation, 0));
    return clamp(scaled, { min: -1, max: 1 });
  });
}
