import { call, type Rows } from '../call.js';

const plain = call('input');

export const activation: Rows = {
  'nn.functional.relu': plain,
  'nn.functional.relu6': plain,
  'nn.functional.selu': plain,
  'nn.functional.silu': plain,
  'nn.functional.mish': plain,
  'nn.functional.hardswish': plain,
  'nn.functional.hardsigmoid': plain,
  'nn.functional.tanhshrink': plain,
  'nn.functional.softsign': plain,
  'nn.functional.logsigmoid': plain,
  'nn.functional.leaky_relu': call('input | negative_slope'),
  'nn.functional.prelu': call('input weight'),
  'nn.functional.rrelu': call('input | lower upper training'),
  'nn.functional.elu': call('input | alpha'),
  'nn.functional.celu': call('input | alpha'),
  'nn.functional.gelu': call('input'),
  'nn.functional.glu': call('input | dim'),
  'nn.functional.hardtanh': call('input | min_val max_val'),
  'nn.functional.hardshrink': call('input | lambd'),
  'nn.functional.softshrink': call('input | lambd'),
  'nn.functional.softplus': call('input | beta threshold'),
  'nn.functional.threshold': call('input threshold value'),
  sigmoid: call('self'),
  softmax: call('self dim'),
  log_softmax: call('self dim'),
  // PyTorch's default of dim is deprecated: here it is required, as for softmax.
  'nn.functional.softmin': call('input dim'),
  'nn.functional.gumbel_softmax': call('logits | tau hard eps dim'),
};
