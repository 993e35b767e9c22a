import { checkFlag, checkInt, checkOptions, checkRange, describe } from '../../check.js';
import { DTypeError, ValueError } from '../../errors.js';
import { refuseMaking } from '../number-cell.js';
import { Optimizer } from '../optimizer.js';
import type { GroupOf } from '../param-group.js';
import type { LearningRate } from '../rule.js';
import { allOrNothing } from './all-or-nothing.js';

/** Where a schedule stands, as plain data. */
export interface SchedulerState {
  lastEpoch: number;
  baseLrs: number[];
  lastLr: number[];
  /** Of the schedules that it is made of. */
  schedulers?: SchedulerState[];
}

/** What all schedules can do. */
export interface Schedule {
  readonly optimizer: Optimizer;
  /** The learning rate of each group, as it is after the last step. */
  getLastLr(): number[];
}

export interface ScheduleOptions {
  /**
   * The epoch that was the last before a resumed training; the groups must have their `initialLr`. Default -1: from the start.
   * Loading a state dict is the better way.
   */
  lastEpoch?: number;
}

/** One group in one step of a schedule. */
export interface Epoch {
  /** Counted from 0. */
  readonly epoch: number;
  /** The group's learning rate before. */
  readonly lr: number;
  /** The learning rate that the schedule starts from. */
  readonly baseLr: number;
  readonly group: GroupOf<LearningRate>;
  readonly index: number;
}

/** A schedule: learning rates from learning rates. */
export interface Course {
  /** From one epoch to the next. Most go by the rate before, so that schedules can be chained. */
  next(now: Epoch): number;
  /** At the beginning. Default: the rate stays. */
  first?(now: Epoch): number;
  /** At epoch 0, when another schedule went before. Default: the base. */
  restart?(now: Epoch): number;
}

/**
 * A schedule of learning rates. Call `step` once an epoch (or batch, as the schedule is meant) after the optimizer's step;
 * it writes `group.lr`.
 */
export abstract class LRScheduler implements Schedule {
  /** How many steps were taken; the first epoch is 0. */
  lastEpoch: number;
  /** What each group started from. */
  readonly baseLrs: number[];
  readonly #name: string;
  readonly #course: Course;
  #lastLr: number[] = [];

