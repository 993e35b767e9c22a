import { Handle } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import { checkFlag, checkOptions, checkRange, checkTensors, describe } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { runComposite, runComposite1 } from '../../ops/composite.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

export interface ClipGradNormOptions {
  /** The p of the norm, above 0; Infinity for the largest element. Default 2. */
  normType?: number;
  /** Throw when the norm is no number or infinite. Default false. */
  errorIfNonfinite?: boolean;
}

/**
 * Scales all gradients, in place, so that their norm together is at most `maxNorm`; gives the norm that they had, 0-dim.
 * norm = (Σ |g|^p)^(1/p); every gradient times min(1, maxNorm / (norm + 1e-6)). Parameters without a gradient are passed over.
 *
 * @param parameters Parameters, or one.
 * @throws ValueError for a bound or `normType` out of range, or for a norm that is not finite with `errorIfNonfinite`; the
 *   gradients are as they were then.
 * @throws DTypeError for parameters that are not tensors.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const w = tensor([0, 0], { dtype: 'float32', requiresGrad: true });
 * w.mul(tensor([3, 4])).sum().backward();
 * nn.utils.clipGradNorm_([w], 1).item(); // => 5
 * Array.from(w.grad?.data ?? [], (value) => Number(value).toFixed(2)); // => ['0.60', '0.80']
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Tensor {
  const op = 'clipGradNorm_';
  const params = parametersOf(op, parameters);
  checkRange(op, 'maxNorm', maxNorm, 0, Infinity);
  checkOptions(op, options, ['normType', 'errorIfNonfinite']);
  const { normType: p = 2 } = options;
  checkRange(op, 'normType', p, Number.MIN_VALUE, Infinity);
  const clip = (most: number): Tensor =>
    runComposite1('clipGradNorm', [params, backend.create('float64', [], Float64Array.of(most))], { p });
  return noGrad(() =>
    scoped(() => {
      if (checkFlag(op, 'errorIfNonfinite', options.errorIfNonfinite)) {
        const norm = Number(clip(Infinity).item());
        if (!Number.isFinite(norm))
          throw new ValueError(`[${op}] got gradients of norm ${norm}, wanted a finite one`);
      }
      return clip(maxNorm);
    }),
  );
}

/**
 * Clips every element of all gradients to [-clipValue, clipValue], in place. Parameters without a gradient are passed over.
 *
 * @param parameters Parameters, or one.
 * @throws ValueError for a bound below 0.
 * @throws DTypeError for parameters that are not tensors.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const w = tensor([0, 0], { dtype: 'float32', requiresGrad: true });
 * w.mul(tensor([3, -0.25])).sum().backward();
 * nn.utils.clipGradValue_(w, 0.5);
 * w.grad?.tolist(); // => [0.5, -0.25]
 */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  const params = parametersOf('clipGradValue_', parameters);
  checkRange('clipGradValue_', 'clipValue', clipValue, 0, Infinity);
  noGrad(() =>
    scoped(() => {
      const value = backend.create('float64', [], Float64Array.of(clipValue));
      runComposite('clipGradValue', [params, value], {});
    }),
  );
}

/** Those that can have a gradient. */
function parametersOf(op: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const given: unknown = parameters;
  if (Handle.is(given)) return [given as Tensor];
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given))
    throw new DTypeError(
      `[${op}] parameters: got ${describe(given)}, wanted tensors, as model.parameters() gives`,
    );
  const list = [...(given as Iterable<Tensor>)];
  // A Sequential gives its layers.
  if (given instanceof Module && list.some((entry: unknown) => entry instanceof Module)) {
    throw new DTypeError(
      `[${op}] parameters: got ${describe(given)}, wanted tensors, as model.parameters() gives`,
    );
  }
  checkTensors(op, 'parameters', list);
  return list.filter((param) => isFloat(param.dtype));
}
