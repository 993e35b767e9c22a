import { backend } from '../backend/current.js';
import {
  checkDType,
  checkFlag,
  checkInt,
  checkNumber,
  checkOptions,
  checkShape,
  checkTensor,
} from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType, FloatDType } from '../dtype.js';
import { ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';

/** Options of functions that make a tensor. */
export interface CreationOptions<D extends DType = DType> {
  /** Default float32, where the function says nothing else. */
  dtype?: D;
  /** Whether `backward` computes a gradient for it. Default false. */
  requiresGrad?: boolean;
}

/** Sizes, outermost first; a number is one dim. */
export type Shape = number | readonly number[];

const noOptions = Object.freeze({});

/** Checks the options; gives the dtype. */
export function creationDType(op: string, options: CreationOptions, otherwise: DType): DType {
  checkOptions(op, options);
  checkFlag(op, 'requiresGrad', options.requiresGrad);
  if (options.dtype === undefined) return otherwise;
  checkDType(op, options.dtype);
  return options.dtype;
}

/** The result of a creation, marked as the options say. */
export function finish<D extends DType>(result: Tensor, options: CreationOptions): Tensor<D> {
  if (options.requiresGrad === true) backend.setRequiresGrad(result, true);
  return result as Tensor<D>;
}

function fill(op: string, shape: Shape, value: number, dtype: DType): Tensor {
  return backend.run1('full', [], { shape: checkShape(op, shape), value, dtype });
}

/**
 * A tensor of zeros.
 *
 * @throws ValueError for sizes that are negative or not integers.
 * @example
 * import { zeros } from 'lanegrad';
 * zeros([2, 2]).tolist(); // => [[0, 0], [0, 0]]
 */
export function zeros<D extends DType = 'float32'>(
  shape: Shape,
  options: CreationOptions<D> = noOptions,
): Tensor<D> {
  const dtype = creationDType('zeros', options, 'float32');
  return finish(fill('zeros', shape, 0, dtype), options);
}

/**
 * A tensor of ones.
 *
 * @throws ValueError for sizes that are negative or not integers.
 * @example
 * import { ones } from 'lanegrad';
 * ones(3, { dtype: 'int64' }).tolist(); // => [1, 1, 1]
 */
export function ones<D extends DType = 'float32'>(
  shape: Shape,
  options: CreationOptions<D> = noOptions,
): Tensor<D> {
  const dtype = creationDType('ones', options, 'float32');
  return finish(fill('ones', shape, 1, dtype), options);
}

/**
 * A tensor filled with one value. The dtype follows the value unless given: bool for booleans, int64 for integers,
 * else float32.
 *
 * @throws ValueError for sizes that are negative or not integers, or a value that is not a number or boolean.
 * @example
 * import { full } from 'lanegrad';
 * full([2], 0.5).tolist(); // => [0.5, 0.5]
 */
export function full<D extends DType = DType>(
  shape: Shape,
  value: number | boolean,
  options: CreationOptions<D> = noOptions,
): Tensor<D> {
  const natural = typeof value === 'boolean' ? 'bool' : Number.isSafeInteger(value) ? 'int64' : 'float32';
  const dtype = creationDType('full', options, natural);
  if (typeof value !== 'boolean') checkNumber('full', 'value', value);
  return finish(fill('full', shape, Number(value), dtype), options);
}

/**
 * Zeros of the shape and dtype of `x`. See {@link zeros}.
 *
 * @example
 * import { tensor, zerosLike } from 'lanegrad';
 * zerosLike(tensor([[1, 2]])).tolist(); // => [[0, 0]]
 */
export function zerosLike(x: Tensor, options: CreationOptions = noOptions): Tensor {
  return like('zerosLike', x, 0, options);
}

/**
 * Ones of the shape and dtype of `x`. See {@link ones}.
 *
 * @example
 * import { onesLike, tensor } from 'lanegrad';
 * onesLike(tensor([[3, 4]])).tolist(); // => [[1, 1]]
 */
export function onesLike(x: Tensor, options: CreationOptions = noOptions): Tensor {
  return like('onesLike', x, 1, options);
}

/**
 * A tensor of the shape and dtype of `x`, filled with one value. See {@link full}.
 *
 * @example
 * import { fullLike, tensor } from 'lanegrad';
 * fullLike(tensor([[1, 2]]), 7).tolist(); // => [[7, 7]]
 */
export function fullLike(x: Tensor, value: number | boolean, options: CreationOptions = noOptions): Tensor {
  if (typeof value !== 'boolean') checkNumber('fullLike', 'value', value);
  return like('fullLike', x, Number(value), options);
}

function like(op: string, x: Tensor, value: number, options: CreationOptions): Tensor {
  checkTensor(op, 'x', x);
  const dtype = creationDType(op, options, x.dtype);
  return finish(backend.run1('full', [], { shape: x.shape, value, dtype }), options);
}

export interface ArangeOptions<D extends DType = DType> extends CreationOptions<D> {
  /** First value. Default 0. */
  start?: number;
  /** Distance of neighbours, not 0. Default 1. */
  step?: number;
}

/**
 * The values start, start + step, ... below `end` (above it for a negative step). int64 when all numbers are integers,
 * else float32, unless a dtype is given.
 *
 * @throws ValueError if step is 0 or points away from `end`.
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
  const dtype = creationDType('arange', options, whole ? 'int64' : 'float32');
  const length = Math.ceil((end - start) / step);
  checkInt('arange', 'length', length);
  return finish(backend.run1('arange', [], { start, step, length, dtype }), options);
}

/**
 * `steps` values from `start` to `end`, both included, at equal distances.
 *
 * @throws ValueError if steps is negative.
 * @example
 * import { linspace } from 'lanegrad';
 * linspace(0, 1, 5).tolist(); // => [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace<D extends DType = 'float32'>(
  start: number,
  end: number,
  steps: number,
  options: CreationOptions<D> = noOptions,
): Tensor<D> {
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'end', end);
  checkShape('linspace', [steps]);
  const dtype = creationDType('linspace', options, 'float32');
  return finish(backend.run1('linspace', [], { start, end, steps, dtype }), options);
}

/**
 * The identity matrix [rows, columns], ones on the diagonal; columns default to rows.
 *
 * @example
 * import { eye } from 'lanegrad';
 * eye(2).tolist(); // => [[1, 0], [0, 1]]
 */
export function eye<D extends DType = 'float32'>(
  rows: number,
  options: CreationOptions<D> & { columns?: number } = noOptions,
): Tensor<D> {
  const dtype = creationDType('eye', options, 'float32');
  const { columns = rows } = options;
  checkShape('eye', [rows, columns]);
  return finish(backend.run1('eye', [], { rows, columns, dtype }), options);
}

/**
 * A number as a 0-dim tensor that does promote: `float(2)` has dtype float32, where the number 2 would count as an int.
 *
 * @example
 * import { float, tensor } from 'lanegrad';
 * tensor([1, 2]).mul(2).dtype; // => 'int64'
 * tensor([1, 2]).mul(float(2)).dtype; // => 'float32'
 */
export function float(value: number, dtype: FloatDType = 'float32'): Tensor {
  checkNumber('float', 'value', value);
  checkDType('float', dtype);
  if (!isFloat(dtype)) throw new ValueError(`[float] dtype: got ${String(dtype)}, wanted a floating dtype`);
  return backend.run1('full', [], { shape: [], value, dtype });
}
