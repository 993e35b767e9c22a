import { Handle } from './backend/backend.js';
import { backend } from './backend/current.js';
import {
  checkFlag,
  checkOptions,
  checkSameShape,
  checkTensor,
  checkTensors,
  describe,
  noAttrs,
  shapeText,
} from './check.js';
import { duringPass } from './backward-pass.js';
import { AutogradError, ValueError } from './errors.js';
import { gradientsChanged } from './tensor.js';
import { afterAccumulation, hookedGradient, withLeafHooks } from './tensor-hooks.js';
import type { Tensor } from './tensor.js';

export interface BackwardOptions {
  /** The gradient of what is wanted with respect to the tensor, of its shape. Default: one, for a single element. */
  gradient?: Tensor | null;
  /** Keep what the tape saved, to go back through it again. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Record the computation of the gradients, so that they can be differentiated. Default false. */
  createGraph?: boolean;
  /** The only tensors whose `.grad` changes; they need not be leaves. Default: all leaves. */
  inputs?: Tensor | readonly Tensor[];
}

/**
 * Computes the gradients of a tensor with respect to all leaves that require one and led to it, and adds them to their
 * `.grad`. Method: `loss.backward()`.
 *
 * @throws AutogradError if the tensor requires no gradient, or what its tape saved was freed or changed in place.
 * @throws ShapeError without `gradient` for more than one element, or with one of another shape.
 * @example
 * import { backward, tensor } from 'lanegrad';
 * const x = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
 * backward(x.square().sum());
 * x.grad?.tolist(); // => [2, 4]
 * backward(x.mul(3), { gradient: tensor([1, 10], { dtype: 'float32' }) });
 * x.grad?.tolist(); // => [5, 34]
 */
export function backward(tensor: Tensor, options: BackwardOptions = {}): void {
  checkTensor('backward', 'tensor', tensor);
  checkOptions('backward', options);
  const gradient = options.gradient ?? null;
  if (gradient !== null) {
    checkTensor('backward', 'gradient', gradient);
    checkSameShape('backward', gradient, 'gradient', tensor, 'the tensor');
  }
  const createGraph = checkFlag('backward', 'createGraph', options.createGraph);
  const retainGraph = checkFlag('backward', 'retainGraph', options.retainGraph ?? createGraph);
  if (options.inputs !== undefined) {
    const inputs = gradientTargets('backward', tensorList('backward', 'inputs', options.inputs));
    const gradients = duringPass({ into: 'inputs', retainGraph }, () =>
      backend.grad([tensor], inputs, [gradient], { retainGraph, createGraph }),
    );
    inputs.forEach((input, i) => {
      const given = gradients[i] ?? null;
      const gradient = given && hookedResult(input, given, createGraph);
      accumulate(input, gradient, createGraph);
      if (gradient !== null) afterAccumulation(input);
    });
    return;
  }
  withLeafHooks(createGraph, () => {
    try {
      duringPass({ into: 'leaves', retainGraph }, () =>
        backend.backward([tensor], [gradient], { retainGraph, createGraph }),
      );
    } finally {
      // Leaves that were reached before a failure have theirs too.
      gradientsChanged();
    }
  });
}

/** Adds to `.grad` as a full backward does: in place, unless the sum is to be differentiated. */
function accumulate(input: Tensor, gradient: Tensor | null, createGraph: boolean): void {
  if (gradient === null) return;
  const former = input.grad;
  const recording = backend.setGradMode(createGraph);
  try {
    if (former === null) {
      // A copy: what flows back may be the caller's gradient, or shared between inputs.
      input.grad = backend.run1('clone', [gradient], noAttrs);
    } else if (createGraph) {
      input.grad = backend.run1('add', [former, gradient], noAttrs);
    } else {
      backend.runInPlace('add', [former, gradient], noAttrs);
    }
  } finally {
    backend.setGradMode(recording);
  }
  backend.release(gradient);
}

