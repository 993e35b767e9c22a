import type { Tensor } from '../../../lib/index.js';
import { call, type Arguments, type Rows } from '../call.js';
import type { Callable } from '../library.js';

/** Parameters whose gradients are the tensors of the sample; gives what the gradients are afterwards. */
function withGradients(a: Arguments, run: (parameters: readonly Tensor[]) => unknown): unknown[] {
  const parameters = (a.value('grads') as readonly Tensor[]).map((grad) => {
    const parameter = grad.clone().requiresGrad_();
    parameter.grad = grad.clone();
    return parameter;
  });
  return [run(parameters), parameters.map((parameter) => parameter.grad)];
}

const rest = (a: Arguments): unknown[] => a.all(1);

export const nnUtils: Rows = {
  'nn.utils.clip_grad_norm_': call('grads max_norm | norm_type', {
    run: (a, fn: Callable) => withGradients(a, (parameters) => fn(parameters, ...rest(a))),
  }),
  'nn.utils.clip_grad_value_': call('grads clip_value', {
    run: (a, fn: Callable) => withGradients(a, (parameters) => fn(parameters, ...rest(a)))[1],
  }),
  'nn.utils.rnn.pad_sequence': call('sequences | batch_first padding_value padding_side'),
};
