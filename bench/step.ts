import { crossEntropy } from '../lib/index.js';
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

/** What a step is in every workload: zeroGrad, forward, cross-entropy (mean), backward, optimizer step. */
export function trainingStep(
  model: nn.Module & { forward(x: Tensor): Tensor },
  optimizer: Optimizer,
  x: Tensor,
  y: Tensor,
): { step: Step; model: nn.Module } {
  const step = (): Tensor => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { step, model };
}
