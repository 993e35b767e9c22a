import { backend } from '../backend/current.js';
import { Handle } from '../backend/backend.js';
import { checkOptions, checkTensor, describe } from '../check.js';
import { isFloat } from '../dtype.js';
import { ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite1 } from './composite.js';

export interface ClampOptions {
  /** Values below become this. Default: no bound. */
  min?: number | Tensor;
  /** Values above become this; it wins where min > max. Default: no bound. */
  max?: number | Tensor;
}

/**
 * min(max(x, options.min), options.max); NaN stays NaN. Bounds are numbers, or tensors that broadcast with x; dtypes
 * promote as in a sum: integers with a bound that is none become float32. The gradient goes to x where it lies within the
 * bounds, both included, else to the bound that was taken.
 *
 * @throws ValueError if neither bound is given, or one is NaN.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { clamp, tensor } from 'lanegrad';
 * clamp(tensor([-1, 0.5, 3]), { min: 0, max: 1 }).tolist(); // => [0, 0.5, 1]
 * clamp(tensor([1, 5]), { max: tensor([3, 4]) }).tolist(); // => [1, 4]
 */
export function clamp(x: Tensor, options: ClampOptions): Tensor {
  checkTensor('clamp', 'x', x);
  checkBounds('clamp', options);
  return bounded('clamp', x, options);
}

/**
 * max(x, min): {@link clamp} with a lower bound only.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { clampMin, tensor } from 'lanegrad';
 * clampMin(tensor([-1, 3]), 0).tolist(); // => [0, 3]
 */
export function clampMin(x: Tensor, min: number | Tensor): Tensor {
  checkTensor('clampMin', 'x', x);
  checkBounds('clampMin', { min });
  return bounded('clampMin', x, { min });
}

/**
 * min(x, max): {@link clamp} with an upper bound only.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { clampMax, tensor } from 'lanegrad';
 * clampMax(tensor([-1, 3]), 0).tolist(); // => [-1, 0]
 */
export function clampMax(x: Tensor, max: number | Tensor): Tensor {
  checkTensor('clampMax', 'x', x);
  checkBounds('clampMax', { max });
  return bounded('clampMax', x, { max });
}

export function checkBounds(op: string, options: ClampOptions): void {
  checkOptions(op, options);
  if (options.min === undefined && options.max === undefined) {
    throw new ValueError(`[${op}] got neither min nor max, wanted at least one`);
  }
  checkBound(op, 'min', options.min);
  checkBound(op, 'max', options.max);
}

function checkBound(op: string, name: string, bound: unknown): void {
  if (bound !== undefined && typeof bound !== 'number' && !Handle.is(bound)) {
    throw new ValueError(`[${op}] ${name}: got ${describe(bound)}, wanted a number or a tensor`);
  }
}

/** The bounds as attributes, where one op on x does: numbers of the kind of x. */
export function clampAttrs(
  op: string,
  x: Tensor,
  options: ClampOptions,
): { min: number; max: number } | null {
  const { min = -Infinity, max = Infinity } = options;
  if (typeof min !== 'number' || typeof max !== 'number') return null;
  if (min !== min || max !== max) throw new ValueError(`[${op}] got the bound NaN, wanted numbers`);
  if (isFloat(x.dtype)) return { min, max };
  const given = [options.min, options.max].filter((bound) => bound !== undefined);
  return x.dtype !== 'bool' && given.every(Number.isInteger) ? { min, max } : null;
}

function bounded(op: string, x: Tensor, options: ClampOptions): Tensor {
  const attrs = clampAttrs(op, x, options);
  if (attrs !== null) return backend.run1('clamp', [x], attrs);
  return scoped(() => {
    const { min, max } = options;
    const raised = min === undefined ? x : runComposite1('clampMin', [x, min], {});
    return max === undefined ? raised : runComposite1('clampMax', [raised, max], {});
  });
}
