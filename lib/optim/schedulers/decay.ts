import { checkFinite, checkRange } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { checkCount, checkKnown, LRScheduler } from './schedule.js';
import type { ScheduleOptions } from './schedule.js';

export interface GammaOptions extends ScheduleOptions {
  /** What the learning rate is multiplied by. Default 0.1. */
  gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` epochs.
 *
 * @throws ValueError for a step size below 1 or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 0.5 });
 * const schedule = new optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 });
 * Array.from({ length: 4 }, () => {
 *   schedule.step();
 *   return schedule.getLastLr()[0];
 * }); // => [0.5, 0.25, 0.25, 0.125]
 */
export class StepLR extends LRScheduler {
  constructor(optimizer: Optimizer, stepSize: number, options: GammaOptions = {}) {
    checkCount('StepLR', 'stepSize', stepSize);
    checkKnown('StepLR', options, ['gamma']);
    const { gamma = 0.1 } = options;
    checkFinite('StepLR', 'gamma', gamma);
    super(
      'StepLR',
      optimizer,
      { next: ({ epoch, lr }) => (epoch % stepSize === 0 ? lr * gamma : lr) },
      options,
    );
  }
}

/**
 * Multiplies the learning rate by `gamma` at each of the epochs `milestones`; at one that is named twice, twice.
 *
 * @throws ValueError for milestones that are not integers or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 0.5 });
 * const schedule = new optim.lrScheduler.MultiStepLR(optimizer, [1, 3], { gamma: 0.5 });
 * Array.from({ length: 4 }, () => {
 *   schedule.step();
 *   return schedule.getLastLr()[0];
 * }); // => [0.25, 0.25, 0.125, 0.125]
 */
export class MultiStepLR extends LRScheduler {
  constructor(optimizer: Optimizer, milestones: readonly number[], options: GammaOptions = {}) {
    checkMilestones('MultiStepLR', milestones);
    checkKnown('MultiStepLR', options, ['gamma']);
    const { gamma = 0.1 } = options;
    checkFinite('MultiStepLR', 'gamma', gamma);
    const times = (epoch: number): number => milestones.filter((milestone) => milestone === epoch).length;
    super('MultiStepLR', optimizer, { next: ({ epoch, lr }) => lr * gamma ** times(epoch) }, options);
  }
}

export function checkMilestones(op: string, milestones: unknown): asserts milestones is readonly number[] {
  if (!Array.isArray(milestones)) throw new ValueError(`[${op}] milestones: wanted an array of epochs`);
  milestones.forEach((milestone, i) => checkCount(op, `milestones[${i}]`, milestone, 0));
}

export interface ConstantLROptions extends ScheduleOptions {
  /** In [0, 1]. Default 1/3. */
  factor?: number;
  /** For how many epochs. Default 5. */
  totalIters?: number;
}

/**
 * The learning rate times `factor` for the first `totalIters` epochs, then the full one.
 *
 * @throws ValueError for a factor outside of [0, 1] or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 0.5 });
 * const schedule = new optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const first = schedule.getLastLr()[0];
 * schedule.step();
 * schedule.step();
 * [first, schedule.getLastLr()[0]]; // => [0.25, 0.5]
 */
export class ConstantLR extends LRScheduler {
  constructor(optimizer: Optimizer, options: ConstantLROptions = {}) {
    checkKnown('ConstantLR', options, ['factor', 'totalIters']);
    const { factor = 1 / 3, totalIters = 5 } = options;
    checkRange('ConstantLR', 'factor', factor, 0, 1);
    checkCount('ConstantLR', 'totalIters', totalIters, 0);
    super(
      'ConstantLR',
      optimizer,
      {
        first: ({ lr }) => lr * factor,
        next: ({ epoch, lr, baseLr }) => {
          if (epoch !== totalIters) return lr;
          return factor === 0 ? baseLr : lr * (1 / factor);
        },
        restart: ({ baseLr }) => baseLr * (totalIters === 0 ? 1 : factor),
      },
      options,
    );
  }
}

export interface LinearLROptions extends ScheduleOptions {
  /** In (0, 1]. Default 1/3. */
  startFactor?: number;
  /** In [0, 1]. Default 1. */
  endFactor?: number;
  /** After how many epochs `endFactor` is reached. Default 5. */
  totalIters?: number;
}

/**
 * The learning rate times a factor that goes evenly from `startFactor` to `endFactor` in `totalIters` epochs: a warm-up as it
 * stands.
 *
 * @throws ValueError for factors out of range or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.25, totalIters: 3 });
 * Array.from({ length: 4 }, () => {
 *   const lr = schedule.getLastLr()[0]?.toFixed(2);
 *   schedule.step();
 *   return lr;
 * }); // => ['0.25', '0.50', '0.75', '1.00']
 */
export class LinearLR extends LRScheduler {
  constructor(optimizer: Optimizer, options: LinearLROptions = {}) {
    checkKnown('LinearLR', options, ['startFactor', 'endFactor', 'totalIters']);
    const { startFactor: start = 1 / 3, endFactor: end = 1, totalIters = 5 } = options;
    checkRange('LinearLR', 'startFactor', start, Number.MIN_VALUE, 1);
    checkRange('LinearLR', 'endFactor', end, 0, 1);
    checkCount('LinearLR', 'totalIters', totalIters);
    super(
      'LinearLR',
      optimizer,
      {
        first: ({ lr }) => lr * start,
        next: ({ epoch, lr }) =>
          epoch > totalIters
            ? lr
            : lr * (1 + (end - start) / (totalIters * start + (epoch - 1) * (end - start))),
        restart: ({ baseLr }) => baseLr * start,
      },
      options,
    );
  }
}

/**
 * Multiplies the learning rate by `gamma` every epoch.
 *
 * @throws ValueError for a gamma that is no number or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.ExponentialLR(optimizer, 0.5);
 * schedule.step();
 * schedule.step();
 * schedule.getLastLr(); // => [0.25]
 */
export class ExponentialLR extends LRScheduler {
  constructor(optimizer: Optimizer, gamma: number, options: ScheduleOptions = {}) {
    checkFinite('ExponentialLR', 'gamma', gamma);
    checkKnown('ExponentialLR', options, []);
    super('ExponentialLR', optimizer, { next: ({ lr }) => lr * gamma }, options);
  }
}

export interface PolynomialLROptions extends ScheduleOptions {
  /** After how many epochs 0 is reached. Default 5. */
  totalIters?: number;
  /** Default 1. */
  power?: number;
}

/**
 * baseLr (1 - epoch / totalIters)^power, and 0 from `totalIters` on.
 *
 * @throws ValueError for a count below 1 or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 4, power: 2 });
 * schedule.step();
 * schedule.step();
 * schedule.getLastLr()[0]?.toFixed(4); // => '0.2500'
 */
export class PolynomialLR extends LRScheduler {
  constructor(optimizer: Optimizer, options: PolynomialLROptions = {}) {
    checkKnown('PolynomialLR', options, ['totalIters', 'power']);
    const { totalIters = 5, power = 1 } = options;
    checkCount('PolynomialLR', 'totalIters', totalIters);
    checkFinite('PolynomialLR', 'power', power);
    super(
      'PolynomialLR',
      optimizer,
      {
        next: ({ epoch, lr }) =>
          epoch > totalIters ? lr : lr * ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power,
      },
      options,
    );
  }
}
