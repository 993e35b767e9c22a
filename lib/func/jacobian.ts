import { Handle } from '../backend/backend.js';
import { checkListLength } from '../check.js';
import { enableGrad } from '../grad-mode.js';
import { zerosLike } from '../ops/creation.js';
import { stack } from '../ops/join.js';
import type { Tensor } from '../tensor.js';
import { freshInputs, scalarAt, valueAt } from './inputs.js';
import type { TensorsLike } from './inputs.js';
import { gradients, graphOption } from './products.js';
import type { DerivativeOptions } from './products.js';

/** For each of several inputs what there is for one. */
export type Jacobians<Inputs extends readonly Tensor[]> = TensorsLike<Inputs>;

/**
 * The Jacobian of a function: all derivatives of all elements of its value. One backward pass for each element of the value.
 * PyTorch's `autograd.functional.jacobian` and `func.jacrev`.
 *
 * inputs: one tensor or an array of them, floating; gives, for each, [...shape of the value, ...shape of the input]; zeros
 * where the value does not depend on it.
 * @throws DTypeError for inputs that are not floating, or a function that gives no tensor.
 * @throws ValueError for no inputs.
 * @example
 * import { func, tensor } from 'lanegrad';
 * func.jacobian((x) => x.square(), tensor([0.5, 3])).tolist(); // => [[1, 0], [0, 6]]
 * const [da, db] = func.jacobian((a, b) => a.mul(b), [tensor([0.5, 2]), tensor(2.5)]);
 * da.tolist(); // => [[2.5, 0], [0, 2.5]]
 * db.tolist(); // => [0.5, 2]
 */
export function jacobian(fn: (x: Tensor) => Tensor, inputs: Tensor, options?: DerivativeOptions): Tensor;
export function jacobian<const Inputs extends readonly Tensor[]>(
  fn: (...inputs: TensorsLike<Inputs>) => Tensor,
  inputs: Inputs,
  options?: DerivativeOptions,
): Jacobians<Inputs>;
export function jacobian(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: Tensor | readonly Tensor[],
  options: DerivativeOptions = {},
): Tensor | Tensor[] {
  const createGraph = graphOption('jacobian', options);
  const list = Handle.is(inputs) ? [inputs] : inputs;
  const leaves = freshInputs('jacobian', list, createGraph);
  const value = valueAt('jacobian', fn, leaves);
  const found = rowsOf('jacobian', value, leaves, createGraph);
  return Handle.is(inputs) ? found[0]! : found;
}

/** The gradients of each element of a value, put together. */
function rowsOf(op: string, value: Tensor, inputs: readonly Tensor[], createGraph: boolean): Tensor[] {
  const rows: Tensor[][] = [];
  const flat = enableGrad(() => value.reshape([-1]));
  checkListLength(op, flat.numel(), 'tensors');
  for (let i = 0; i < flat.numel(); ++i) {
    const element = enableGrad(() => flat.select(0, i));
    rows.push(gradients(element, inputs, null, { createGraph, retainGraph: true }));
  }
  return inputs.map((input, k) => {
    const shape = [...value.shape, ...input.shape];
    if (rows.length === 0)
      return zerosLike(input)
        .expand([0, ...input.shape])
        .reshape(shape);
    const together = (): Tensor => stack(rows.map((row) => row[k]!)).reshape(shape);
    return createGraph ? enableGrad(together) : together();
  });
}

/**
 * The Hessian of a function of a single number: all its second derivatives. PyTorch's `autograd.functional.hessian`. For a
 * product with it, {@link hvp} costs far less.
 *
 * inputs: one tensor or an array of them, floating; gives [...shape of the input, ...shape of the input], or for an array one
 * row for each input with one of [...shape of the row's input, ...shape of the other] for each.
 * @throws ShapeError if the function gives more than one number.
 * @throws DTypeError for inputs that are not floating, or a function that gives no tensor.
 * @throws ValueError for no inputs.
 * @example
 * import { func, tensor } from 'lanegrad';
 * func.hessian((x) => x.pow(3).sum(), tensor([0.5, 2])).tolist(); // => [[3, 0], [0, 12]]
 * const rows = func.hessian((a, b) => a.square().mul(b), [tensor(1.5), tensor(2.5)]);
 * rows.map((row) => row.map((h) => h.item())); // => [[5, 3], [3, 0]]
 */
export function hessian(fn: (x: Tensor) => Tensor, inputs: Tensor, options?: DerivativeOptions): Tensor;
export function hessian<const Inputs extends readonly Tensor[]>(
  fn: (...inputs: TensorsLike<Inputs>) => Tensor,
  inputs: Inputs,
  options?: DerivativeOptions,
): { -readonly [K in keyof Inputs]: TensorsLike<Inputs> };
export function hessian(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: Tensor | readonly Tensor[],
  options: DerivativeOptions = {},
): Tensor | Tensor[][] {
  const createGraph = graphOption('hessian', options);
  const list = Handle.is(inputs) ? [inputs] : inputs;
  const leaves = freshInputs('hessian', list, createGraph);
  const value = scalarAt('hessian', fn, leaves);
  const slopes = gradients(value, leaves, null, { createGraph: true, retainGraph: true });
  const found = slopes.map((slope) => rowsOf('hessian', slope, leaves, createGraph));
  return Handle.is(inputs) ? found[0]![0]! : found;
}
