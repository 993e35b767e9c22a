import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { checkInt, checkNumber, checkOptions, checkShape, noAttrs } from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';
import { creationDType, finish } from './creation.js';
import type { CreationOptions } from './creation.js';

// Numbers at equal distances, or with equal ratios.

const noOptions = Object.freeze({});

export interface ArangeOptions<D extends DType = DType> extends CreationOptions<D> {
  /** First value. Default 0. */
  start?: number;
  /** Distance of neighbours, not 0. Default 1. */
  step?: number;
}

/**
 * The values start, start + step, ... below `end` (above it for a negative step). int64 when all numbers are integers,
 * else float32, unless a dtype is given; an integer dtype drops the fractions of start and step, as in PyTorch.
 *
 * @throws ValueError if step is 0 or points away from `end`.
 * @throws DTypeError for bool.
 * @example
 * import { arange } from 'lanegrad';
 * arange(4).tolist(); // => [0, 1, 2, 3]
 * arange(1, 2, { step: 0.25 }).tolist(); // => [1, 1.25, 1.5, 1.75]
 */
export function arange<D extends DType = DType>(end: number, options?: ArangeOptions<D>): Tensor<D>;
export function arange<D extends DType = DType>(
  start: number,
  end: number,
  options?: ArangeOptions<D>,
): Tensor<D>;
export function arange(
  first: number,
  second: number | ArangeOptions = noOptions,
  third?: ArangeOptions,
): Tensor {
  const options = typeof second === 'number' ? (third ?? noOptions) : second;
  checkOptions('arange', options);
  const { start = typeof second === 'number' ? first : 0, step = 1 } = options as ArangeOptions;
  const end = typeof second === 'number' ? second : first;
  for (const [name, value] of Object.entries({ start, end, step })) {
    if (!Number.isFinite(value))
      throw new ValueError(`[arange] ${name}: got ${value}, wanted a finite number`);
  }
  if (step === 0) throw new ValueError('[arange] step: got 0, wanted another number');
  if ((end - start) / step < 0) {
    throw new ValueError(
      `[arange] step: got ${step}, which leads away from ${end} when starting at ${start}`,
    );
  }
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end) && Number.isSafeInteger(step);
  const dtype = creationDType('arange', options, whole ? 'int64' : 'float32', ['start', 'step']);
  if (dtype === 'bool') throw new DTypeError('[arange] dtype: got bool, wanted a dtype of numbers');
  const from = isFloat(dtype) ? start : Math.trunc(start);
  const distance = isFloat(dtype) ? step : Math.trunc(step);
  // int64 counts with whole numbers throughout, the smaller ones as the numbers are given.
  const whole64 = dtype === 'int64';
  if (whole64 && distance === 0) throw new ValueError(`[arange] step: got ${step}, which is 0 in int64`);
  const span = whole64 ? (Math.trunc(end) - from) / distance : (end - start) / step;
  const length = Math.ceil(span);
  checkInt('arange', 'length', length);
  return finish(backend.run1('arange', [], { start: from, step: distance, length, dtype }), options);
}

/** An end of a range: a number, or a 0-dim tensor, whose value is read. */
export type RangeEnd = number | Tensor;

function endOf(op: string, name: string, value: unknown): number {
  if (Handle.is(value)) {
    const end = value as Tensor;
    if (end.ndim > 0)
      throw new ShapeError(`[${op}] ${name}: got a tensor of ${end.ndim} dims, wanted a 0-dim one`);
    return Number(end.item());
  }
  checkNumber(op, name, value);
  return value;
}

/** The value of an end in the dtype of the result: integers drop the fraction, uint8 wraps. */
function endIn(value: number, dtype: DType): number {
  if (isFloat(dtype) || dtype === 'bool') return value;
  return dtype === 'uint8' ? Math.trunc(value) & 255 : Math.trunc(value);
}

function checkSteps(op: string, steps: number): void {
  checkInt(op, 'steps', steps);
  checkShape(op, [steps]);
}

/**
 * `steps` values from `start` to `end`, both included, at equal distances. Ends may be 0-dim tensors; they get no gradient.
 *
 * @throws ValueError if steps is negative or no integer.
 * @example
 * import { linspace } from 'lanegrad';
 * linspace(0, 1, 5).tolist(); // => [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace<D extends DType = 'float32'>(
  start: RangeEnd,
  end: RangeEnd,
  steps: number,
  options: CreationOptions<D, DType> = noOptions,
): Tensor<D> {
  const dtype = creationDType('linspace', options, 'float32');
  const from = endIn(endOf('linspace', 'start', start), dtype);
  const last = endIn(endOf('linspace', 'end', end), dtype);
  checkSteps('linspace', steps);
  return finish(backend.run1('linspace', [], { start: from, end: last, steps, dtype }), options);
}

export interface LogspaceOptions<D extends DType = DType, Of extends DType = D> extends CreationOptions<
  D,
  Of
> {
  /** Default 10. */
  base?: number;
}

/**
 * `steps` values from base^start to base^end, both included, with equal ratios. Ends may be 0-dim tensors; they get no
 * gradient.
 *
 * @throws ValueError if steps is negative or no integer.
 * @example
 * import { logspace } from 'lanegrad';
 * logspace(0, 3, 4).tolist(); // => [1, 10, 100, 1000]
 * logspace(0, 3, 4, { base: 2 }).tolist(); // => [1, 2, 4, 8]
 */
export function logspace<D extends DType = 'float32'>(
  start: RangeEnd,
  end: RangeEnd,
  steps: number,
  options: LogspaceOptions<D, DType> = noOptions,
): Tensor<D> {
  const dtype = creationDType('logspace', options, 'float32', ['base']);
  const from = endIn(endOf('logspace', 'start', start), dtype);
  const last = endIn(endOf('logspace', 'end', end), dtype);
  checkSteps('logspace', steps);
  const { base = 10 } = options;
  checkNumber('logspace', 'base', base);
  const result = scoped(() => {
    const wide = { dtype: 'float64' as const };
    const exponents = backend.run1('linspace', [], { start: from, end: last, steps, ...wide });
    const powers = backend.run1(
      'pow',
      [backend.run1('full', [], { shape: [], value: base, ...wide }), exponents],
      noAttrs,
    );
    return to(powers, dtype);
  });
  return finish(result, options);
}
