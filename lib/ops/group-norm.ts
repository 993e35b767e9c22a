import { checkFlag, checkInt, checkNumber, checkOptions, checkTensor, product, shapeText } from '../check.js';
import { isFloat, isHalf, machineEpsilon, promoteTypes } from '../dtype.js';
import { ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, pow } from './binary.js';
import { runComposite, runComposite1 } from './composite.js';
import { to } from './convert.js';
import { zeros } from './creation.js';
import { cat } from './join.js';
import { checkDTypes, checkFloat, checkNormalized, checkShapes } from './norm-checks.js';
import { batchNorm, blend } from './norm.js';
import { mean } from './reduction.js';
import { square, trunc } from './unary.js';
import { expand, narrow, reshape } from './view.js';

// Normalisation over groups of channels, over each channel of each sample, by the root mean square, and by neighbours.

export interface GroupNormOptions {
  /** [C] */
  weight?: Tensor | null;
  /** [C] */
  bias?: Tensor | null;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Normalises each group of C / numGroups channels of each sample: (x - mean) / sqrt(variance + eps) * weight + bias, the
 * variance biased. Wu and He, 2018. x: [N, C, ...], floating. The result has the dtype of x; weight and bias too, or
 * float32 beside 16 bits.
 *
 * @throws ShapeError for x of fewer than two dims, or a weight or bias that is not [C].
 * @throws ValueError if numGroups does not divide C.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.groupNorm(tensor([[1.5, 3.5, 7, 9]]), 2, { eps: 0 }).tolist(); // => [[-1, 1, -1, 1]]
 */
export function groupNorm(x: Tensor, numGroups: number, options: GroupNormOptions = {}): Tensor {
  const op = 'groupNorm';
  checkTensor(op, 'x', x);
  checkInt(op, 'numGroups', numGroups);
  checkOptions(op, options);
  const { weight = null, bias = null, eps = 1e-5 } = options;
  checkNumber(op, 'eps', eps);
  checkFloat(op, x);
  if (x.ndim < 2) throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted [N, C, ...]`);
  const channels = x.shape[1]!;
  if (numGroups < 1 || channels % numGroups !== 0) {
    throw new ValueError(`[${op}] numGroups: got ${numGroups}, wanted a divisor of ${channels} channels`);
  }
  checkShapes(op, { weight, bias }, [channels]);
  checkDTypes(op, { weight, bias }, x);
  return runComposite1('groupNorm', [x, weight, bias], { groups: numGroups, eps });
}

export interface InstanceNormOptions extends GroupNormOptions {
  /** [C]; updated in place where the statistics of the input are used. */
  runningMean?: Tensor | null;
  /** [C]; updated in place where the statistics of the input are used. */
  runningVar?: Tensor | null;
  /** Whether to normalise with the statistics of each sample, and not with the running ones. Default true. */
  useInputStats?: boolean;
  /** Share of the new statistics in the running ones. Default 0.1. */
  momentum?: number;
}

/** [C] as [N C], once for each sample. */
function perSample(values: Tensor | null, samples: number): Tensor | null {
  if (values === null) return null;
  const channels = values.shape[0]!;
  return reshape(expand(values, [samples, channels]), [samples * channels]);
}

/**
 * Normalises each channel of each sample: (x - mean) / sqrt(variance + eps) * weight + bias, the variance biased. Ulyanov,
 * Vedaldi and Lempitsky, 2016. x: [N, C, ...], floating. Running statistics take in the mean over the samples.
 *
 * @throws ShapeError for x of fewer than three dims, a single value per channel, or anything that is not [C].
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.instanceNorm(tensor([[[1.5, 3.5]]]), { eps: 0 }).tolist(); // => [[[-1, 1]]]
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const op = 'instanceNorm';
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { weight = null, bias = null, runningMean = null, runningVar = null } = options;
  const { eps = 1e-5, momentum = 0.1 } = options;
  checkNumber(op, 'eps', eps);
  checkNumber(op, 'momentum', momentum);
  const own = options.useInputStats === undefined || checkFlag(op, 'useInputStats', options.useInputStats);
  checkFloat(op, x);
  if (x.ndim < 2) throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted [N, C, ...]`);
  checkShapes(op, { weight, bias, runningMean, runningVar }, [x.shape[1]!]);
  checkDTypes(op, { weight, bias }, x);
  if (!own) return batchNorm(x, runningMean, runningVar, { weight, bias, eps });
  const [samples, channels] = x.shape as [number, number];
  const spatial = x.shape.slice(2);
  const count = product(spatial);
  if (count === 1) {
    throw new ShapeError(
      `[${op}] x is ${shapeText(x.shape)}, wanted more than one value per channel of a sample`,
    );
  }
  if (!runningMean && !runningVar) {
    return runComposite1('groupNorm', [x, weight, bias], { groups: Math.max(1, channels), eps });
  }
  return scoped(() => {
    const joined = reshape(x, [1, samples * channels, ...spatial]);
    const inputs = [joined, perSample(weight, samples), perSample(bias, samples)];
    const [out, means, variances] = runComposite('batchNormTrain', inputs, { eps });
    noGrad(() => {
      const over = (values: Tensor): Tensor => mean(reshape(values, [samples, channels]), { dim: 0 });
      if (runningMean) blend(runningMean, over(means!), momentum, 1);
      if (runningVar) blend(runningVar, over(variances!), momentum, count / (count - 1));
    });
    return reshape(out!, x.shape);
  });
}

