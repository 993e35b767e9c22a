import { autocast, compile, crossEntropy, noGrad } from '../lib/index.js';
import type { Tensor, nn } from '../lib/index.js';

/** One training step, which returns the loss; or one inference, which returns its result. */
export type Step = () => Tensor;

export interface Workload {
  readonly name: string;
  /** What a step is, training by default. */
  readonly kind?: 'training' | 'inference';
  /** Checked against the model that `build` makes: a wrong model measures nothing. */
  readonly parameters: number;
  /** A model, an optimizer and one fixed random batch, made from the current seed. Inference is as the mode runs it. */
  build(): { readonly step: Step; readonly model: nn.AnyModule };
}

interface Optimizer {
  zeroGrad(): void;
  step(): void;
}

/**
 * How steps are run: as they stand or compiled; in float32, or with bfloat16: the forward pass and loss of training in a scope
 * of it, the weights of inference in it.
 */
export const modes = ['eager', 'bf16', 'compiled', 'compiled-bf16'] as const;
export type Mode = (typeof modes)[number];

let mode: Mode = 'eager';
const isLowered = (): boolean => mode.endsWith('bf16');

export function setMode(chosen: Mode): void {
  mode = chosen;
}

/** A function as the mode runs it. */
export function runAs<Args extends unknown[]>(fn: (...args: Args) => Tensor): (...args: Args) => Tensor {
  return mode.startsWith('compiled') ? compile(fn) : fn;
}

/** The step of a workload as the mode runs it. */
export function stepOf(workload: Workload): { readonly step: Step; readonly model: nn.AnyModule } {
  const built = workload.build();
  return workload.kind === 'inference' ? built : { ...built, step: runAs(built.step) };
}

/** One update: zeroGrad, forward to a loss, backward, optimizer step. */
export function update(optimizer: Optimizer, loss: () => Tensor): Step {
  return () => {
    optimizer.zeroGrad();
    const value = autocast({ enabled: isLowered() }, loss);
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

/** A model in evaluation, in the dtype of the mode. */
export function forInference<M extends nn.AnyModule>(model: M): M {
  return (isLowered() ? model.to('bfloat16') : model).eval();
}

/** What a step is in most inference workloads: the result for one input. */
export function inferenceStep(
  model: nn.Module & { forward(x: Tensor): Tensor },
  x: Tensor,
): { step: Step; model: nn.Module } {
  const input = isLowered() ? x.to('bfloat16') : x;
  forInference(model);
  const forward = runAs((given: Tensor) => noGrad(() => model.forward(given)));
  return { step: () => forward(input), model };
}
