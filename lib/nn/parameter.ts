import { refuseRecorded } from '../backend/recording.js';
import { checkTensor, checkOptions } from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { detach } from '../ops/convert.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';

declare const learnt: unique symbol;

/** A tensor that a module learns: made by {@link parameter}. Any other tensor does not fit where one is wanted. */
export type Parameter<D extends DType = DType> = Tensor<D> & { readonly [learnt]: true };

// Which tensors are parameters. Beside the tensors, since `requiresGrad` cannot say it: a frozen parameter is one still.
const marked = new WeakSet<Tensor>();

export interface ParameterOptions {
  /** Whether `backward` computes its gradient; false freezes it. Default true. */
  requiresGrad?: boolean;
}

/**
 * Makes a tensor a parameter: a {@link Module} that holds it in a field lists it, saves it and trains it. Returns the
 * tensor itself, or, for one that was computed from tensors that require gradients, a leaf on the same storage. It outlives
 * every scope that is open.
 *
 * @throws DTypeError if it requires a gradient and is not floating.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const scale = nn.parameter(ones([3]));
 * scale.requiresGrad; // => true
 */
export function parameter<D extends DType>(tensor: Tensor<D>, options: ParameterOptions = {}): Parameter<D> {
  checkTensor('parameter', 'tensor', tensor);
  checkOptions('parameter', options);
  refuseRecorded(
    'a parameter is made while a compiled function is recorded; a replay would make none',
    'make it before, and run lazy layers once',
    'parameter',
  );
  const { requiresGrad = true } = options;
  if (requiresGrad && !isFloat(tensor.dtype)) {
    throw new DTypeError(
      `[parameter] got a tensor of ${tensor.dtype}, wanted a floating dtype to require a gradient`,
    );
  }
  const leaf = tensor.isLeaf ? tensor : (noGrad(() => detach(tensor)) as Tensor<D>);
  leaf.requiresGrad = requiresGrad;
  marked.add(leaf);
  return keep(leaf) as Parameter<D>;
}

/**
 * Whether a value was made by {@link parameter}.
 *
 * @example
 * import { nn, zeros } from 'lanegrad';
 * nn.isParameter(nn.parameter(zeros([2]))); // => true
 * nn.isParameter(zeros([2])); // => false
 */
export function isParameter(value: unknown): value is Parameter {
  return typeof value === 'object' && value !== null && marked.has(value as Tensor);
}
