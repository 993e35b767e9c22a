import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import { noGrad } from '../../grad-mode.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { narrow } from '../view.js';

// What the definitions of the optimizers' steps share. Their inputs are those of native/ops/optim/optim.cc: parameters, states,
// rows of one number per parameter (the count of steps first), and numbers.

/** The numbers among the operands, read. */
export function numbersFrom(inputs: readonly OpInput<Tensor>[], first: number): number[] {
  return inputs.slice(first).map((scalar) => Number(backend.read(scalar as Tensor)[0]));
}

/** One parameter in one step. */
export interface Stepping {
  readonly param: Tensor;
  /** With `maximize`, negated. */
  readonly grad: Tensor;
  /** Counted from 1. */
  readonly step: number;
  /** The parameter's place in the lists. */
  readonly i: number;
}

export interface Penalty {
  readonly weightDecay: number;
  readonly maximize: boolean;
  /** Given where decay goes into the parameter, apart from the gradient. */
  readonly lr?: number | undefined;
}

/** Calls `update` for every parameter with a gradient, its step counted up, each in a scope of its own. */
export function forEachParam(
  inputs: readonly OpInput<Tensor>[],
  steps: number,
  { weightDecay, maximize, lr }: Penalty,
  update: (now: Stepping) => void,
): void {
  const params = inputs[0] as readonly Tensor[];
  noGrad(() => {
    for (const [i, param] of params.entries()) {
      scoped(() => {
        const given = backend.getGrad(param);
        if (!given) return;
        const count = entry(inputs[steps], i);
        count.add_(1);
        let grad = maximize ? given.neg() : given;
        if (weightDecay !== 0) {
          if (lr === undefined) grad = grad.add(param.mul(weightDecay));
          else param.mul_(1 - lr * weightDecay);
        }
        update({ param, grad, step: Number(count.item()), i });
      });
    }
  });
}

/** The number of one parameter in a row of them: a view to write. */
export function entry(row: OpInput<Tensor> | undefined, i: number): Tensor {
  return narrow(row as Tensor, 0, i, 1);
}

/** Tensor i of a list of states. */
export function state(list: OpInput<Tensor> | undefined, i: number): Tensor {
  return (list as readonly Tensor[])[i]!;
}

/** mean = beta mean + (1 - beta) value, in place. */
export function follow(mean: Tensor, value: Tensor, beta: number): Tensor {
  return mean.mul_(beta).add_(value.mul(1 - beta));
}
