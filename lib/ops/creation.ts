import { backend } from '../backend/current.js';
import { checkDType, checkFlag, checkNumber, checkOptions, checkShape, checkTensor } from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType, FloatDType } from '../dtype.js';
import { ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { checkFits } from './fits.js';

/**
 * Options of functions that make a tensor: of one dtype, `D`, out of those that the function takes, `Of`. An editor offers the
 * latter; of `D` alone it would offer what D is by default.
 */
export interface CreationOptions<D extends DType = DType, Of extends DType = D> {
  /** Default float32, where the function says nothing else. */
  dtype?: D | Of;
  /** Whether `backward` computes a gradient for it. Default false. */
  requiresGrad?: boolean;
}

/** Sizes, outermost first; a number is one dim. */
export type Shape = number | readonly number[];

const noOptions = Object.freeze({});

const creationOptions = ['dtype', 'requiresGrad'];

/** Checks the options, among them the function's own names; gives the dtype. */
export function creationDType(
  op: string,
  options: CreationOptions,
  otherwise: DType,
  own: readonly string[] = [],
): DType {
  checkOptions(op, options, own.length > 0 ? [...own, ...creationOptions] : creationOptions);
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
  checkFits(op, value, dtype);
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
  options: CreationOptions<D, DType> = noOptions,
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
  options: CreationOptions<D, DType> = noOptions,
): Tensor<D> {
  const dtype = creationDType('ones', options, 'float32');
  return finish(fill('ones', shape, 1, dtype), options);
}

/**
 * A tensor filled with one value. The dtype follows the value unless given: bool for booleans, int64 for integers,
 * else float32.
 *
 * @throws ValueError for sizes that are negative or not integers, a value that is not a number or boolean, or one that
 * the dtype cannot hold; a negative integer wraps around in uint8, as in PyTorch.
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
  return finish(fill(op, x.shape, value, dtype), options);
}

/**
 * A tensor whose elements are not to be relied on. They are zeros here; in PyTorch they are what memory held.
 *
 * @throws ValueError for sizes that are negative or not integers.
 * @example
 * import { empty } from 'lanegrad';
 * empty([2, 3]).shape; // => [2, 3]
 */
export function empty<D extends DType = 'float32'>(
  shape: Shape,
  options: CreationOptions<D, DType> = noOptions,
): Tensor<D> {
  const dtype = creationDType('empty', options, 'float32');
  return finish(fill('empty', shape, 0, dtype), options);
}

/**
 * {@link empty} of the shape and dtype of `x`.
 *
 * @example
 * import { emptyLike, tensor } from 'lanegrad';
 * emptyLike(tensor([[1, 2]])).shape; // => [1, 2]
 */
export function emptyLike(x: Tensor, options: CreationOptions = noOptions): Tensor {
  return like('emptyLike', x, 0, options);
}

function filledNew(op: string, x: Tensor, shape: Shape, value: number, options: CreationOptions): Tensor {
  checkTensor(op, 'x', x);
  const dtype = creationDType(op, options, x.dtype);
  return finish(fill(op, shape, value, dtype), options);
}

/**
 * Zeros of another shape in the dtype of `x`.
 *
 * @throws ValueError for sizes that are negative or not integers.
 * @example
 * import { newZeros, tensor } from 'lanegrad';
 * newZeros(tensor([1, 2]), [2, 2]).dtype; // => 'int64'
 */
export function newZeros(x: Tensor, shape: Shape, options: CreationOptions = noOptions): Tensor {
  return filledNew('newZeros', x, shape, 0, options);
}

/**
 * Ones of another shape in the dtype of `x`. See {@link newZeros}.
 *
 * @example
 * import { newOnes, tensor } from 'lanegrad';
 * newOnes(tensor([true, false]), [2]).tolist(); // => [true, true]
 */
export function newOnes(x: Tensor, shape: Shape, options: CreationOptions = noOptions): Tensor {
  return filledNew('newOnes', x, shape, 1, options);
}

/**
 * A tensor of another shape in the dtype of `x`, filled with one value. See {@link full}.
 *
 * @example
 * import { newFull, tensor } from 'lanegrad';
 * newFull(tensor([1.5]), [2], 7).dtype; // => 'float32'
 */
export function newFull(
  x: Tensor,
  shape: Shape,
  value: number | boolean,
  options: CreationOptions = noOptions,
): Tensor {
  if (typeof value !== 'boolean') checkNumber('newFull', 'value', value);
  return filledNew('newFull', x, shape, Number(value), options);
}

/**
 * {@link empty} of another shape in the dtype of `x`.
 *
 * @example
 * import { newEmpty, tensor } from 'lanegrad';
 * newEmpty(tensor([1, 2]), [2, 3]).shape; // => [2, 3]
 */
export function newEmpty(x: Tensor, shape: Shape, options: CreationOptions = noOptions): Tensor {
  return filledNew('newEmpty', x, shape, 0, options);
}

/**
 * A number as a 0-dim tensor: float32 unless a dtype is given, whatever the number is.
 *
 * @throws ValueError for what is not a number or boolean, or what the dtype cannot hold.
 * @example
 * import { scalarTensor } from 'lanegrad';
 * scalarTensor(2).dtype; // => 'float32'
 */
export function scalarTensor<D extends DType = 'float32'>(
  value: number | boolean,
  options: CreationOptions<D, DType> = noOptions,
): Tensor<D> {
  if (typeof value !== 'boolean') checkNumber('scalarTensor', 'value', value);
  const dtype = creationDType('scalarTensor', options, 'float32');
  return finish(fill('scalarTensor', [], Number(value), dtype), options);
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
  options: CreationOptions<D, DType> & { columns?: number } = noOptions,
): Tensor<D> {
  const dtype = creationDType('eye', options, 'float32', ['columns']);
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
