import { checkChoice, checkFinite, checkFlag, checkRange } from '../../check.js';
import { ValueError } from '../../errors.js';
import { checkFunction } from '../../scope.js';
import type { Optimizer } from '../optimizer.js';
import { checkCount, checkKnown, checkOptimizer, LRScheduler, momentumOf, perGroup } from './schedule.js';
import type { Epoch, ScheduleOptions } from './schedule.js';

interface MomentumCycleOptions extends ScheduleOptions {
  /** Move momentum (or the first of `betas`) against the learning rate. Default true. */
  cycleMomentum?: boolean;
}

export interface CyclicLROptions extends MomentumCycleOptions {
  /** Steps on the way up. Default 2000. */
  stepSizeUp?: number;
  /** Steps on the way down. Default as many. */
  stepSizeDown?: number;
  /** Heights that stay, halve with each cycle, or fall by `gamma` with each step. Default 'triangular'. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** For 'exp_range'. Default 1. */
  gamma?: number;
  /** The height instead of a mode, from the cycle (from 1) or from the step. */
  scaleFn?: (x: number) => number;
  /** What `scaleFn` takes. Default 'cycle'. */
  scaleMode?: 'cycle' | 'iterations';
  /** Momentum at the top, one for all groups or one for each. Default 0.8. */
  baseMomentum?: number | readonly number[];
  /** Momentum at the bottom. Default 0.9. */
  maxMomentum?: number | readonly number[];
}

const cyclicNames = [
  'stepSizeUp',
  'stepSizeDown',
  'mode',
  'gamma',
  'scaleFn',
  'scaleMode',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
];

/**
 * Up and down between two learning rates in straight lines (Smith, 2017), a step per batch.
 *
 * @param baseLr At the bottom: one for all groups or one for each.
 * @param maxLr At the top, where the height is full.
 * @throws ValueError for an optimizer without momentum unless `cycleMomentum` is false, or for wrong or unknown options.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { momentum: 0.9 });
 * const schedule = new optim.lrScheduler.CyclicLR(optimizer, 0.25, 0.75, { stepSizeUp: 2 });
 * Array.from({ length: 5 }, () => {
 *   const [lr] = schedule.getLastLr();
 *   schedule.step();
 *   return lr;
 * }); // => [0.25, 0.5, 0.75, 0.5, 0.25]
 */
export class CyclicLR extends LRScheduler {
  constructor(
    optimizer: Optimizer,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options: CyclicLROptions = {},
  ) {
    const op = 'CyclicLR';
    checkOptimizer(op, optimizer);
    checkKnown(op, options, cyclicNames);
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp, cycleMomentum = true, lastEpoch = -1 } = options;
    checkCount(op, 'stepSizeUp', stepSizeUp);
    checkCount(op, 'stepSizeDown', stepSizeDown);
    const lows = perGroup(op, 'baseLr', optimizer, baseLr);
    const highs = perGroup(op, 'maxLr', optimizer, maxLr);
    const leastMomentum = perGroup(op, 'baseMomentum', optimizer, options.baseMomentum ?? 0.8);
    const mostMomentum = perGroup(op, 'maxMomentum', optimizer, options.maxMomentum ?? 0.9);
    const setMomentum = momentumOf(op, optimizer, cycleMomentum);
    const heightAt = heights(op, options);
    const total = stepSizeUp + stepSizeDown;
    const up = stepSizeUp / total;
    const rate = ({ epoch, group, index }: Epoch): number => {
      const cycle = Math.floor(1 + epoch / total);
      const x = 1 + epoch / total - cycle;
      const height = (x <= up ? x / up : (x - 1) / (up - 1)) * heightAt(cycle, epoch);
      setMomentum?.(group, mostMomentum[index]! - (mostMomentum[index]! - leastMomentum[index]!) * height);
      return lows[index]! + (highs[index]! - lows[index]!) * height;
    };
    if (lastEpoch === -1) for (const [i, group] of optimizer.paramGroups.entries()) group.lr = lows[i]!;
    super(op, optimizer, { first: rate, next: rate, restart: rate }, options);
    this.baseLrs.splice(0, lows.length, ...lows);
  }
}

/** The height of a cycle's top, as a part of the full one. */
function heights(op: string, options: CyclicLROptions): (cycle: number, step: number) => number {
  const { mode = 'triangular', gamma = 1, scaleFn, scaleMode = 'cycle' } = options;
  checkChoice(op, 'mode', mode, ['triangular', 'triangular2', 'exp_range']);
  checkFinite(op, 'gamma', gamma);
  checkChoice(op, 'scaleMode', scaleMode, ['cycle', 'iterations']);
  if (scaleFn !== undefined) {
    checkFunction(`${op} scaleFn`, scaleFn);
    return (cycle, step) => scaleFn(scaleMode === 'cycle' ? cycle : step);
  }
  if (mode === 'triangular') return () => 1;
  return mode === 'triangular2' ? (cycle) => 1 / 2 ** (cycle - 1) : (_, step) => gamma ** step;
}

