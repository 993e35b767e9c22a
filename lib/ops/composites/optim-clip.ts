import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { isFloat } from '../../dtype.js';
import { noGrad } from '../../grad-mode.js';
import type { Tensor } from '../../tensor.js';
import { zeros } from '../creation.js';
import { numbersFrom } from './optim-step.js';

function gradientsOf(params: OpInput<Tensor> | undefined): Tensor[] {
  return (params as readonly Tensor[])
    .filter((param) => isFloat(param.dtype))
    .map((param) => backend.getGrad(param))
    .filter((grad) => grad !== null);
}

/** (Σ |g|^p)^(1/p) over all gradients, the largest |g| for p = ∞; all gradients times min(1, maxNorm / (norm + 1e-6)). */
export function clipGradNorm(inputs: readonly OpInput<Tensor>[], { p }: OpAttrs['clipGradNorm']): Tensor[] {
  const [maxNorm] = numbersFrom(inputs, 1) as [number];
  return noGrad(() => {
    const grads = gradientsOf(inputs[0]);
    const parts = grads
      .filter((grad) => grad.numel() > 0)
      .map((grad) => (p === Infinity ? grad.abs().max() : grad.abs().pow(p).sum()));
    const [first, ...rest] = parts;
    if (first === undefined) return [zeros([], { dtype: 'float32' })];
    const total = rest.reduce((a, b) => (p === Infinity ? a.maximum(b) : a.add(b)), first);
    const norm = p === Infinity ? total : total.pow(1 / p);
    const factor = maxNorm / (Number(norm.item()) + 1e-6);
    if (!(factor >= 1) && maxNorm !== Infinity) for (const grad of grads) grad.mul_(factor);
    return [norm];
  });
}

/** Every element of every gradient to [-value, value]. */
export function clipGradValue(inputs: readonly OpInput<Tensor>[]): Tensor[] {
  const [value] = numbersFrom(inputs, 1) as [number];
  noGrad(() => {
    for (const grad of gradientsOf(inputs[0])) grad.clamp_({ min: -value, max: value });
  });
  return [];
}
