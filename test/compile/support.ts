import { expect } from 'vitest';
import { compile, crossEntropy, info, manualSeed } from '../../lib/index.js';
import type { CompileOptions, CompiledFunction, nn, optim, Tensor } from '../../lib/index.js';

/** Whether programs are recorded here, or functions run as they stand. */
export const records = info().name === 'native';

/** A compiled step of a classifier. */
export function classifierStep(
  model: nn.Sequential,
  optimizer: optim.Optimizer,
): CompiledFunction<[x: Tensor, y: Tensor], Tensor> {
  return compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
}

/** A training: a step that gives the loss, its arguments at the i-th call, and what is done after it. */
export interface Training {
  readonly step: (...args: Tensor[]) => Tensor;
  batch(i: number): Tensor[];
  after?(i: number): void;
  /** What is compared at the end, besides the losses. */
  state?(): Tensor[];
}

export interface Run {
  readonly losses: number[];
  readonly state: unknown[];
  readonly compiled: CompiledFunction<Tensor[], Tensor> | undefined;
}

/** Losses of a training from a seed: as it stands, or compiled with these options. */
export function train(make: () => Training, steps: number, options?: CompileOptions): Run {
  manualSeed(20_26);
  const training = make();
  const compiled = options && compile(training.step, options);
  const step = compiled ?? training.step;
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    losses.push(Number(step(...training.batch(i)).item()));
    training.after?.(i);
  }
  return { losses, state: training.state?.().map((each) => each.tolist()) ?? [], compiled };
}

/** Compiled with the exact passes gives every bit of the plain function, with all of them the same up to rounding. */
export function expectSame(make: () => Training, { steps = 50, programs = 2, digits = 3 } = {}): void {
  const plain = train(make, steps);
  expect(plain.losses.every(Number.isFinite)).toBe(true);
  const exact = train(make, steps, { passes: 'exact' });
  expect(exact.losses).toEqual(plain.losses);
  expect(exact.state).toEqual(plain.state);
  const all = train(make, steps, {});
  all.losses.forEach((loss, i) => expect(loss).toBeCloseTo(plain.losses[i]!, digits));
  if (!records) return;
  expect(exact.compiled!.recordings).toBeLessThanOrEqual(programs);
  expect(exact.compiled!.recordings + exact.compiled!.replays).toBe(steps);
}
