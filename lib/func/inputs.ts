import { Handle } from '../backend/backend.js';
import { checkTensors, describe } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { enableGrad, noGrad } from '../grad-mode.js';
import { detach } from '../ops/convert.js';
import { viewAs } from '../ops/dims.js';
import { checkFunction, synchronous } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** As many tensors as a tuple has, each a general one. */
export type TensorsLike<Inputs extends readonly Tensor[]> = { -readonly [K in keyof Inputs]: Tensor };

/**
 * Inputs as tensors of their own, so that gradients of the function alone reach them. Where the result is to be
 * differentiated, what led to them stays.
 */
export function freshInputs(op: string, inputs: readonly Tensor[], createGraph: boolean): Tensor[] {
  checkTensors(op, 'inputs', inputs);
  if (inputs.length === 0) throw new ValueError(`[${op}] inputs: got none, wanted at least one tensor`);
  return inputs.map((input, i) => {
    if (!isFloat(input.dtype)) {
      throw new DTypeError(`[${op}] inputs[${i}]: got ${input.dtype}, wanted a floating dtype`);
    }
    if (createGraph && input.requiresGrad) return enableGrad(() => viewAs(input, input));
    return noGrad(() => detach(input)).requiresGrad_();
  });
}

/** The function at the inputs, recorded. */
export function valueAt(op: string, fn: (...inputs: Tensor[]) => unknown, inputs: readonly Tensor[]): Tensor {
  checkFunction(op, fn);
  const value = synchronous(
    op,
    enableGrad(() => fn(...inputs)),
  );
  if (!Handle.is(value))
    throw new DTypeError(`[${op}] the function gave ${describe(value)}, wanted a tensor`);
  return value as Tensor;
}

/** The same, for a function that must give a single number. */
export function scalarAt(
  op: string,
  fn: (...inputs: Tensor[]) => unknown,
  inputs: readonly Tensor[],
): Tensor {
  const value = valueAt(op, fn, inputs);
  if (value.numel() !== 1) {
    throw new ShapeError(`[${op}] the function gave [${value.shape.join(', ')}], wanted a single number`);
  }
  return value;
}
