import { Handle } from '../../backend/backend.js';
import { checkChoice, checkFinite, checkNumber, checkOptions, checkRange, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { refuseSetting } from '../number-cell.js';
import type { Optimizer } from '../optimizer.js';
import { allOrNothing } from './all-or-nothing.js';
import { checkCount, checkOptimizer, perGroup } from './schedule.js';
import type { Schedule } from './schedule.js';

export interface ReduceLROnPlateauOptions {
  /** Whether the metric should become small or large. Default 'min'. */
  mode?: 'min' | 'max';
  /** What the learning rate is multiplied by, below 1. Default 0.1. */
  factor?: number;
  /** How many epochs without progress are borne. Default 10. */
  patience?: number;
  /** The least change that is progress. Default 1e-4. */
  threshold?: number;
  /** Whether `threshold` is a part of the best metric so far, or a difference to it. Default 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction that do not count. Default 0. */
  cooldown?: number;
  /** The least learning rate, one for all groups or one for each. Default 0. */
  minLr?: number | readonly number[];
  /** A reduction by no more is not made. Default 1e-8. */
  eps?: number;
}

/** Where a {@link ReduceLROnPlateau} stands, as plain data. `best` is null before the first metric. */
export interface PlateauState {
  lastEpoch: number;
  best: number | null;
  numBadEpochs: number;
  cooldownCounter: number;
  lastLr: number[];
}

const names = ['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps'];

/**
 * Multiplies the learning rate by `factor` when a metric has not become better for more than `patience` epochs.
 *
 * @throws ValueError for wrong or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 1 });
 * [3, 2, 2, 2].map((loss) => {
 *   schedule.step(loss);
 *   return schedule.getLastLr()[0];
 * }); // => [1, 1, 1, 0.5]
 */
export class ReduceLROnPlateau implements Schedule {
  /** How many metrics it has seen. */
  lastEpoch = 0;
  readonly #options: Required<ReduceLROnPlateauOptions>;
  readonly #least: readonly number[];
  #best: number | null = null;
  #bad = 0;
  #cooling = 0;
  #lastLr: number[];

  constructor(
    readonly optimizer: Optimizer,
    options: ReduceLROnPlateauOptions = {},
  ) {
    const op = 'ReduceLROnPlateau';
    checkOptimizer(op, optimizer);
    checkOptions(op, options, names);
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4 } = options;
    const { thresholdMode = 'rel', cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    checkChoice(op, 'mode', mode, ['min', 'max']);
    checkFinite(op, 'factor', factor);
    if (!(factor < 1)) throw new ValueError(`[${op}] factor: got ${factor}, wanted a number below 1`);
    checkCount(op, 'patience', patience, 0);
    checkFinite(op, 'threshold', threshold);
    checkChoice(op, 'thresholdMode', thresholdMode, ['rel', 'abs']);
    checkCount(op, 'cooldown', cooldown, 0);
    checkFinite(op, 'eps', eps);
    checkRange(op, 'eps', eps, 0, Infinity);
    this.#least = perGroup(op, 'minLr', optimizer, minLr);
    this.#options = { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps };
    this.#lastLr = optimizer.paramGroups.map((group) => group.lr);
  }

  /**
   * Takes the metric of an epoch; where it throws, nothing has changed.
   *
   * @param metric A number, or a tensor with one element.
   * @throws BusyError while a program that runs on another thread uses the rates: await its call first.
   * @throws RecordingError in a compiled function.
   */
  step(metric: number | Tensor): void {
    refuseSetting();
    const current: unknown = Handle.is(metric) ? Number(metric.item()) : metric;
    checkNumber('ReduceLROnPlateau', 'metric', current);
    allOrNothing(
      this.optimizer,
      () => this.#mark(),
      () => this.#take(current),
    );
  }

  #mark(): () => void {
    const { lastEpoch } = this;
    const [best, bad, cooling, lastLr] = [this.#best, this.#bad, this.#cooling, this.#lastLr];
    return () => {
      this.lastEpoch = lastEpoch;
      [this.#best, this.#bad, this.#cooling, this.#lastLr] = [best, bad, cooling, lastLr];
    };
  }

  #take(current: number): void {
    const { patience, cooldown } = this.#options;
    this.lastEpoch += 1;
    if (this.#isBetter(current)) {
      this.#best = current;
      this.#bad = 0;
    } else {
      this.#bad += 1;
    }
    if (this.#cooling > 0) {
      this.#cooling -= 1;
      this.#bad = 0;
    }
    if (this.#bad > patience) {
      this.#reduce();
      this.#cooling = cooldown;
      this.#bad = 0;
    }
    this.#lastLr = this.optimizer.paramGroups.map((group) => group.lr);
  }

  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  stateDict(): PlateauState {
    return {
      lastEpoch: this.lastEpoch,
      best: this.#best,
      numBadEpochs: this.#bad,
      cooldownCounter: this.#cooling,
      lastLr: [...this.#lastLr],
    };
  }

  /**
   * Goes on where another one with the same options stood. Load the optimizer's state too: that holds the learning rates.
   *
   * @throws ValueError for a state that is none.
   */
  loadStateDict(state: PlateauState): void {
    const op = 'ReduceLROnPlateau.loadStateDict';
    checkOptions(op, state);
    const { lastEpoch, best, numBadEpochs, cooldownCounter, lastLr } = state;
    checkCount(op, 'lastEpoch', lastEpoch, 0);
    if (best !== null) checkNumber(op, 'best', best);
    checkCount(op, 'numBadEpochs', numBadEpochs, 0);
    checkCount(op, 'cooldownCounter', cooldownCounter, 0);
    if (!Array.isArray(lastLr))
      throw new ValueError(`[${op}] lastLr: got ${describe(lastLr)}, wanted numbers`);
    this.lastEpoch = lastEpoch;
    this.#best = best;
    this.#bad = numBadEpochs;
    this.#cooling = cooldownCounter;
    this.#lastLr = [...lastLr];
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const best = this.#best ?? (mode === 'min' ? Infinity : -Infinity);
    if (mode === 'min') return metric < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
    return metric > (thresholdMode === 'rel' ? best * (1 + threshold) : best + threshold);
  }

  #reduce(): void {
    const { factor, eps, minLr } = this.#options;
    this.optimizer.paramGroups.forEach((group, i) => {
      // Groups that came later have the bound of all, if there is one.
      const least = this.#least[i] ?? (typeof minLr === 'number' ? minLr : 0);
      const lr = Math.max(group.lr * factor, least);
      if (group.lr - lr > eps) group.lr = lr;
    });
  }
}
