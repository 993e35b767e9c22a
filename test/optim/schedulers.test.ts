import { describe, expect, it } from 'vitest';
import { DTypeError, ones, optim, ValueError } from '../../lib/index.js';

// What the reference cases leave out: composition, resuming, momentum, errors.

const {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
  SWALR,
  warmUp,
} = optim.lrScheduler;

const sgd = (lr = 1): optim.SGD => new optim.SGD([ones([1])], { lr, momentum: 0.9 });
const lrOf = (optimizer: optim.Optimizer): number => optimizer.paramGroups[0]!.lr;

function rates(optimizer: optim.Optimizer, schedule: { step(): void }, steps: number): number[] {
  return Array.from({ length: steps }, () => {
    const lr = lrOf(optimizer);
    schedule.step();
    return Number(lr.toFixed(6));
  });
}

type Make = (optimizer: optim.Optimizer) => optim.lrScheduler.LRScheduler;

const makers: Record<string, Make> = {
  StepLR: (o) => new StepLR(o, 2),
  SWALR: (o) => new SWALR(o, 0.05, { annealEpochs: 3 }),
  MultiStepLR: (o) => new MultiStepLR(o, [1, 4]),
  ConstantLR: (o) => new ConstantLR(o),
  LinearLR: (o) => new LinearLR(o),
  ExponentialLR: (o) => new ExponentialLR(o, 0.9),
  PolynomialLR: (o) => new PolynomialLR(o, { totalIters: 9 }),
  CosineAnnealingLR: (o) => new CosineAnnealingLR(o, 4),
  CosineAnnealingWarmRestarts: (o) => new CosineAnnealingWarmRestarts(o, 2, { tMult: 2 }),
  CyclicLR: (o) => new CyclicLR(o, 0.1, 1, { stepSizeUp: 2 }),
  OneCycleLR: (o) => new OneCycleLR(o, 1, { totalSteps: 20, threePhase: true }),
  LambdaLR: (o) => new LambdaLR(o, (epoch) => 1 / (1 + epoch)),
  MultiplicativeLR: (o) => new MultiplicativeLR(o, (epoch) => 1 - epoch / 100),
  SequentialLR: (o) => new SequentialLR(o, [new LinearLR(o), new StepLR(o, 2)], [3]),
  ChainedScheduler: (o) => new ChainedScheduler([new LinearLR(o), new ExponentialLR(o, 0.9)]),
};

describe.each(Object.keys(makers))('%s', (name) => {
  it.each([1, 4])('goes on from a state of %i steps as if nothing had happened', (before) => {
    const whole = sgd();
    const wanted = rates(whole, makers[name]!(whole), before + 5).slice(before);
    const first = sgd();
    const schedule = makers[name]!(first);
    rates(first, schedule, before);
    const state = JSON.parse(JSON.stringify(schedule.stateDict())) as optim.lrScheduler.SchedulerState;
    const second = sgd(7);
    const resumed = makers[name]!(second);
    second.loadStateDict(first.stateDict());
    resumed.loadStateDict(state);
    expect(resumed.lastEpoch).toBe(before);
    expect(resumed.getLastLr()).toEqual([lrOf(second)]);
    expect(rates(second, resumed, 5)).toEqual(wanted);
  });

  it('refuses what is no optimizer, and groups that came later', () => {
    expect(() => makers[name]!({} as never)).toThrow(DTypeError);
    const optimizer = sgd();
    const schedule = makers[name]!(optimizer);
    optimizer.addParamGroup({ params: [ones([1])] });
    expect(() => schedule.step()).toThrow(/2 groups, wanted the 1/);
  });

  it('refuses a state that is none', () => {
    const schedule = makers[name]!(sgd());
    expect(() => schedule.loadStateDict(null as never)).toThrow(ValueError);
    expect(() => schedule.loadStateDict({ lastEpoch: 1, baseLrs: [1, 2], lastLr: [1] })).toThrow(ValueError);
  });
});

