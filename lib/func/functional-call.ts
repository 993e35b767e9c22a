import { checkTensor, describe, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { Module } from '../nn/module.js';
import type { AnyModule, InputsOf, OutputOf } from '../nn/module.js';
import type { StateDict } from '../nn/state-dict.js';
import { exchanging } from '../nn/parameter-fields.js';
import { replaceIn, stateSlots } from '../nn/tree.js';
import { synchronous } from '../scope.js';
import type { Tensor } from '../tensor.js';

/**
 * Calls a module with tensors of `state` in the place of its parameters and buffers of those names; the others are its own.
 * Gradients flow to the tensors given. The module is as it was afterwards. One that is shared is replaced wherever it
 * stands. PyTorch's `func.functional_call`.
 *
 * @throws ValueError for a name that the module has not, or inputs that are no array.
 * @throws ShapeError for a tensor of another shape than the one it replaces.
 * @throws what `forward` throws.
 * @example
 * import { func, nn, ones, tensor } from 'lanegrad';
 * const layer = new nn.Linear(2, 1, { bias: false });
 * const weight = tensor([[3, 4]], { dtype: 'float32', requiresGrad: true });
 * func.functionalCall(layer, { weight }, [ones([1, 2])]).sum().backward();
 * weight.grad?.tolist(); // => [[1, 1]]
 * layer.weight.grad; // => null
 */
export function functionalCall<M extends AnyModule>(
  module: M,
  state: StateDict,
  inputs: [...InputsOf<M>],
): OutputOf<M> {
  const op = 'functionalCall';
  if (!((module as unknown) instanceof Module)) {
    throw new ValueError(`[${op}] module: got ${describe(module)}, wanted a module`);
  }
  if (typeof state !== 'object' || state === null || Array.isArray(state)) {
    throw new ValueError(`[${op}] state: got ${describe(state)}, wanted an object of tensors by name`);
  }
  if (!Array.isArray(inputs)) {
    throw new ValueError(`[${op}] inputs: got ${describe(inputs)}, wanted an array of what forward takes`);
  }
  const slots = stateSlots(module);
  const given = new Map(Object.entries(state));
  const byOwn = new Map<Tensor, Tensor>();
  for (const [name, tensor] of given) {
    const slot = slots.get(name);
    if (slot === undefined) throw new ValueError(`[${op}] state: the module has no ${describe(name)}`);
    checkTensor(op, name, tensor);
    if (shapeText(tensor.shape) !== shapeText(slot.value.shape)) {
      throw new ShapeError(
        `[${op}] ${name}: got ${shapeText(tensor.shape)}, wanted ${shapeText(slot.value.shape)}`,
      );
    }
    byOwn.set(slot.value, tensor);
  }
  const replaced = [...slots].filter(([, slot]) => byOwn.has(slot.value));
  try {
    for (const [name, slot] of replaced) replaceIn(slot, given.get(name) ?? byOwn.get(slot.value)!);
    return exchanging(() =>
      synchronous(op, (module as Module<unknown[], unknown>).forward(...inputs) as OutputOf<M>),
    );
  } finally {
    for (const [, slot] of replaced) replaceIn(slot, slot.value);
  }
}
