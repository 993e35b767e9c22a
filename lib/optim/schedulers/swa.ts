import { checkChoice } from '../../check.js';
import type { Optimizer } from '../optimizer.js';
import { checkCount, checkKnown, checkOptimizer, LRScheduler, perGroup } from './schedule.js';
import type { ScheduleOptions } from './schedule.js';

export interface SWALROptions extends ScheduleOptions {
  /** Epochs until the rate is reached. Default 10. */
  annealEpochs?: number;
  /** The way there: half a cosine, or a straight line. Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
}

/**
 * From the learning rate as it is to a constant one for stochastic weight averaging (Izmailov et al., 2018), in `annealEpochs`:
 * swaLr α + lr (1 - α), α = (1 - cos(π t)) / 2 or t, with t the share of the epochs that have gone. See {@link AveragedModel}.
 *
 * @param swaLr The constant rate, or one for each group.
 * @throws ValueError for a negative number of epochs, another number of rates than groups, or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.SWALR(optimizer, 0.5, { annealEpochs: 2 });
 * Array.from({ length: 4 }, () => {
 *   const lr = schedule.getLastLr()[0]?.toFixed(2);
 *   schedule.step();
 *   return lr;
 * }); // => ['1.00', '0.75', '0.50', '0.50']
 */
export class SWALR extends LRScheduler {
  constructor(optimizer: Optimizer, swaLr: number | readonly number[], options: SWALROptions = {}) {
    checkOptimizer('SWALR', optimizer);
    checkKnown('SWALR', options, ['annealEpochs', 'annealStrategy']);
    const { annealEpochs = 10, annealStrategy = 'cos' } = options;
    checkCount('SWALR', 'annealEpochs', annealEpochs, 0);
    checkChoice('SWALR', 'annealStrategy', annealStrategy, ['cos', 'linear']);
    const rates = perGroup('SWALR', 'swaLr', optimizer, swaLr);
    const share = (epoch: number): number => {
      const t = Math.max(0, Math.min(1, epoch / Math.max(1, annealEpochs)));
      return annealStrategy === 'linear' ? t : (1 - Math.cos(Math.PI * t)) / 2;
    };
    super(
      'SWALR',
      optimizer,
      {
        first: ({ lr, index }) => (annealEpochs === 0 ? rates[index]! : lr),
        next({ epoch, lr, index }) {
          const rate = rates[index]!;
          const before = share(epoch - 1);
          if (before === 1 || annealEpochs === 0) return rate;
          const start = (lr - before * rate) / (1 - before);
          return rate * share(epoch) + start * (1 - share(epoch));
        },
      },
      options,
    );
  }
}
