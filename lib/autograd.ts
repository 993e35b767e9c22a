import { backend } from './backend/current.js';
import { checkFlag, checkOptions, checkTensor, checkTensors } from './check.js';
import { AutogradError, ShapeError } from './errors.js';
import { gradientsChanged, type Tensor } from './tensor.js';

export interface BackwardOptions {
  /** What the gradient of this tensor is: same shape. Default 1, for a tensor of one element. */
  gradient?: Tensor | null;
  /** Keep what the tape saved, to go back again. Default `createGraph`. */
  retainGraph?: boolean;
  /** Record the gradients themselves, to differentiate them. Default false. */
  createGraph?: boolean;
}

/**
 * Adds the gradient of `tensor` with respect to every leaf that requires one to the leaf's `.grad`.
 *
 * @throws AutogradError if nothing that led to the tensor requires a gradient, or its graph was used up.
 * @throws ShapeError if it has more than one element and no `gradient` is given.
 * @example
 * import { backward, tensor } from 'lanegrad';
 * const x = tensor([1.5, 2], { requiresGrad: true });
 * backward(x.square().sum());
 * x.grad?.tolist(); // => [3, 4]
 */
export function backward(tensor: Tensor, options: BackwardOptions = {}): void {
  checkTensor('backward', 'tensor', tensor);
  checkOptions('backward', options);
  const { gradient = null } = options;
  if (gradient !== null) checkTensor('backward', 'gradient', gradient);
  const createGraph = checkFlag('backward', 'createGraph', options.createGraph);
  const retainGraph = checkFlag('backward', 'retainGraph', options.retainGraph ?? createGraph);
  backend.backward([tensor], [gradient], { retainGraph, createGraph });
  gradientsChanged();
}

export interface GradOptions {
  /** One per output; null or absent means 1, for outputs of one element. */
  gradOutputs?: readonly (Tensor | null)[];
  /** Keep what the tape saved, to go back again. Default `createGraph`. */
  retainGraph?: boolean;
  /** Record the gradients themselves, to differentiate them. Default false. */
  createGraph?: boolean;
  /** Give null for an input that the outputs do not depend on, instead of an error. Default false. */
  allowUnused?: boolean;
}

/**
 * The gradients of Σ outputs (each weighted by its entry of `gradOutputs`) with respect to `inputs`, one per input. The
 * `.grad` of leaves stays as it is.
 *
 * @throws AutogradError if an input is not used or does not require a gradient.
 * @example
 * import { grad, tensor } from 'lanegrad';
 * const x = tensor([2.5], { requiresGrad: true });
 * const [first] = grad(x.pow(3).sum(), x, { createGraph: true });
 * const [second] = grad(first.sum(), x);
 * second.tolist(); // => [15]
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor, options?: GradOptions): [Tensor];
export function grad<const Inputs extends readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: Inputs,
  options?: GradOptions,
): { -readonly [K in keyof Inputs]: Tensor };
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const roots = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor];
  const leaves = Array.isArray(inputs) ? (inputs as readonly Tensor[]) : [inputs as Tensor];
  checkTensors('grad', 'outputs', roots);
  checkTensors('grad', 'inputs', leaves);
  checkOptions('grad', options);
  const { gradOutputs = roots.map(() => null) } = options;
  if (gradOutputs.length !== roots.length) {
    throw new ShapeError(`[grad] got ${gradOutputs.length} gradOutputs for ${roots.length} outputs`);
  }
  const createGraph = checkFlag('grad', 'createGraph', options.createGraph);
  const retainGraph = checkFlag('grad', 'retainGraph', options.retainGraph ?? createGraph);
  const results = backend.grad(roots, leaves, gradOutputs, { retainGraph, createGraph });
  if (!checkFlag('grad', 'allowUnused', options.allowUnused)) {
    const unused = results.indexOf(null);
    if (unused >= 0) {
      throw new AutogradError(
        `[grad] the outputs do not depend on input ${unused}; pass allowUnused: true to get null for it`,
      );
    }
  }
  return results;
}