describe('momentum goes against the learning rate', () => {
  it('of SGD by momentum, of Adam by the first beta', () => {
    const adam = new optim.Adam([ones([1])]);
    const options = { totalSteps: 5, pctStart: 0.6, annealStrategy: 'linear' as const };
    const schedule = new OneCycleLR(adam, 1, { ...options, baseMomentum: 0.5, maxMomentum: 0.9 });
    const seen = [adam.paramGroups[0]!.betas[0]];
    for (let i = 0; i < 4; i++) {
      schedule.step();
      seen.push(adam.paramGroups[0]!.betas[0]);
    }
    expect(seen.map((value) => Number(value.toFixed(6)))).toEqual([0.9, 0.7, 0.5, 0.7, 0.9]);
    expect(adam.paramGroups[0]!.betas[1]).toBe(0.999);
    const optimizer = sgd();
    const cyclic = new CyclicLR(optimizer, 0.1, 1, { stepSizeUp: 2 });
    cyclic.step();
    cyclic.step();
    expect(optimizer.paramGroups[0]!.momentum).toBeCloseTo(0.8, 12);
  });

  it('is refused where there is none', () => {
    const adagrad = new optim.Adagrad([ones([1])]);
    expect(() => new OneCycleLR(adagrad, 1, { totalSteps: 5 })).toThrow(
      /cycleMomentum: got an optimizer without/,
    );
    expect(new OneCycleLR(adagrad, 1, { totalSteps: 5, cycleMomentum: false }).getLastLr()[0]).toBeCloseTo(
      1 / 25,
      12,
    );
  });
});

it('CosineAnnealingWarmRestarts goes to parts of an epoch', () => {
  const optimizer = sgd();
  const schedule = new CosineAnnealingWarmRestarts(optimizer, 2);
  schedule.step(0.5);
  expect(lrOf(optimizer)).toBeCloseTo((1 + Math.cos(Math.PI / 4)) / 2, 12);
  schedule.step();
  expect(lrOf(optimizer)).toBeCloseTo(0.5, 12);
  schedule.step(2);
  expect(lrOf(optimizer)).toBe(1);
});

it('OneCycleLR ends where it was told', () => {
  const optimizer = sgd();
  const schedule = new OneCycleLR(optimizer, 1, { epochs: 2, stepsPerEpoch: 2 });
  for (let i = 0; i < 4; i++) schedule.step();
  expect(() => schedule.step()).toThrow(/\[OneCycleLR\] step: got step 5, wanted at most 4/);
});

it('warmUp rises to the full rate, then the schedule behind it begins', () => {
  const optimizer = sgd();
  const schedule = warmUp(optimizer, 3, new LambdaLR(optimizer, (epoch) => 0.5 ** epoch));
  expect(rates(optimizer, schedule, 6)).toEqual([0.25, 0.5, 0.75, 1, 0.5, 0.25]);
});

it('a sequence may be a part of a sequence', () => {
  const optimizer = sgd();
  const inner = new SequentialLR(
    optimizer,
    [new ConstantLR(optimizer, { factor: 0.5 }), new ExponentialLR(optimizer, 0.5)],
    [2],
  );
  const schedule = new SequentialLR(optimizer, [new ConstantLR(optimizer, { factor: 0.25 }), inner], [1]);
  expect(rates(optimizer, schedule, 6)).toEqual([0.25, 0.5, 0.5, 1, 0.5, 0.25]);
});

describe('ReduceLROnPlateau', () => {
  it('knows maxima, differences, cooldown and least rates; takes tensors; resumes', () => {
    const optimizer = sgd();
    const options = {
      mode: 'max',
      factor: 0.5,
      patience: 0,
      cooldown: 1,
      thresholdMode: 'abs',
      threshold: 0.5,
      minLr: 0.2,
    } as const;
    const run = (schedule: optim.lrScheduler.ReduceLROnPlateau, metrics: number[]) =>
      metrics.map((metric) => {
        schedule.step(ones([]).mul(metric));
        return schedule.getLastLr()[0];
      });
    const first = new ReduceLROnPlateau(optimizer, options);
    // Better, too little, cooling, reduced again, and then no further than 0.2.
    expect(run(first, [1, 1.4, 1.4, 1.4])).toEqual([1, 0.5, 0.5, 0.25]);
    const second = new ReduceLROnPlateau(optimizer, options);
    second.loadStateDict(first.stateDict());
    expect(run(second, [1.4, 1.4, 3])).toEqual([0.25, 0.2, 0.2]);
  });
});

