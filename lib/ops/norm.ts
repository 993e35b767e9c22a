import { backend } from '../backend/current.js';
import { checkFlag, checkNumber, checkOptions, checkTensor, noAttrs, shapeText } from '../check.js';
import { ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite, runComposite1 } from './composite.js';
import { to } from './convert.js';
import { checkDTypes, checkFloat, checkNormalized, checkShapes } from './norm-checks.js';
import { reshape } from './view.js';

export interface LayerNormOptions {
  /** Shape of the normalised dims. */
  weight?: Tensor | null;
  /** Shape of the normalised dims. */
  bias?: Tensor | null;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Layer normalisation over the last dims: (x - mean) / sqrt(variance + eps) * weight + bias, the variance biased.
 * Ba, Kiros and Hinton, 2016. x: [..., ...normalizedShape], floating. The result has the dtype of x; weight and bias too,
 * or float32 beside 16 bits.
 *
 * @throws ShapeError if the last dims of x, or the shape of weight or bias, are not `normalizedShape`.
 * @throws DTypeError for another dtype.
 * @example
 * import { layerNorm, tensor } from 'lanegrad';
 * layerNorm(tensor([[1.5, 3.5]]), [2], { eps: 0 }).tolist(); // => [[-1, 1]]
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: readonly number[],
  options: LayerNormOptions = {},
): Tensor {
  checkTensor('layerNorm', 'x', x);
  checkOptions('layerNorm', options);
  const { weight = null, bias = null, eps = 1e-5 } = options;
  checkNumber('layerNorm', 'eps', eps);
  checkFloat('layerNorm', x);
  checkNormalized('layerNorm', x, normalizedShape);
  checkShapes('layerNorm', { weight, bias }, normalizedShape);
  checkDTypes('layerNorm', { weight, bias }, x);
  return runComposite1('layerNorm', [x, weight, bias], { normalizedDims: normalizedShape.length, eps });
}

export interface BatchNormOptions {
  /** [C] */
  weight?: Tensor | null;
  /** [C] */
  bias?: Tensor | null;
  /** Normalise with the statistics of this batch, and update the running ones. Default false. */
  training?: boolean;
  /** Share of the new statistics in the running ones, any number; a 0-dim tensor where it changes between steps. Default 0.1. */
  momentum?: number | Tensor;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Batch normalisation over all dims but 1: (x - mean) / sqrt(variance + eps) * weight + bias. Ioffe and Szegedy, 2015.
 * x: [N, C, ...], floating. In training mean and variance (biased) are those of the batch, and
 * running = (1 - momentum) running + momentum batch (with the unbiased variance) is written in place; else the running
 * ones are used. Without elements x may have any shape, and its copy is the result.
 *
 * @throws ShapeError for x of fewer than two dims, or a single value per channel in training.
 * @example
 * import { batchNorm, tensor } from 'lanegrad';
 * const x = tensor([[1.5], [3.5]]);
 * batchNorm(x, null, null, { training: true, eps: 0 }).tolist(); // => [[-1], [1]]
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options: BatchNormOptions = {},
): Tensor {
  checkTensor('batchNorm', 'x', x);
  checkOptions('batchNorm', options);
  const { weight = null, bias = null, momentum = 0.1, eps = 1e-5 } = options;
  const training = checkFlag('batchNorm', 'training', options.training);
  checkNumber('batchNorm', 'eps', eps);
  if (typeof momentum !== 'number') checkTensor('batchNorm', 'momentum', momentum);
  const shape = x.shape;
  for (const [name, t] of Object.entries({ weight, bias, runningMean, runningVar })) {
    if (t !== null) checkTensor('batchNorm', name, t);
  }
  // Nothing to normalise, whatever its shape; the statistics stay.
  if (x.numel() === 0) return scoped(() => affineOfNothing(x, weight, bias));
  if (shape.length < 2) throw new ShapeError(`[batchNorm] x is ${shapeText(shape)}, wanted [N, C, ...]`);
  checkShapes('batchNorm', { weight, bias, runningMean, runningVar }, [shape[1]!]);
  checkDTypes('batchNorm', { weight, bias }, x);
  if (training) return normalizeByBatch(x, runningMean, runningVar, weight, bias, momentum, eps);
  if (!runningMean || !runningVar) {
    throw new ShapeError('[batchNorm] got no running statistics, wanted them outside training');
  }
  return scoped(() => {
    const perChannel = [shape[1]!, ...shape.slice(2).map(() => 1)];
    const rstd = backend.run1('rsqrt', [backend.run1('add', [runningVar, eps], noAttrs)], noAttrs);
    const scale = weight ? backend.run1('mul', [rstd, weight], noAttrs) : rstd;
    const centred = backend.run1('sub', [x, reshape(runningMean, perChannel)], noAttrs);
    const scaled = backend.run1('mul', [centred, reshape(scale, perChannel)], noAttrs);
    const shifted = bias ? backend.run1('add', [scaled, reshape(bias, perChannel)], noAttrs) : scaled;
    return to(shifted, x.dtype);
  });
}

/** A copy of x without elements, so that gradients reach every input. */
function affineOfNothing(x: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  let out = backend.run1('clone', [x], noAttrs);
  if (weight && weight.ndim === 1 && weight.numel() > 0)
    out = backend.run1('mul', [out, weight.select(0, 0)], noAttrs);
  if (bias && bias.ndim === 1 && bias.numel() > 0)
    out = backend.run1('add', [out, bias.select(0, 0)], noAttrs);
  return out;
}

function normalizeByBatch(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: Tensor | null,
  bias: Tensor | null,
  momentum: number | Tensor,
  eps: number,
): Tensor {
  const count = x.numel() / x.shape[1]!;
  if (count <= 1) {
    throw new ShapeError(
      `[batchNorm] x is ${shapeText(x.shape)}, wanted more than one value per channel in training`,
    );
  }
  return scoped(() => {
    const [out, mean, variance] = runComposite('batchNormTrain', [x, weight, bias], { eps });
    noGrad(() => {
      if (runningMean) blend(runningMean, mean!, momentum, 1);
      if (runningVar) blend(runningVar, variance!, momentum, count / (count - 1));
    });
    return out!;
  });
}

/** running = (1 - momentum) running + momentum * correction * value, in place. */
export function blend(running: Tensor, value: Tensor, momentum: number | Tensor, correction: number): void {
  const kept = typeof momentum === 'number' ? 1 - momentum : backend.run1('sub', [1, momentum], noAttrs);
  const share =
    typeof momentum === 'number'
      ? momentum * correction
      : backend.run1('mul', [momentum, correction], noAttrs);
  backend.runInPlace('mul', [running, kept], noAttrs);
  backend.runInPlace('add', [running, backend.run1('mul', [value, share], noAttrs)], noAttrs);
}
