import { describe, expect, it } from 'vitest';
import { BusyError, compile, info, ones, optim, randn, RecordingError, ValueError } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// A step of a schedule that cannot be taken changes nothing, and can be taken later.

const schedules = optim.lrScheduler;
const { ChainedScheduler, CyclicLR, ExponentialLR, LambdaLR, LinearLR, OneCycleLR } = schedules;
const { CosineAnnealingLR, ReduceLROnPlateau, SequentialLR, StepLR, warmUp } = schedules;

/** A step that takes its time, and a schedule of its optimizer. */
interface Made {
  readonly optimizer: optim.Optimizer;
  readonly step: () => void;
  readonly state: () => unknown;
}

const of = (optimizer: optim.Optimizer, schedule: optim.lrScheduler.LRScheduler): Made => ({
  optimizer,
  step: () => schedule.step(),
  state: () => schedule.stateDict(),
});

const makers: Record<string, (o: optim.Optimizer) => Made> = {
  StepLR: (o) => of(o, new StepLR(o, 1)),
  CosineAnnealingLR: (o) => of(o, new CosineAnnealingLR(o, 9)),
  CyclicLR: (o) => of(o, new CyclicLR(o, 0.1, 1, { stepSizeUp: 2 })),
  OneCycleLR: (o) => of(o, new OneCycleLR(o, 1, { totalSteps: 20 })),
  SequentialLR: (o) => of(o, new SequentialLR(o, [new LinearLR(o), new StepLR(o, 2)], [2])),
  ChainedScheduler: (o) => of(o, new ChainedScheduler([new LinearLR(o), new ExponentialLR(o, 0.9)])),
  warmUp: (o) => of(o, warmUp(o, 3, new ExponentialLR(o, 0.9))),
  ReduceLROnPlateau(o) {
    const schedule = new ReduceLROnPlateau(o, { patience: 0 });
    return { optimizer: o, step: () => schedule.step(1), state: () => schedule.stateDict() };
  },
};

const valuesOf = ({ optimizer, state }: Made): unknown => [
  state(),
  optimizer.paramGroups.map((group) => group.options()),
];

describe.skipIf(info().name !== 'native').each(Object.keys(makers))(
  '%s while a step is in flight',
  (name) => {
    it('is as it was, says what to do, and goes on', async () => {
      const weight = ones([384, 384], { requiresGrad: true });
      const make = (params: Tensor[]): Made => makers[name]!(new optim.SGD(params, { momentum: 0.9, lr: 1 }));
      const [made, twin] = [make([weight]), make([ones([1])])];
      const x = randn([384, 384]);
      const train = compile(
        () => {
          made.optimizer.zeroGrad();
          x.matmul(weight).mean().backward();
          made.optimizer.step();
        },
        { name: 'train' },
      );
      for (let i = 0; i < 3; i++) train();
      let refused = 0;
      for (let i = 0; i < 5; i++) {
        const before = valuesOf(made);
        const running = train.async();
        try {
          made.step();
        } catch (error) {
          refused += 1;
          expect(error).toBeInstanceOf(BusyError);
          expect((error as Error).message).toMatch(
            /^\[SGD\] (lr|momentum) cannot be set while train, .* await/,
          );
          expect(valuesOf(made)).toEqual(before);
          await running;
          made.step();
        }
        await running;
        twin.step();
        expect(valuesOf(made)).toEqual(valuesOf(twin));
      }
      expect(refused).toBeGreaterThan(0);
    });
  },
);

it.skipIf(info().name !== 'native')('names the number that is set while a step is in flight', async () => {
  const weight = ones([384, 384], { requiresGrad: true });
  const optimizer = new optim.Adam([weight], { lr: 0.5 });
  const train = compile(() => {
    optimizer.zeroGrad();
    weight.matmul(weight).mean().backward();
    optimizer.step();
  });
  for (let i = 0; i < 3; i++) train();
  const running = train.async();
  const [group] = optimizer.paramGroups;
  expect(() => (group!.lr = 2)).toThrow(/^\[Adam\] lr cannot be set while .* await the promise/);
  expect(() => (group!.betas = [0.5, 0.5])).toThrow(/^\[Adam\] betas cannot be set while/);
  await running;
  expect([group!.lr, group!.betas]).toEqual([0.5, [0.9, 0.999]]);
});

