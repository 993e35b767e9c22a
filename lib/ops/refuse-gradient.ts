import { customOp } from '../custom-op.js';
import { AutogradError } from '../errors.js';
import { Handle } from '../backend/backend.js';
import type { Tensor } from '../tensor.js';

const withoutGradient = customOp({
  name: 'noGradient',
  forward(ctx, _input: Tensor, result: Tensor, message: string) {
    ctx.attrs.message = message;
    return result;
  },
  backward(ctx) {
    throw new AutogradError(ctx.attrs.message as string);
  },
});

/**
 * `result`, on the tape if `input` is: a gradient that does not exist is then an error that names the op and the input,
 * and no silent zero.
 */
export function refuseGradient(
  op: string,
  name: string,
  why: string,
  input: Tensor | undefined,
  result: Tensor,
): Tensor {
  if (!Handle.is(input) || !input.requiresGrad) return result;
  return withoutGradient(input, result, `[${op}] has no gradient for ${name}: ${why}; detach ${name}`);
}
