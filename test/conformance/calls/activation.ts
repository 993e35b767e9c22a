import { call, type Rows } from '../call.js';

const plain = call('input', { method: null });

const named = (names: string, prefix = 'nn.functional.'): Rows =>
  Object.fromEntries(names.split(/\s+/).map((name) => [`${prefix}${name}`, plain]));

// In PyTorch the functions of nn.functional are no methods, so no method is called for them.
const f = (signature: string) => call(signature, { method: null });

export const activation: Rows = {
  ...named('relu relu6 selu silu mish hardswish hardsigmoid tanhshrink softsign logsigmoid'),
  'nn.functional.leaky_relu': f('input | negative_slope'),
  'nn.functional.prelu': f('input weight'),
  'nn.functional.rrelu': f('input | lower upper training'),
  'nn.functional.elu': f('input | alpha'),
  'nn.functional.celu': f('input | alpha'),
  'nn.functional.gelu': f('input'),
  'nn.functional.glu': f('input | dim'),
  'nn.functional.hardtanh': f('input | min_val max_val'),
  'nn.functional.hardshrink': f('input | lambd'),
  'nn.functional.softshrink': f('input | lambd'),
  'nn.functional.softplus': f('input | beta threshold'),
  'nn.functional.threshold': f('input threshold value'),
  sigmoid: call('self'),
  softmax: call('self dim'),
  log_softmax: call('self dim'),
  // PyTorch's default of dim is deprecated: here it is required, as for softmax.
  'nn.functional.softmin': f('input dim'),
  'nn.functional.gumbel_softmax': f('logits | tau hard eps dim'),
};