describe('a step that throws in its second group', () => {
  it.each(['alone', 'chained', 'sequential'])('%s: changes neither', (how) => {
    const groups = [{ params: [ones([1])] }, { params: [ones([1])] }];
    const optimizer = new optim.SGD(groups, { lr: 1 });
    let fails = false;
    const second = (epoch: number): number => {
      if (fails) throw new RangeError('as a test');
      return 1 / (1 + epoch);
    };
    const lambda = new LambdaLR(optimizer, [(epoch) => 1 / (1 + epoch), second]);
    const exponential = new ExponentialLR(optimizer, 0.5);
    const schedule =
      how === 'alone'
        ? lambda
        : how === 'chained'
          ? new ChainedScheduler([exponential, lambda])
          : new SequentialLR(optimizer, [exponential, lambda], [2]);
    schedule.step();
    const before = [schedule.stateDict(), optimizer.paramGroups.map(({ lr }) => lr)];
    fails = true;
    expect(() => schedule.step()).toThrow(RangeError);
    expect([schedule.stateDict(), optimizer.paramGroups.map(({ lr }) => lr)]).toEqual(before);
    fails = false;
    schedule.step();
    expect(schedule.lastEpoch).toBe(2);
  });
});

it.each(['StepLR', 'SequentialLR', 'ReduceLROnPlateau'])(
  '%s in a compiled function says where to step',
  (name) => {
    const made = makers[name]!(new optim.SGD([ones([1])], { momentum: 0.9, lr: 1 }));
    const fn = compile((x: Tensor) => {
      made.step();
      return x.add(1);
    });
    expect(() => fn(ones([1]))).toThrow(RecordingError);
    expect(() => fn(ones([1]))).toThrow(
      /a number is set while .* step\(\) of the schedule, outside of the compiled function/,
    );
  },
);

describe('a number that is not finite is refused when the schedule is made', () => {
  const { ConstantLR, CosineAnnealingWarmRestarts, MultiStepLR, PolynomialLR, SWALR } = schedules;
  type Make = (o: optim.Optimizer, value: number) => unknown;
  it.each<[string, Make]>([
    ['StepLR gamma', (o, gamma) => new StepLR(o, 3, { gamma })],
    ['StepLR stepSize', (o, stepSize) => new StepLR(o, stepSize)],
    ['MultiStepLR gamma', (o, gamma) => new MultiStepLR(o, [1], { gamma })],
    ['ConstantLR factor', (o, factor) => new ConstantLR(o, { factor })],
    ['LinearLR startFactor', (o, startFactor) => new LinearLR(o, { startFactor })],
    ['LinearLR endFactor', (o, endFactor) => new LinearLR(o, { endFactor })],
    ['ExponentialLR gamma', (o, gamma) => new ExponentialLR(o, gamma)],
    ['PolynomialLR power', (o, power) => new PolynomialLR(o, { power })],
    ['CosineAnnealingLR etaMin', (o, etaMin) => new CosineAnnealingLR(o, 3, { etaMin })],
    ['CosineAnnealingWarmRestarts etaMin', (o, etaMin) => new CosineAnnealingWarmRestarts(o, 3, { etaMin })],
    ['CyclicLR baseLr', (o, baseLr) => new CyclicLR(o, baseLr, 1)],
    ['CyclicLR maxLr', (o, maxLr) => new CyclicLR(o, 0.1, maxLr)],
    ['CyclicLR gamma', (o, gamma) => new CyclicLR(o, 0.1, 1, { gamma })],
    ['CyclicLR baseMomentum', (o, baseMomentum) => new CyclicLR(o, 0.1, 1, { baseMomentum })],
    ['OneCycleLR maxLr', (o, maxLr) => new OneCycleLR(o, maxLr, { totalSteps: 9 })],
    ['OneCycleLR pctStart', (o, pctStart) => new OneCycleLR(o, 1, { totalSteps: 9, pctStart })],
    ['OneCycleLR divFactor', (o, divFactor) => new OneCycleLR(o, 1, { totalSteps: 9, divFactor })],
    [
      'OneCycleLR finalDivFactor',
      (o, finalDivFactor) => new OneCycleLR(o, 1, { totalSteps: 9, finalDivFactor }),
    ],
    ['SWALR swaLr', (o, swaLr) => new SWALR(o, swaLr)],
    ['ReduceLROnPlateau factor', (o, factor) => new ReduceLROnPlateau(o, { factor })],
    ['ReduceLROnPlateau threshold', (o, threshold) => new ReduceLROnPlateau(o, { threshold })],
    ['ReduceLROnPlateau minLr', (o, minLr) => new ReduceLROnPlateau(o, { minLr })],
    ['ReduceLROnPlateau eps', (o, eps) => new ReduceLROnPlateau(o, { eps })],
  ])('%s', (what, make) => {
    const [op, name] = what.split(' ') as [string, string];
    const optimizer = new optim.SGD([ones([1])], { momentum: 0.9, lr: 1 });
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(() => make(optimizer, value)).toThrow(ValueError);
      expect(() => make(optimizer, value)).toThrow(`[${op}] ${name}: got ${value}`);
    }
    expect(optimizer.paramGroups[0]!.lr).toBe(1);
  });
});
