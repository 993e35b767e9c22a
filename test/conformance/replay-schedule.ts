import { ones, optim, tidy } from '../../lib/index.js';
import { near } from './check/compare.js';
import { NotThere } from './library.js';
import type { Outcome } from './outcome.js';
import type { ScheduleSample } from './read/format.js';
import { camel } from './names.js';
import { messageOf } from './replay.js';

// Replays one schedule: the learning rates of all groups at the start and after each step.

interface AnySchedule {
  step(metric?: number): void;
  getLastLr(): readonly number[];
}

/** What the constructors take by position, in PyTorch's names. */
const positional: Readonly<Record<string, readonly string[]>> = {
  LambdaLR: ['lr_lambda'],
  MultiplicativeLR: ['lr_lambda'],
  StepLR: ['step_size'],
  MultiStepLR: ['milestones'],
  ExponentialLR: ['gamma'],
  CosineAnnealingLR: ['T_max'],
  CosineAnnealingWarmRestarts: ['T_0'],
  CyclicLR: ['base_lr', 'max_lr'],
  OneCycleLR: ['max_lr'],
  SequentialLR: ['schedulers', 'milestones'],
  ChainedScheduler: ['schedulers'],
};

/** Python's formulas in `epoch`, which are JavaScript's too. */
function lambdaOf(formula: string): (epoch: number) => number {
  if (!/^[\d.+\-*/() epoch]+$/.test(formula)) throw new Error(`a formula ${formula}`);
  return Reflect.construct(Function, ['epoch', `return ${formula}`]) as (epoch: number) => number;
}

const optionName = (name: string): string => (name === 'T_mult' ? 'tMult' : camel(name));

function make(optimizer: optim.SGD, name: string, kwargs: ScheduleSample['kwargs']): AnySchedule {
  const kind: unknown = Reflect.get(optim.lrScheduler, name);
  if (typeof kind !== 'function') throw new NotThere(`optim.lrScheduler.${name}`);
  const valueOf = (key: string): unknown => {
    const value = kwargs[key];
    if (key === 'lr_lambda') return lambdaOf(value as string);
    if (key !== 'schedulers') return value;
    return (value as [string, ScheduleSample['kwargs']][]).map(([part, given]) =>
      make(optimizer, part, given),
    );
  };
  const first = positional[name] ?? [];
  const rest = Object.keys(kwargs).filter((key) => !first.includes(key));
  const options = Object.fromEntries(rest.map((key) => [optionName(key), valueOf(key)]));
  const args = [...first.map(valueOf), ...(rest.length > 0 ? [options] : [])];
  return Reflect.construct(kind, name === 'ChainedScheduler' ? args : [optimizer, ...args]) as AnySchedule;
}

export function replaySchedule(name: string, sample: ScheduleSample): Outcome {
  const base = { op: name, id: sample.id, dtype: 'float64' };
  try {
    const detail = tidy(() => replay(sample));
    if (detail === undefined) return { ...base, status: 'passed', parts: { values: true }, failures: [] };
    return { ...base, status: 'failed', parts: { values: false }, failures: [{ what: 'values', detail }] };
  } catch (error) {
    const failures = [{ what: 'values', detail: messageOf(error) }];
    return { ...base, status: 'failed', parts: { values: false }, failures };
  }
}

function replay({ scheduler, kwargs, base_lrs, lrs, metrics }: ScheduleSample): string | undefined {
  const groups = base_lrs.map((lr) => ({ params: ones([1]), lr }));
  const optimizer = new optim.SGD(groups, { momentum: 0.9 });
  const schedule = make(optimizer, scheduler, kwargs);
  for (const [step, wanted] of lrs.entries()) {
    if (step > 0) {
      if (metrics === undefined) schedule.step();
      else schedule.step(metrics[step - 1]);
    }
    const got = optimizer.paramGroups.map((group) => group.lr);
    if (!wanted.every((lr, i) => near(got[i]!, lr, 1e-6, 1e-9)))
      return `after ${step} steps: got ${got.join(', ')}, wanted ${wanted.join(', ')}`;
    if (String(schedule.getLastLr()) !== String(got))
      return `after ${step} steps: getLastLr gives ${schedule.getLastLr().join(', ')}, the groups have ${got.join(', ')}`;
  }
  return undefined;
}
