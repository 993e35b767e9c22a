import { refuseSetting } from '../number-cell.js';
import type { Optimizer } from '../optimizer.js';
import type { GroupOf } from '../param-group.js';
import type { LearningRate } from '../rule.js';

/** What schedules write into a group. */
interface Scheduled {
  lr: number;
  momentum?: number;
  betas?: readonly [number, number];
}

const names = ['lr', 'momentum', 'betas'] as const;

/** Puts back what differs: the others may be in use, and were not written. */
function putBack(group: GroupOf<LearningRate>, former: Scheduled): void {
  for (const name of names) {
    const value = former[name];
    if (value !== undefined && String(value) !== String(valuesOf(group)[name]))
      Object.assign(group, { [name]: value });
  }
}

function valuesOf(group: GroupOf<LearningRate>): Scheduled {
  const { lr, momentum, betas }: Scheduled = group;
  return {
    lr,
    ...(momentum !== undefined && { momentum }),
    ...(betas !== undefined && { betas }),
  };
}

/**
 * Runs a step of a schedule. If it throws, as it does while a program on another thread uses a number that it sets, the groups
 * are as they were, and so is the schedule, which `mark` gives a way back to.
 */
export function allOrNothing(optimizer: Optimizer, mark: () => () => void, step: () => void): void {
  refuseSetting();
  const former = optimizer.paramGroups.map(valuesOf);
  const goBack = mark();
  try {
    step();
  } catch (error) {
    goBack();
    optimizer.paramGroups.forEach((group, i) => putBack(group, former[i]!));
    throw error;
  }
}
