import { checkNumber, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { checkKnown, checkOptimizer, LRScheduler } from './schedule.js';
import type { Epoch, ScheduleOptions } from './schedule.js';

/** A factor from an epoch, for all groups or one for each. */
export type LrLambda = ((epoch: number) => number) | readonly ((epoch: number) => number)[];

/**
 * baseLr times what a function makes of the epoch.
 *
 * @param lrLambda One function, or one for each group.
 * @throws ValueError for another number of functions than groups, or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.LambdaLR(optimizer, (epoch) => 1 / (1 + epoch));
 * schedule.step();
 * schedule.getLastLr(); // => [0.5]
 */
export class LambdaLR extends LRScheduler {
  constructor(optimizer: Optimizer, lrLambda: LrLambda, options: ScheduleOptions = {}) {
    const factor = factorsOf('LambdaLR', optimizer, lrLambda);
    checkKnown('LambdaLR', options, []);
    const rate = (now: Epoch): number => now.baseLr * factor(now);
    super('LambdaLR', optimizer, { first: rate, next: rate, restart: rate }, options);
  }
}

/**
 * The learning rate of the epoch before times what a function makes of the epoch.
 *
 * @param lrLambda One function, or one for each group.
 * @throws ValueError for another number of functions than groups, or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.MultiplicativeLR(optimizer, () => 0.5);
 * schedule.step();
 * schedule.step();
 * schedule.getLastLr(); // => [0.25]
 */
export class MultiplicativeLR extends LRScheduler {
  constructor(optimizer: Optimizer, lrLambda: LrLambda, options: ScheduleOptions = {}) {
    const factor = factorsOf('MultiplicativeLR', optimizer, lrLambda);
    checkKnown('MultiplicativeLR', options, []);
    const rate = (now: Epoch): number => now.lr * factor(now);
    super('MultiplicativeLR', optimizer, { next: rate, restart: rate }, options);
  }
}

function factorsOf(op: string, optimizer: Optimizer, lrLambda: LrLambda): (now: Epoch) => number {
  checkOptimizer(op, optimizer);
  const { length } = optimizer.paramGroups;
  const list: readonly unknown[] = Array.isArray(lrLambda)
    ? lrLambda
    : new Array<unknown>(length).fill(lrLambda);
  if (list.length !== length || !list.every((entry) => typeof entry === 'function')) {
    throw new ValueError(
      `[${op}] lrLambda: got ${describe(lrLambda)}, wanted a function, or one for each of ${length} groups`,
    );
  }
  return ({ index, epoch }) => {
    const factor = (list[index] as (epoch: number) => unknown)(epoch);
    checkNumber(op, 'factor', factor);
    return factor;
  };
}
