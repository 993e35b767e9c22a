import { checkFinite, checkRange } from '../../check.js';
import type { Optimizer } from '../optimizer.js';
import { checkCount, checkKnown, LRScheduler } from './schedule.js';
import type { ScheduleOptions } from './schedule.js';

export interface CosineAnnealingLROptions extends ScheduleOptions {
  /** The least learning rate. Default 0. */
  etaMin?: number;
}

/**
 * Down along half a cosine in `tMax` epochs, and up again in as many (Loshchilov and Hutter, 2017, without restarts):
 * etaMin + (baseLr - etaMin) (1 + cos(π epoch / tMax)) / 2, here as a factor on the rate before, so that it can be chained.
 *
 * @throws ValueError for a `tMax` below 1 or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, 2);
 * Array.from({ length: 3 }, () => {
 *   const lr = schedule.getLastLr()[0]?.toFixed(2);
 *   schedule.step();
 *   return lr;
 * }); // => ['1.00', '0.50', '0.00']
 */
export class CosineAnnealingLR extends LRScheduler {
  constructor(optimizer: Optimizer, tMax: number, options: CosineAnnealingLROptions = {}) {
    checkCount('CosineAnnealingLR', 'tMax', tMax);
    checkKnown('CosineAnnealingLR', options, ['etaMin']);
    const { etaMin = 0 } = options;
    checkFinite('CosineAnnealingLR', 'etaMin', etaMin);
    const height = (epoch: number): number => 1 + Math.cos((Math.PI * epoch) / tMax);
    super(
      'CosineAnnealingLR',
      optimizer,
      {
        next({ epoch, lr, baseLr }) {
          // At the bottom there is nothing to multiply.
          if ((epoch - 1 - tMax) % (2 * tMax) === 0)
            return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
          return (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin;
        },
      },
      options,
    );
  }
}

export interface CosineAnnealingWarmRestartsOptions extends CosineAnnealingLROptions {
  /** What the length of a cycle is multiplied by after each. Default 1. PyTorch's `T_mult`. */
  tMult?: number;
}

/**
 * Down along half a cosine, then from the top again (SGDR, Loshchilov and Hutter, 2017): cycles of `t0`, `t0 tMult`,
 * `t0 tMult²` ... epochs; etaMin + (baseLr - etaMin) (1 + cos(π tCur / tCycle)) / 2.
 *
 * @throws ValueError for counts below 1 or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, 2);
 * Array.from({ length: 3 }, () => {
 *   const lr = schedule.getLastLr()[0]?.toFixed(2);
 *   schedule.step();
 *   return lr;
 * }); // => ['1.00', '0.50', '1.00']
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly #at: { epoch: number };

  constructor(optimizer: Optimizer, t0: number, options: CosineAnnealingWarmRestartsOptions = {}) {
    const op = 'CosineAnnealingWarmRestarts';
    checkCount(op, 't0', t0);
    checkKnown(op, options, ['tMult', 'etaMin']);
    const { tMult = 1, etaMin = 0 } = options;
    checkCount(op, 'tMult', tMult);
    checkFinite(op, 'etaMin', etaMin);
    const part = { epoch: 0 };
    const rate = ({ epoch, baseLr }: { epoch: number; baseLr: number }): number => {
      const { into, length } = cycleAt(epoch + part.epoch, t0, tMult);
      return etaMin + ((baseLr - etaMin) * (1 + Math.cos((Math.PI * into) / length))) / 2;
    };
    super(op, optimizer, { first: rate, next: rate }, options);
    this.#at = part;
  }

  /** @param epoch Where to go, of which a part may have passed: `epoch + batch / batches`. Default the next epoch. */
  override step(epoch?: number): void {
    if (epoch === undefined) return super.step();
    checkRange('CosineAnnealingWarmRestarts', 'epoch', epoch, 0, Number.MAX_SAFE_INTEGER);
    this.lastEpoch = Math.floor(epoch) - 1;
    this.#at.epoch = epoch - Math.floor(epoch);
    try {
      super.step();
    } finally {
      this.#at.epoch = 0;
    }
  }
}

/** How far an epoch is into its cycle, and how long that is. */
function cycleAt(epoch: number, t0: number, tMult: number): { into: number; length: number } {
  if (tMult === 1) return { into: epoch % t0, length: t0 };
  let [into, length] = [epoch, t0];
  while (into >= length) {
    into -= length;
    length *= tMult;
  }
  return { into, length };
}
