import { backend } from './backend/current.js';
import { autocastScope, withAutocastScope } from './autocast-policy.js';
import type { AutocastDType } from './autocast-policy.js';
import { checkFlag, checkOptions, describe } from './check.js';
import { DTypeError, ValueError } from './errors.js';
import { checkFunction, synchronous } from './scope.js';
import type { Synchronous } from './scope.js';

export type { AutocastDType } from './autocast-policy.js';

export interface AutocastOptions {
  /** What products and convolutions compute in: 'bfloat16' or 'float16'. Default 'bfloat16'. */
  dtype?: AutocastDType;
  /** With false, ops inside take their operands as they are: for a part of a larger scope. Default true. */
  enabled?: boolean;
}

let depth = 0;
let wanted: AutocastDType = 'bfloat16';

/**
 * Runs `fn` in mixed precision, with PyTorch's lists of `torch.autocast('cpu')`: products, convolutions and attention compute in
 * bfloat16 (sums inside in float32) and give bfloat16, which layers of LSTM and RNN give too; losses, `prod`, `quantile`,
 * three-dimensional pools and most of `linalg` compute in float32; `cat`, `stack` and `indexCopy` in the widest dtype that they
 * are given; all others in the dtype of their operands. Casts are on the tape: parameters stay float32, and so do their gradients. The cast of a parameter
 * is made once, and kept until the outermost scope ends.
 *
 * Put the forward pass and the loss inside, backward and optimizer step outside. Gradients have the dtypes of the forward
 * pass, wherever backward is called. In-place methods take no part, nor do float64 tensors. Scopes nest; synchronous only.
 * The dtypes are the same on every processor and backend; `info().bf16` says how fast bfloat16 is here.
 *
 * @throws ValueError if `fn` returns a promise.
 * @throws DTypeError for another dtype than bfloat16 and float16.
 * @example
 * import { autocast, crossEntropy, nn, ones, tensor } from 'lanegrad';
 * const model = new nn.Linear(4, 2);
 * const loss = autocast({ dtype: 'bfloat16' }, () => {
 *   const logits = model.forward(ones([3, 4]));
 *   logits.dtype; // => 'bfloat16'
 *   return crossEntropy(logits, tensor([0, 1, 0]));
 * });
 * loss.dtype; // => 'float32'
 * loss.backward();
 * model.weight.grad?.dtype; // => 'float32'
 */
export function autocast<T>(fn: () => Synchronous<T>): T;
export function autocast<T>(options: AutocastOptions, fn: () => Synchronous<T>): T;
export function autocast<T>(first: AutocastOptions | (() => T), second?: () => T): T {
  const [options, fn] = typeof first === 'function' && second === undefined ? [{}, first] : [first, second];
  if (typeof options === 'function')
    throw new ValueError(
      '[autocast] got the function first, wanted the options first: autocast(options, fn)',
    );
  if (options !== undefined) checkOptions('autocast', options, ['dtype', 'enabled']);
  checkFunction('autocast', fn);
  const dtype: unknown = options.dtype ?? 'bfloat16';
  if (dtype !== 'bfloat16' && dtype !== 'float16') {
    throw new DTypeError(`[autocast] dtype: got ${describe(dtype)}, wanted bfloat16 or float16`);
  }
  const enabled = options.enabled === undefined || checkFlag('autocast', 'enabled', options.enabled);
  const former = wanted;
  wanted = dtype;
  depth += 1;
  try {
    return withAutocastScope(enabled ? dtype : null, () => synchronous('autocast', (fn as () => T)()));
  } finally {
    wanted = former;
    depth -= 1;
    if (depth === 0) backend.forgetCasts();
  }
}

/**
 * Whether ops are cast here as {@link autocast} says. PyTorch's `is_autocast_enabled('cpu')`.
 *
 * @example
 * import { autocast, isAutocastEnabled } from 'lanegrad';
 * isAutocastEnabled(); // => false
 * autocast(() => isAutocastEnabled()); // => true
 */
export function isAutocastEnabled(): boolean {
  return autocastScope() !== null;
}

/**
 * The dtype of the innermost {@link autocast}, enabled or not; bfloat16 outside of any. PyTorch's `get_autocast_dtype('cpu')`.
 *
 * @example
 * import { autocast, getAutocastDtype } from 'lanegrad';
 * autocast({ dtype: 'float16' }, () => getAutocastDtype()); // => 'float16'
 */
export function getAutocastDtype(): AutocastDType {
  return wanted;
}