describe('wrong arguments', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['a step size of 0', () => new StepLR(sgd(), 0), /\[StepLR\] stepSize: got 0/],
    ['an unknown option', () => new StepLR(sgd(), 1, { gama: 1 } as never), /"gama", wanted only gamma/],
    ['milestones that are a number', () => new MultiStepLR(sgd(), 3 as never), /milestones/],
    ['a factor above 1', () => new ConstantLR(sgd(), { factor: 2 }), /factor: got 2/],
    ['a start of 0', () => new LinearLR(sgd(), { startFactor: 0 }), /startFactor: got 0/],
    ['a gamma that is a text', () => new ExponentialLR(sgd(), '1' as never), /gamma: got "1"/],
    ['a lambda that is a number', () => new LambdaLR(sgd(), 1 as never), /lrLambda: got 1/],
    ['two lambdas for one group', () => new LambdaLR(sgd(), [() => 1, () => 1]), /each of 1 groups/],
    [
      'a mode that is not',
      () => new CyclicLR(sgd(), 0, 1, { mode: 'square' as never }),
      /mode: got "square"/,
    ],
    ['no number of steps', () => new OneCycleLR(sgd(), 1), /wanted totalSteps, or epochs and stepsPerEpoch/],
    ['two rates for one group', () => new OneCycleLR(sgd(), [1, 2], { totalSteps: 3 }), /maxLr: got/],
    ['no schedules', () => new ChainedScheduler([]), /schedulers: got \[\]/],
    [
      'schedules of two optimizers',
      () => new ChainedScheduler([new StepLR(sgd(), 1), new StepLR(sgd(), 1)]),
      /several optimizers/,
    ],
    [
      'too few milestones',
      () => {
        const optimizer = sgd();
        return new SequentialLR(optimizer, [new StepLR(optimizer, 1), new StepLR(optimizer, 1)], []);
      },
      /milestones: got 0, wanted 1/,
    ],
    [
      'a plateau in a sequence',
      () => new ChainedScheduler([new ReduceLROnPlateau(sgd())] as never),
      /none of them by metrics/,
    ],
    ['a factor of 1', () => new ReduceLROnPlateau(sgd(), { factor: 1 }), /factor: got 1/],
    ['a metric that is a text', () => new ReduceLROnPlateau(sgd()).step('1' as never), /metric: got "1"/],
    [
      'a last epoch without a rate that it began with',
      () => new StepLR(sgd(), 1, { lastEpoch: 3 }),
      /no initialLr/,
    ],
  ];
  it.each(cases)('%s', (_, run, message) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(message);
  });
});

it('SWALR goes as that of PyTorch', () => {
  const run = (options: optim.lrScheduler.SWALROptions): number[][] => {
    const optimizer = new optim.SGD([
      { params: ones([1]), lr: 0.5 },
      { params: ones([1]), lr: 0.1 },
    ]);
    const schedule = new SWALR(optimizer, [0.05, 0.2], options);
    return Array.from({ length: 6 }, () => {
      const lrs = optimizer.paramGroups.map((group) => Number(group.lr.toFixed(9)));
      schedule.step();
      return lrs;
    });
  };
  expect(run({ annealEpochs: 4 })).toEqual([
    [0.5, 0.1],
    [0.434099026, 0.114644661],
    [0.275, 0.15],
    [0.115900974, 0.185355339],
    [0.05, 0.2],
    [0.05, 0.2],
  ]);
  expect(run({ annealEpochs: 3, annealStrategy: 'linear' }).slice(0, 4)).toEqual([
    [0.5, 0.1],
    [0.35, 0.133333333],
    [0.2, 0.166666667],
    [0.05, 0.2],
  ]);
  expect(run({ annealEpochs: 0 })[0]).toEqual([0.05, 0.2]);
  expect(() => run({ annealEpochs: -1 })).toThrow(ValueError);
});
