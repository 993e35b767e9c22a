import { checkOptions, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { checkMilestones, LinearLR } from './decay.js';
import { checkCount, checkOptimizer, LRScheduler } from './schedule.js';
import type { SchedulerState } from './schedule.js';

function checkSchedules(op: string, schedulers: unknown): asserts schedulers is readonly LRScheduler[] {
  const right =
    Array.isArray(schedulers) &&
    schedulers.length > 0 &&
    Array.from(schedulers).every((entry) => entry instanceof LRScheduler);
  if (!right) {
    throw new ValueError(
      `[${op}] schedulers: got ${describe(schedulers)}, wanted schedules, at least one, none of them by metrics`,
    );
  }
  const [first, ...rest] = schedulers as readonly LRScheduler[];
  if (rest.some((one) => one.optimizer !== first!.optimizer))
    throw new ValueError(`[${op}] schedulers: got schedules of several optimizers, wanted one`);
}

/** What schedules made of schedules share: a state that holds theirs. */
abstract class Composed extends LRScheduler {
  #schedulers: readonly LRScheduler[] = [];

  protected get parts(): readonly LRScheduler[] {
    return this.#schedulers;
  }
  protected set parts(schedulers: readonly LRScheduler[]) {
    this.#schedulers = schedulers;
  }

  override undo(): void {
    for (const part of this.#schedulers) part.undo();
  }

  override mark(): () => void {
    const marks = [super.mark(), ...this.#schedulers.map((part) => part.mark())];
    return () => {
      for (const goBack of marks) goBack();
    };
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), schedulers: this.#schedulers.map((part) => part.stateDict()) };
  }

  override loadStateDict(state: SchedulerState): void {
    const op = `${this.constructor.name}.loadStateDict`;
    checkOptions(op, state);
    const { schedulers } = state;
    if (!Array.isArray(schedulers) || schedulers.length !== this.#schedulers.length) {
      const wanted = `${this.#schedulers.length} states`;
      throw new ValueError(`[${op}] schedulers: got ${describe(schedulers)}, wanted ${wanted}`);
    }
    super.loadStateDict(state);
    this.#schedulers.forEach((part, i) => part.loadStateDict(schedulers[i]!));
  }
}

const asItIs = { next: ({ lr }: { lr: number }): number => lr };

/**
 * One schedule after another: from the epoch `milestones[i]` on the one after the i-th, which begins at its epoch 0.
 *
 * @throws ValueError unless there is one schedule more than milestones, all of this optimizer.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const { ConstantLR, ExponentialLR, SequentialLR } = optim.lrScheduler;
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const warmUp = new ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const schedule = new SequentialLR(optimizer, [warmUp, new ExponentialLR(optimizer, 0.5)], [2]);
 * Array.from({ length: 4 }, () => {
 *   const [lr] = schedule.getLastLr();
 *   schedule.step();
 *   return lr;
 * }); // => [0.5, 0.5, 1, 0.5]
 */
export class SequentialLR extends Composed {
  readonly #milestones: readonly number[];

  constructor(optimizer: Optimizer, schedulers: readonly LRScheduler[], milestones: readonly number[]) {
    checkSchedules('SequentialLR', schedulers);
    checkMilestones('SequentialLR', milestones);
    if (schedulers[0]!.optimizer !== optimizer)
      throw new ValueError('[SequentialLR] schedulers: got schedules of another optimizer');
    if (milestones.length !== schedulers.length - 1) {
      throw new ValueError(
        `[SequentialLR] milestones: got ${milestones.length}, wanted ${schedulers.length - 1}, one less than schedules`,
      );
    }
    super('SequentialLR', optimizer, asItIs, {});
    this.parts = [...schedulers];
    this.#milestones = [...milestones];
    for (const group of optimizer.paramGroups) group.lr = group.initialLr!;
    this.undo();
    this.parts[this.#current()]!.begin();
    this.readLr();
  }

  #current(): number {
    const { lastEpoch } = this;
    return this.#milestones.filter((milestone) => milestone <= lastEpoch).length;
  }

  protected override advance(): void {
    this.lastEpoch += 1;
    const at = this.#current();
    if (at > 0 && this.#milestones[at - 1] === this.lastEpoch) this.parts[at]!.restart();
    else this.parts[at]!.step();
    this.readLr();
  }

  override begin(): void {
    this.restart();
  }

  override restart(): void {
    this.lastEpoch = 0;
    this.parts[this.#current()]!.restart();
    this.readLr();
  }
}

/**
 * Several schedules at once: each changes what the one before made of the learning rate.
 *
 * @throws ValueError without schedules, or for schedules of several optimizers.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const { ChainedScheduler, ConstantLR, ExponentialLR } = optim.lrScheduler;
 * const optimizer = new optim.SGD([ones([1])], { lr: 1 });
 * const warmUp = new ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const schedule = new ChainedScheduler([warmUp, new ExponentialLR(optimizer, 0.5)]);
 * Array.from({ length: 3 }, () => {
 *   const [lr] = schedule.getLastLr();
 *   schedule.step();
 *   return lr;
 * }); // => [0.5, 0.25, 0.25]
 */
export class ChainedScheduler extends Composed {
  constructor(schedulers: readonly LRScheduler[]) {
    checkSchedules('ChainedScheduler', schedulers);
    super('ChainedScheduler', schedulers[0]!.optimizer, asItIs, {});
    this.parts = [...schedulers];
  }

  protected override advance(): void {
    this.lastEpoch += 1;
    for (const part of this.parts) part.step();
    this.readLr();
  }

  override begin(): void {
    this.lastEpoch = 0;
    for (const part of this.parts) part.begin();
    this.readLr();
  }

  override restart(): void {
    this.lastEpoch = 0;
    for (const part of this.parts) part.restart();
    this.readLr();
  }
}

/**
 * A linear warm-up of `steps` steps, then another schedule from its beginning. PyTorch has it as a SequentialLR of a LinearLR.
 *
 * @param startFactor Where the warm-up begins, as a part of the learning rate, in (0, 1].
 * @throws ValueError for wrong arguments.
 * @example
 * import { ones, optim } from 'lanegrad';
 * const { CosineAnnealingLR, warmUp } = optim.lrScheduler;
 * const optimizer = new optim.AdamW([ones([1])], { lr: 1 });
 * const schedule = warmUp(optimizer, 2, new CosineAnnealingLR(optimizer, 2), 0.5);
 * Array.from({ length: 5 }, () => {
 *   const lr = schedule.getLastLr()[0]?.toFixed(2);
 *   schedule.step();
 *   return lr;
 * }); // => ['0.50', '0.75', '1.00', '0.50', '0.00']
 */
export function warmUp(
  optimizer: Optimizer,
  steps: number,
  then: LRScheduler,
  startFactor = 1 / (steps + 1),
): SequentialLR {
  checkOptimizer('warmUp', optimizer);
  checkCount('warmUp', 'steps', steps);
  // The schedule behind it has set its first learning rate already.
  for (const group of optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
  const rising = new LinearLR(optimizer, { startFactor, totalIters: steps });
  return new SequentialLR(optimizer, [rising, then], [steps]);
}