  /** @internal */
  protected constructor(
    name: string,
    readonly optimizer: Optimizer,
    course: Course,
    { lastEpoch = -1 }: ScheduleOptions,
  ) {
    checkOptimizer(name, optimizer);
    checkInt(name, 'lastEpoch', lastEpoch);
    this.#name = name;
    this.#course = course;
    for (const [i, group] of optimizer.paramGroups.entries()) {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined)
        throw new ValueError(`[${name}] lastEpoch: got ${lastEpoch}, but group ${i} has no initialLr`);
    }
    this.baseLrs = optimizer.paramGroups.map((group) => group.initialLr!);
    this.lastEpoch = lastEpoch;
    this.#begin();
  }

  /** @internal The step that a schedule begins with. */
  begin(): void {
    this.#begin();
  }

  // Not to be overridden: the constructor calls it.
  #begin(): void {
    this.lastEpoch += 1;
    this.#write((now) => this.#course.first?.(now) ?? now.lr);
  }

  /** @internal Begins anew at epoch 0, from what another schedule left. */
  restart(): void {
    this.lastEpoch = 0;
    this.#write((now) => this.#course.restart?.(now) ?? now.baseLr);
  }

  /** @internal Back before the step that it began with. */
  undo(): void {
    this.lastEpoch -= 1;
  }

  /**
   * Sets the learning rates of the next epoch, or, where it throws, none of them: it may be called again.
   *
   * @throws ValueError if the optimizer has got more groups since.
   * @throws BusyError while a program that runs on another thread uses the rates: await its call first.
   * @throws RecordingError in a compiled function.
   */
  step(): void {
    allOrNothing(
      this.optimizer,
      () => this.mark(),
      () => this.advance(),
    );
  }

  /** @internal What a step does. */
  protected advance(): void {
    this.lastEpoch += 1;
    this.#write((now) => this.#course.next(now));
  }

  /** @internal What puts the schedule back to where it stands now. */
  mark(): () => void {
    const { lastEpoch } = this;
    const lastLr = this.#lastLr;
    return () => {
      this.lastEpoch = lastEpoch;
      this.#lastLr = lastLr;
    };
  }

  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /** @internal Takes the rates of the groups as its own. */
  protected readLr(): void {
    this.#lastLr = this.optimizer.paramGroups.map((group) => group.lr);
  }

  /** Where the schedule stands. The learning rates themselves are in the optimizer's state. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs], lastLr: [...this.#lastLr] };
  }

  /**
   * Goes on where another one with the same options stood. Load the optimizer's state too: that holds the learning rates.
   *
   * @throws ValueError for a state of another number of groups.
   */
  loadStateDict(state: SchedulerState): void {
    const op = `${this.#name}.loadStateDict`;
    checkOptions(op, state);
    checkInt(op, 'lastEpoch', state.lastEpoch);
    for (const name of ['baseLrs', 'lastLr'] as const) {
      const given: unknown = state[name];
      const right = Array.isArray(given) && given.every((lr) => typeof lr === 'number');
      if (!right || given.length !== this.optimizer.paramGroups.length) {
        const wanted = `${this.optimizer.paramGroups.length} numbers`;
        throw new ValueError(`[${op}] ${name}: got ${describe(given)}, wanted ${wanted}`);
      }
    }
    this.lastEpoch = state.lastEpoch;
    this.baseLrs.splice(0, this.baseLrs.length, ...state.baseLrs);
    this.#lastLr = [...state.lastLr];
  }

  #write(rate: (now: Epoch) => number): void {
    const groups = this.optimizer.paramGroups;
    if (groups.length !== this.baseLrs.length) {
      throw new ValueError(
        `[${this.#name}] got an optimizer of ${groups.length} groups, wanted the ${this.baseLrs.length} it was made for`,
      );
    }
    groups.forEach((group, index) => {
      const { lr } = group;
      const next = rate({ epoch: this.lastEpoch, lr, baseLr: this.baseLrs[index]!, group, index });
      if (next !== lr) group.lr = next;
    });
    this.readLr();
  }
}

/** Before a schedule is made, which begins by writing into its optimizer. */
export function checkOptimizer(op: string, value: unknown): asserts value is Optimizer {
  refuseMaking(op, 'a schedule');
  if (!(value instanceof Optimizer))
    throw new DTypeError(`[${op}] optimizer: got ${describe(value)}, wanted an optimizer`);
}

/** One number for all groups, or one for each. */
export function perGroup(op: string, name: string, optimizer: Optimizer, value: unknown): number[] {
  const { length } = optimizer.paramGroups;
  const values: unknown[] = Array.isArray(value) ? value : new Array<unknown>(length).fill(value);
  if (values.length !== length || !values.every(Number.isFinite))
    throw new ValueError(
      `[${op}] ${name}: got ${describe(value)}, wanted a finite number, or one for each group`,
    );
  return values as number[];
}

export function checkCount(op: string, name: string, value: unknown, low = 1): void {
  checkInt(op, name, value);
  checkRange(op, name, value, low, Infinity);
}

/** Options with nothing unknown among them. */
export function checkKnown(op: string, options: object, known: readonly string[]): void {
  checkOptions(op, options, [...known, 'lastEpoch']);
}

/** A group as far as schedules of momentum are concerned. */
interface WithMomentum {
  momentum?: number;
  betas?: readonly [number, number];
}

/** How a schedule writes momentum: as `momentum`, or as the first of `betas`. */
export function momentumOf(
  op: string,
  optimizer: Optimizer,
  wanted: unknown,
): ((group: GroupOf<LearningRate>, value: number) => void) | undefined {
  if (!checkFlag(op, 'cycleMomentum', wanted)) return undefined;
  if ('betas' in optimizer.defaults) {
    return (group, value) => {
      // Every group of the optimizer has the options of its defaults.
      const own = group as WithMomentum & object;
      own.betas = [value, own.betas![1]];
    };
  }
  if (!('momentum' in optimizer.defaults))
    throw new ValueError(`[${op}] cycleMomentum: got an optimizer without momentum or betas`);
  return (group, value) => {
    const own = group as WithMomentum & object;
    own.momentum = value;
  };
}