export interface OneCycleLROptions extends MomentumCycleOptions {
  /** Steps of the whole training. This, or `epochs` and `stepsPerEpoch`, must be given. */
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
  /** What part of the steps goes up. Default 0.3. */
  pctStart?: number;
  /** Along a cosine or a line. Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Momentum at the top of the learning rate. Default 0.85. */
  baseMomentum?: number | readonly number[];
  /** Momentum at its bottom. Default 0.95. */
  maxMomentum?: number | readonly number[];
  /** The first learning rate is maxLr / divFactor. Default 25. */
  divFactor?: number;
  /** The last one is the first / finalDivFactor. Default 1e4. */
  finalDivFactor?: number;
  /** Down to the first learning rate in as many steps as up, and only then to the last. Default false. */
  threePhase?: boolean;
}

const oneCycleNames = [
  'totalSteps',
  'epochs',
  'stepsPerEpoch',
  'pctStart',
  'annealStrategy',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'divFactor',
  'finalDivFactor',
  'threePhase',
];

/** From one rate (and momentum) to another, until a step. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [from: number, to: number];
  readonly momentum: readonly [from: number, to: number];
}

/**
 * One cycle up to `maxLr` and down below where it began (Smith and Topin, 2018), a step per batch.
 *
 * @param maxLr One for all groups or one for each.
 * @throws ValueError without a number of steps, for an optimizer without momentum unless `cycleMomentum` is false, or for
 *   wrong or unknown options; from `step` beyond the number of steps.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const optimizer = new optim.SGD([ones([1])], { momentum: 0.9 });
 * const schedule = new optim.lrScheduler.OneCycleLR(optimizer, 1, {
 *   totalSteps: 5,
 *   pctStart: 0.6,
 *   annealStrategy: 'linear',
 *   divFactor: 2,
 *   finalDivFactor: 2,
 * });
 * Array.from({ length: 5 }, (_, i) => {
 *   if (i > 0) schedule.step();
 *   return schedule.getLastLr()[0];
 * }); // => [0.5, 0.75, 1, 0.625, 0.25]
 */
export class OneCycleLR extends LRScheduler {
  constructor(optimizer: Optimizer, maxLr: number | readonly number[], options: OneCycleLROptions = {}) {
    const op = 'OneCycleLR';
    checkOptimizer(op, optimizer);
    checkKnown(op, options, oneCycleNames);
    const { pctStart = 0.3, annealStrategy = 'cos', divFactor = 25, finalDivFactor = 1e4 } = options;
    const { cycleMomentum = true, lastEpoch = -1 } = options;
    const total = stepsOf(op, options);
    checkRange(op, 'pctStart', pctStart, 0, 1);
    checkChoice(op, 'annealStrategy', annealStrategy, ['cos', 'linear']);
    checkFinite(op, 'divFactor', divFactor);
    checkFinite(op, 'finalDivFactor', finalDivFactor);
    checkRange(op, 'divFactor', divFactor, Number.MIN_VALUE, Infinity);
    checkRange(op, 'finalDivFactor', finalDivFactor, Number.MIN_VALUE, Infinity);
    const threePhase = checkFlag(op, 'threePhase', options.threePhase);
    const highs = perGroup(op, 'maxLr', optimizer, maxLr);
    const least = perGroup(op, 'baseMomentum', optimizer, options.baseMomentum ?? 0.85);
    const most = perGroup(op, 'maxMomentum', optimizer, options.maxMomentum ?? 0.95);
    const setMomentum = momentumOf(op, optimizer, cycleMomentum);
    const anneal = annealStrategy === 'cos' ? alongCosine : alongLine;
    const phases = highs.map((high, i): Phase[] => {
      const low = high / divFactor;
      const last = low / finalDivFactor;
      const up: Phase = { end: pctStart * total - 1, lr: [low, high], momentum: [most[i]!, least[i]!] };
      const down = [least[i]!, most[i]!] as const;
      if (!threePhase) return [up, { end: total - 1, lr: [high, last], momentum: down }];
      return [
        up,
        { end: 2 * pctStart * total - 2, lr: [high, low], momentum: down },
        { end: total - 1, lr: [low, last], momentum: [most[i]!, most[i]!] },
      ];
    });
    const rate = ({ epoch, group, index }: Epoch): number => {
      if (epoch > total) throw new ValueError(`[${op}] step: got step ${epoch}, wanted at most ${total}`);
      const list = phases[index]!;
      const found = list.findIndex((phase) => epoch <= phase.end);
      const at = found < 0 ? list.length - 1 : found;
      const { end, lr, momentum } = list[at]!;
      const start = at === 0 ? 0 : list[at - 1]!.end;
      const part = (epoch - start) / (end - start);
      setMomentum?.(group, anneal(...momentum, part));
      return anneal(...lr, part);
    };
    if (lastEpoch === -1)
      for (const [i, group] of optimizer.paramGroups.entries()) group.initialLr = highs[i]! / divFactor;
    super(op, optimizer, { first: rate, next: rate, restart: rate }, options);
  }
}

function stepsOf(op: string, { totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) {
    checkCount(op, 'totalSteps', totalSteps);
    return totalSteps;
  }
  if (epochs === undefined || stepsPerEpoch === undefined)
    throw new ValueError(`[${op}] wanted totalSteps, or epochs and stepsPerEpoch`);
  checkCount(op, 'epochs', epochs);
  checkCount(op, 'stepsPerEpoch', stepsPerEpoch);
  return epochs * stepsPerEpoch;
}

export function alongCosine(from: number, to: number, part: number): number {
  return to + ((from - to) / 2) * (Math.cos(Math.PI * part) + 1);
}

export function alongLine(from: number, to: number, part: number): number {
  return (to - from) * part + from;
}
