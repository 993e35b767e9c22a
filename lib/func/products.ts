import { grad } from '../autograd.js';
import { checkFlag, checkOptions, checkSameShape, checkTensor, checkTensors } from '../check.js';
import { ValueError } from '../errors.js';
import { enableGrad, noGrad } from '../grad-mode.js';
import { detach } from '../ops/convert.js';
import { zerosLike } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';
import { freshInputs, scalarAt, valueAt } from './inputs.js';
import type { TensorsLike } from './inputs.js';

export interface DerivativeOptions {
  /** Record the computation, so that the result can be differentiated. Default false. */
  createGraph?: boolean;
}

/** Gradients of one output; zeros for an input on which it does not depend. */
export function gradients(
  output: Tensor,
  inputs: readonly Tensor[],
  gradOutput: Tensor | null,
  options: { readonly createGraph: boolean; readonly retainGraph: boolean },
): Tensor[] {
  if (!output.requiresGrad) return inputs.map((input) => zerosLike(input));
  const found = grad(output, inputs, { ...options, gradOutputs: gradOutput, allowUnused: true });
  return found.map((each, i) => each ?? zerosLike(inputs[i]!));
}

/**
 * The value of a function and how to pull gradients of it back: `pull(v)` gives vᵀJ, with J the Jacobian at the inputs, one
 * tensor for each input, and may be called again. PyTorch's `func.vjp`.
 *
 * inputs: any shapes, floating; v: the shape of the value, by default ones.
 * @throws ShapeError from `pull`, for a v of another shape.
 * @throws DTypeError for inputs that are not floating, or a function that gives no tensor.
 * @example
 * import { func, tensor } from 'lanegrad';
 * const [y, pull] = func.vjp((a, b) => a.mul(b), tensor([0.5, 2]), tensor([3.5, 4]));
 * y.tolist(); // => [1.75, 8]
 * pull(tensor([0.5, 10])).map((g) => g.tolist()); // => [[1.75, 40], [0.25, 20]]
 */
export function vjp<const Inputs extends readonly Tensor[]>(
  fn: (...inputs: TensorsLike<Inputs>) => Tensor,
  ...inputs: Inputs
): [value: Tensor, pull: (v?: Tensor) => TensorsLike<Inputs>] {
  const leaves = freshInputs('vjp', inputs, false);
  const value = valueAt('vjp', fn as (...inputs: Tensor[]) => Tensor, leaves);
  const pull = (v: Tensor | null = null): Tensor[] => {
    if (v !== null) checkTensor('vjp', 'v', v);
    if (v !== null) checkSameShape('vjp', v, 'v', value, 'the value');
    const seed = v ?? enableGrad(() => zerosLike(value).add(1));
    return gradients(value, leaves, seed, { createGraph: false, retainGraph: true });
  };
  return [noGrad(() => detach(value)), pull as (v?: Tensor) => TensorsLike<Inputs>];
}

/**
 * The value of a function and J t, with J the Jacobian at the inputs: how the value changes as the inputs move along the
 * tangents t. PyTorch's `func.jvp`. Computed by differentiating a gradient: the gradient vᵀJ is linear in v, and its own
 * gradient with respect to v is J t.
 *
 * inputs and tangents: any shapes, floating, the same number of each and of the same shapes.
 * @throws ValueError for another number of tangents than inputs.
 * @throws ShapeError for tangents of other shapes.
 * @throws DTypeError for inputs that are not floating, or a function that gives no tensor.
 * @example
 * import { func, tensor } from 'lanegrad';
 * const [y, change] = func.jvp((x) => x.square(), [tensor([0.5, 3])], [tensor([1.5, 0.5])]);
 * y.tolist(); // => [0.25, 9]
 * change.tolist(); // => [1.5, 3]
 */
export function jvp<const Inputs extends readonly Tensor[]>(
  fn: (...inputs: TensorsLike<Inputs>) => Tensor,
  inputs: Inputs,
  tangents: readonly Tensor[],
  options: DerivativeOptions = {},
): [value: Tensor, change: Tensor] {
  const createGraph = graphOption('jvp', options);
  const leaves = freshInputs('jvp', inputs, createGraph);
  checkDirections('jvp', 'tangents', tangents, inputs);
  const value = valueAt('jvp', fn as (...inputs: Tensor[]) => Tensor, leaves);
  // Any v will do, since the gradient is linear in it.
  const v = noGrad(() => zerosLike(value)).requiresGrad_();
  const pulled = gradients(value, leaves, v, { createGraph: true, retainGraph: true });
  const along = enableGrad(() => dotAll(pulled, tangents));
  const [change] = gradients(along, [v], null, { createGraph, retainGraph: true });
  return [result(value, createGraph), change!];
}

/**
 * The value of a function of a single number and H v, with H the Hessian at the inputs, which is never made. PyTorch's
 * `autograd.functional.hvp`.
 *
 * inputs and v: any shapes, floating, the same number of each and of the same shapes; gives one tensor for each input.
 * @throws ShapeError if the function gives more than one number, or v has other shapes.
 * @throws ValueError for another number of tensors in v than of inputs.
 * @throws DTypeError for inputs that are not floating, or a function that gives no tensor.
 * @example
 * import { func, tensor } from 'lanegrad';
 * const [y, [product]] = func.hvp((x) => x.pow(3).sum(), [tensor([0.5, 2])], [tensor([1.5, 10])]);
 * y.item(); // => 8.125
 * product.tolist(); // => [4.5, 120]
 */
export function hvp<const Inputs extends readonly Tensor[]>(
  fn: (...inputs: TensorsLike<Inputs>) => Tensor,
  inputs: Inputs,
  v: readonly Tensor[],
  options: DerivativeOptions = {},
): [value: Tensor, product: TensorsLike<Inputs>] {
  const createGraph = graphOption('hvp', options);
  const leaves = freshInputs('hvp', inputs, createGraph);
  checkDirections('hvp', 'v', v, inputs);
  const value = scalarAt('hvp', fn as (...inputs: Tensor[]) => Tensor, leaves);
  const slopes = gradients(value, leaves, null, { createGraph: true, retainGraph: true });
  const along = enableGrad(() => dotAll(slopes, v));
  const product = gradients(along, leaves, null, { createGraph, retainGraph: createGraph });
  return [result(value, createGraph), product as TensorsLike<Inputs>];
}

export function graphOption(op: string, options: DerivativeOptions): boolean {
  checkOptions(op, options, ['createGraph']);
  return checkFlag(op, 'createGraph', options.createGraph);
}

export function result(value: Tensor, createGraph: boolean): Tensor {
  return createGraph ? value : noGrad(() => detach(value));
}

function checkDirections(
  op: string,
  name: string,
  directions: readonly Tensor[],
  inputs: readonly Tensor[],
): void {
  checkTensors(op, name, directions);
  if (directions.length !== inputs.length) {
    throw new ValueError(
      `[${op}] ${name}: got ${directions.length} tensors, wanted ${inputs.length}, one for each input`,
    );
  }
  directions.forEach((each, i) => checkSameShape(op, each, `${name}[${i}]`, inputs[i]!, `inputs[${i}]`));
}

function dotAll(left: readonly Tensor[], right: readonly Tensor[]): Tensor {
  const [first, ...rest] = left.map((each, i) => each.mul(right[i]!).sum());
  return rest.reduce((sum, each) => sum.add(each), first!);
}
