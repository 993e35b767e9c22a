import { Handle } from '../backend/backend.js';
import { describe } from '../check.js';
import { DTypeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { Module } from '../nn/module.js';
import { BatchNorm } from '../nn/norm/batch-norm.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** Inputs, or arrays that begin with them, as a data loader gives. */
export type InputBatch = Tensor | readonly [input: Tensor, ...rest: unknown[]];

/**
 * Computes the running statistics of all batch norms anew, as the plain mean over batches: for weights that no batch has passed
 * through, as averages of weights are. Modes, `momentum` and gradients stay as they were. PyTorch's `swa_utils.update_bn`.
 *
 * @param loader Batches: inputs, or arrays whose first entry is the input.
 * @param model Called with each input in training mode, without recording.
 * @throws DTypeError for what is not a module, or a batch without a tensor.
 * @throws ValueError for a loader that cannot be iterated.
 * @example
 * import { nn, optim, tensor } from 'lanegrad';
 * const model = new nn.Sequential(new nn.BatchNorm1d(1), new nn.Linear(1, 1)).eval();
 * optim.updateBn([tensor([[0.5], [1.5]]), tensor([[2.5], [3.5]])], model);
 * model.getSubmodule('0').stateDict().running_mean?.tolist(); // => [2]
 */
export function updateBn(loader: Iterable<InputBatch>, model: Module<[x: Tensor], unknown>): void {
  const given: unknown = model;
  if (!(given instanceof Module))
    throw new DTypeError(`[updateBn] model: got ${describe(model)}, wanted a module`);
  const batches: unknown = loader;
  if (typeof batches !== 'object' || batches === null || !(Symbol.iterator in batches))
    throw new ValueError(`[updateBn] loader: got ${describe(loader)}, wanted batches to iterate over`);
  const norms = model.modules().filter((module) => module instanceof BatchNorm);
  if (norms.length === 0) return;
  const momenta = norms.map((norm) => norm.momentum);
  const modes = model.modules().map((module) => [module, module.training] as const);
  try {
    for (const norm of norms) {
      norm.resetRunningStats();
      norm.momentum = null;
    }
    model.train();
    for (const batch of loader) {
      const input = (Array.isArray(batch) ? batch[0] : batch) as Tensor;
      if (!Handle.is(input))
        throw new DTypeError(
          `[updateBn] batch: got ${describe(input)}, wanted a tensor, or an array with one first`,
        );
      noGrad(() => scoped(() => void model.forward(input)));
    }
  } finally {
    norms.forEach((norm, i) => (norm.momentum = momenta[i]!));
    for (const [module, training] of modes) module.training = training;
  }
}