export interface RmsNormOptions {
  /** Shape of the normalised dims. */
  weight?: Tensor | null;
  /** Added to the mean square. Default: 2^-52 for float64, else 2^-23, the distance from 1 to the next number. */
  eps?: number | null;
}

/**
 * Divides by the root mean square over the last dims: x / sqrt(mean(x²) + eps) * weight. Zhang and Sennrich, 2019.
 * x: [..., ...normalizedShape], floating. The result has the dtype of x, whatever that of the weight.
 *
 * @throws ShapeError if the last dims of x, or the shape of the weight, are not `normalizedShape`.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.rmsNorm(tensor([[1.5, 2]]), [2], { eps: 0 }).tolist(); // => [[0.8485, 1.1314]]
 */
export function rmsNorm(x: Tensor, normalizedShape: readonly number[], options: RmsNormOptions = {}): Tensor {
  const op = 'rmsNorm';
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { weight = null, eps = null } = options;
  if (eps !== null) checkNumber(op, 'eps', eps);
  checkFloat(op, x);
  checkNormalized(op, x, normalizedShape);
  checkShapes(op, { weight }, normalizedShape);
  const attrs = {
    normalizedDims: normalizedShape.length,
    eps: eps ?? machineEpsilon[x.dtype === 'float64' ? 'float64' : 'float32'],
  };
  if (weight === null || weight.dtype === x.dtype || (isHalf(x.dtype) && weight.dtype === 'float32')) {
    return runComposite1('rmsNorm', [x, weight], attrs);
  }
  return scoped(() => {
    const dtype = promoteTypes(x.dtype, weight.dtype);
    return to(runComposite1('rmsNorm', [to(x, dtype), to(weight, dtype)], attrs), x.dtype);
  });
}

export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  alpha?: number;
  /** Default 0.75. */
  beta?: number;
  /** Default 1. */
  k?: number;
}

/**
 * x / (k + alpha m)^beta, where m is the mean of x² over `size` neighbouring channels, with zeros beyond the ends.
 * Krizhevsky, Sutskever and Hinton, 2012. x: [N, C, ...] of at least three dims.
 *
 * @throws ShapeError for x of fewer than three dims.
 * @throws ValueError for a size below 1.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.localResponseNorm(tensor([[[3.0], [4.0]]]), 1, { alpha: 1, beta: 1 }).tolist(); // => [[[0.3], [0.2353]]]
 */
export function localResponseNorm(x: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor {
  const op = 'localResponseNorm';
  checkTensor(op, 'x', x);
  checkInt(op, 'size', size);
  checkOptions(op, options);
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  for (const [name, value] of Object.entries({ alpha, beta, k })) checkNumber(op, name, value);
  if (size < 1) throw new ValueError(`[${op}] size: got ${size}, wanted at least 1`);
  if (x.ndim < 3)
    throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted [N, C, ...] of three dims or more`);
  return scoped(() => {
    const [samples, channels, ...spatial] = x.shape as [number, number, ...number[]];
    const padding = (count: number): Tensor => zeros([samples, count, ...spatial], { dtype: x.dtype });
    const before = Math.floor(size / 2);
    const padded = cat([padding(before), square(x), padding(size - 1 - before)], 1);
    let total = narrow(padded, 1, 0, channels);
    for (let i = 1; i < size; i++) total = add(total, narrow(padded, 1, i, channels));
    const average = div(total, size);
    // Integers have integer means.
    const neighbours = isFloat(x.dtype) ? average : trunc(average);
    return div(x, pow(add(mul(neighbours, alpha), k), beta));
  });
}
