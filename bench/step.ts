import { autocast, compile, crossEntropy } from '../lib/index.js';
import type { Tensor, nn } from '../lib/index.js';

/** One training step; returns the loss. */
export type Step = () => Tensor;

export interface Workload {
  readonly name: string;
  /** Checked against the model that `build` makes: a wrong model measures nothing. */
  readonly parameters: number;
  /** A model, an optimizer and one fixed random batch, made from the current seed. */
  build(): { readonly step: Step; readonly model: nn.AnyModule };
}

interface Optimizer {
  zeroGrad(): void;
  step(): void;
}

/** How steps are run: plainly, or their forward pass and loss in a bfloat16 scope; either as it stands, or compiled. */
export const modes = ['eager', 'bf16', 'compiled', 'compiled-bf16'] as const;
export type Mode = (typeof modes)[number];

let lowered = false;

export function setMode(mode: Mode): void {
  lowered = mode.endsWith('bf16');
}

/** A step of a workload as the mode runs it. */
export function inMode(mode: Mode, step: Step): Step {
  return mode.startsWith('compiled') ? compile(step) : step;
}

/** One update: zeroGrad, forward to a loss, backward, optimizer step. */
export function update(optimizer: Optimizer, loss: () => Tensor): Step {
  return () => {
    optimizer.zeroGrad();
    const value = autocast({ enabled: lowered }, loss);
    value.backward();
    optimizer.step();
    return value;
  };
}

/** What a step is in most workloads: an update on the mean cross-entropy. */
export function trainingStep(
  model: nn.Module & { forward(x: Tensor): Tensor },
  optimizer: Optimizer,
  x: Tensor,
  y: Tensor,
): { step: Step; model: nn.Module } {
  return { step: update(optimizer, () => crossEntropy(model.forward(x), y)), model };
}