export interface GradOptions {
  /** The gradients with respect to the outputs, each of its shape; null or absent: one, for a single element. */
  gradOutputs?: Tensor | null | readonly (Tensor | null)[];
  /** Keep what the tape saved, to go back through it again. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Record the computation of the gradients, so that they can be differentiated. Default false. */
  createGraph?: boolean;
  /** Give null for an input on which no output depends, where an error is thrown otherwise. Default false. */
  allowUnused?: boolean;
}

/**
 * The gradients of the sum of outputs with respect to inputs, one for each input. No `.grad` changes.
 *
 * @throws AutogradError if an input was not used (without `allowUnused`), or an input or output requires no gradient.
 * @throws ValueError for no inputs or outputs, or not as many `gradOutputs` as outputs.
 * @throws ShapeError if an output without a `gradOutputs` has more than one element, or the shapes differ.
 * @example
 * import { grad, tensor } from 'lanegrad';
 * const x = tensor(3, { dtype: 'float32', requiresGrad: true });
 * const [slope] = grad(x.pow(3), x, { createGraph: true });
 * slope.item(); // => 27
 * grad(slope, x)[0].item(); // => 18
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
  const roots = tensorList('grad', 'outputs', outputs);
  const leaves = gradientTargets('grad', tensorList('grad', 'inputs', inputs));
  checkOptions('grad', options);
  const seeds = gradientList(roots, options.gradOutputs ?? null);
  const createGraph = checkFlag('grad', 'createGraph', options.createGraph);
  const retainGraph = checkFlag('grad', 'retainGraph', options.retainGraph ?? createGraph);
  const allowUnused = checkFlag('grad', 'allowUnused', options.allowUnused);
  const results = duringPass({ into: 'inputs', retainGraph }, () =>
    backend.grad(roots, leaves, seeds, { retainGraph, createGraph }),
  );
  const unused = allowUnused ? -1 : results.indexOf(null);
  if (unused >= 0) {
    throw new AutogradError(
      `[grad] inputs[${unused}] of shape ${shapeText(leaves[unused]!.shape)} was not used to compute the outputs; ` +
        'pass allowUnused: true to get null for it',
    );
  }
  return results.map((result, i) => result && hookedResult(leaves[i]!, result, createGraph));
}

/** The gradient of a leaf as its hooks make it; those of other tensors were called on the way. */
function hookedResult(input: Tensor, gradient: Tensor, createGraph: boolean): Tensor {
  const recording = backend.setGradMode(createGraph);
  try {
    return hookedGradient(input, gradient);
  } finally {
    backend.setGradMode(recording);
  }
}

function tensorList(op: string, name: string, value: Tensor | readonly Tensor[]): readonly Tensor[] {
  const given: unknown = Handle.is(value) ? [value] : value;
  checkTensors(op, name, given);
  // A copy: the caller's array is not read again, when it may hold something else.
  const list = Array.from(given);
  checkTensors(op, name, list);
  if (list.length === 0) throw new ValueError(`[${op}] ${name}: got none, wanted at least one tensor`);
  return list;
}

function gradientTargets(op: string, inputs: readonly Tensor[]): readonly Tensor[] {
  inputs.forEach((input, i) => {
    if (!input.requiresGrad) {
      throw new AutogradError(
        `[${op}] inputs[${i}] of shape ${shapeText(input.shape)} does not require a gradient`,
      );
    }
  });
  return inputs;
}

function gradientList(
  roots: readonly Tensor[],
  value: Tensor | null | readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  if (value === null) return roots.map(() => null);
  const list: unknown = Handle.is(value) ? [value] : value;
  if (!Array.isArray(list) || list.length !== roots.length) {
    const got = Array.isArray(list) ? `${list.length} gradients` : describe(value);
    throw new ValueError(`[grad] gradOutputs: got ${got}, wanted ${roots.length}, one for each output`);
  }
  return Array.from(list as readonly (Tensor | null | undefined)[], (entry, i) => {
    if (entry === null || entry === undefined) return null;
    checkTensor('grad', `gradOutputs[${i}]`, entry);
    checkSameShape('grad', entry, `gradOutputs[${i}]`, roots[i]!, `outputs[${i}]`);
    return entry;
  });
}
