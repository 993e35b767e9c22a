import { checkChoice, checkTensor } from '../../check.js';
import type { Reduction } from '../../ops/losses/index.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

const reductions = ['none', 'mean', 'sum'] as const;

/** What the losses share: `forward` gives a 0-dim tensor, or one loss for each element or row with reduction `none`. */
export abstract class Loss<In extends unknown[] = [input: Tensor, target: Tensor]> extends Module<In> {
  readonly reduction: Reduction;

  protected constructor(op: string, reduction: Reduction) {
    super();
    checkChoice(op, 'reduction', reduction, reductions);
    this.reduction = reduction;
  }

  /** A weight that is state, as in PyTorch, or null. */
  protected registerWeight(field: string, weight: Tensor | null): void {
    if (weight !== null) checkTensor(this.constructor.name, field, weight);
    this.registerBuffer(field, weight);
  }
}
