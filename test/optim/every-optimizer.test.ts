import { describe, expect, it, vi } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import {
  DTypeError,
  info,
  memory,
  noGrad,
  optim,
  ShapeError,
  tensor,
  tidy,
  ValueError,
  withComposites,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// What every optimizer must do alike; their numbers are in test/conformance and test/ops/fused.test.ts.

interface AnyOptimizer extends Pick<
  optim.Optimizer,
  'addParamGroup' | 'paramGroups' | 'zeroGrad' | 'stateDict'
> {
  loadStateDict(state: unknown): void;
  step(closure?: () => Tensor): unknown;
}
type Options = Record<string, unknown>;

const make = (name: string, params: unknown, options: Options = {}): AnyOptimizer =>
  Reflect.construct(Reflect.get(optim, name) as new () => AnyOptimizer, [params, options]) as AnyOptimizer;

/** Options that use all that there is, and what is kept. */
const full: Record<string, { options: Options; state: string[] }> = {
  SGD: { options: { lr: 0.1, momentum: 0.9 }, state: ['momentumBuffer'] },
  Adam: { options: { lr: 0.1, amsgrad: true }, state: ['step', 'expAvg', 'expAvgSq', 'maxExpAvgSq'] },
  AdamW: { options: { lr: 0.1 }, state: ['step', 'expAvg', 'expAvgSq'] },
  NAdam: { options: { lr: 0.1 }, state: ['step', 'muProduct', 'expAvg', 'expAvgSq'] },
  RAdam: { options: { lr: 0.1, betas: [0.5, 0.8] }, state: ['step', 'expAvg', 'expAvgSq'] },
  Adamax: { options: { lr: 0.1 }, state: ['step', 'expAvg', 'expInf'] },
  RMSprop: {
    options: { lr: 0.05, centered: true, momentum: 0.5 },
    state: ['step', 'squareAvg', 'gradAvg', 'momentumBuffer'],
  },
  Adagrad: { options: { lr: 0.5, lrDecay: 0.1 }, state: ['step', 'sum'] },
  Adadelta: { options: { lr: 2, eps: 0.01 }, state: ['step', 'squareAvg', 'accDelta'] },
  ASGD: { options: { lr: 0.1, t0: 2, lambd: 0.01 }, state: ['step', 'eta', 'mu', 'ax'] },
  Rprop: { options: { lr: 0.1 }, state: ['step', 'prev', 'stepSize'] },
  Lion: { options: { lr: 0.05, betas: [0.5, 0.9] }, state: ['expAvg'] },
  Adafactor: { options: { lr: 0.1 }, state: ['step', 'rowVar', 'colVar'] },
  Lamb: { options: { lr: 0.1 }, state: ['step', 'expAvg', 'expAvgSq'] },
  Muon: { options: { lr: 0.05 }, state: ['momentumBuffer'] },
};
const names = Object.keys(full);

const goal = tensor(
  [
    [1, -1, 0.5],
    [2, 0.25, -0.5],
  ],
  { dtype: 'float64' },
);
const leaf = (): Tensor => noGrad(() => goal.mul(-0.5).add(0.3)).requiresGrad_();
const lossOf = (w: Tensor): Tensor => w.sub(goal).square().sum();

function advance(optimizer: AnyOptimizer, w: Tensor, steps: number): void {
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    lossOf(w).backward();
    optimizer.step();
  }
}

describe.each(names)('%s', (name) => {
  const { options, state } = full[name]!;

  it('comes near', () => {
    const w = leaf();
    const before = Number(lossOf(w).item());
    advance(make(name, [w], options), w, 60);
    expect(Number(lossOf(w).item())).toBeLessThan(before / 10);
  });

  it('goes on from a state dict as if nothing had happened', () => {
    const w = leaf();
    const optimizer = make(name, [w], options);
    advance(optimizer, w, 3);
    const saved = optimizer.stateDict();
    expect(Object.keys(saved.state[0]!)).toEqual(state);
    const copy = w.detach().clone().requiresGrad_();
    const other = make(name, [copy]);
    other.loadStateDict(saved);
    advance(optimizer, w, 4);
    advance(other, copy, 4);
    expect(copy.tolist()).toEqual(w.tolist());
  });

  it('takes float32 and, through float32, half floats', () => {
    for (const dtype of ['float32', 'bfloat16'] as const) {
      const w = leaf().detach().to(dtype).requiresGrad_();
      const before = Number(w.sub(goal.to(dtype)).square().sum().item());
      const optimizer = make(name, [w], options);
      for (let i = 0; i < 20; i++) {
        optimizer.zeroGrad();
        w.sub(goal.to(dtype)).square().sum().backward();
        optimizer.step();
      }
      expect(w.dtype).toBe(dtype);
      expect(Number(w.sub(goal.to(dtype)).square().sum().item())).toBeLessThan(before);
    }
  });

  it('has groups with options of their own, and numbers that may be assigned', () => {
    const [a, b] = [leaf(), leaf()];
    const optimizer = make(name, [{ params: [a], lr: 0 }], options);
    optimizer.addParamGroup({ params: b });
    optimizer.paramGroups[1]!.lr = 0.025;
    expect(optimizer.paramGroups.map((group) => group.lr)).toEqual([0, 0.025]);
    lossOf(a).add(lossOf(b)).backward();
    optimizer.step();
    // A step of Rprop is no smaller than 1e-6.
    if (name !== 'Rprop') expect(a.tolist()).toEqual(leaf().tolist());
    expect(b.tolist()).not.toEqual(leaf().tolist());
  });

  it('sees parameters, gradients and states of any strides', () => {
    const [w, turned] = [leaf(), leaf().detach().t().contiguous().t().requiresGrad_()];
    advance(make(name, [w], options), w, 3);
    advance(make(name, [turned], options), turned, 3);
    expect(turned.isContiguous()).toBe(false);
    w.data.forEach((value, i) => expect(turned.data[i]).toBeCloseTo(Number(value), 9));
  });

  it('leaves no tensors behind', () => {
    const w = leaf();
    const optimizer = make(name, [w], options);
    const run = (): void => tidy(() => advance(optimizer, w, 1));
    run();
    run();
    const before = memory().tensors;
    for (let i = 0; i < 5; i++) run();
    expect(memory().tensors).toBe(before);
  });

  it('refuses a negative lr, an unknown option, no parameters, and one twice', () => {
    const w = leaf();
    expect(() => make(name, [w], { lr: -1 })).toThrow(`[${name}] lr: got -1`);
    expect(() => make(name, [w], { lr: '1' })).toThrow(ValueError);
    expect(() => make(name, [w], { learningRate: 1 })).toThrow(/"learningRate", wanted only lr,/);
    expect(() => make(name, [])).toThrow(/got no parameters/);
    expect(() => make(name, [w, w])).toThrow(/params\[1\]: got a parameter that is already/);
    expect(() => make(name, [1])).toThrow(DTypeError);
    const group = make(name, [w], options).paramGroups[0]!;
    expect(() => (group.lr = -1)).toThrow(ValueError);
  });
});

it.runIf(info().name === 'native')('every step is one op, for however many parameters', () => {
  for (const name of names) {
    const params = Array.from({ length: 5 }, leaf);
    const optimizer = make(name, params, full[name]!.options);
    const once = (): void => {
      params.forEach((w) => lossOf(w).backward());
      optimizer.step();
    };
    once();
    const run = vi.spyOn(backend, 'run');
    const others = (['run1', 'runInPlace'] as const).map((method) => vi.spyOn(backend, method));
    params.forEach((w) => lossOf(w).backward());
    [run, ...others].forEach((spy) => spy.mockClear());
    optimizer.step();
    expect(
      run.mock.calls.map(([op]) => op),
      name,
    ).toHaveLength(1);
    others.forEach((spy) =>
      expect(
        spy.mock.calls.map(([op]) => op),
        name,
      ).toEqual([]),
    );
    vi.restoreAllMocks();
  }
});

it('LAMB steps as its paper says', () => {
  const run = (): unknown => {
    const w = tensor([3, -4], { dtype: 'float64', requiresGrad: true });
    const optimizer = new optim.Lamb([w], { lr: 0.1, betas: [0.5, 0.75], eps: 0, weightDecay: 0.5 });
    w.grad = tensor([2, 0.5], { dtype: 'float64' });
    optimizer.step();
    return w.tolist();
  };
  // The direction is [1, 1] + [1.5, -2], of norm sqrt(7.25); the parameter has norm 5.
  const factor = (0.1 * 5) / Math.sqrt(7.25);
  for (const values of [run(), withComposites(run)] as number[][])
    [3 - factor * 2.5, -4 + factor].forEach((value, i) => expect(values[i]).toBeCloseTo(value, 12));
});

describe('wrong options', () => {
  const matrix = leaf();
  const cases: [string, Options, RegExp][] = [
    ['NAdam', { betas: [0.9, 1] }, /\[NAdam\] betas: got \[0.9, 1\], wanted two numbers in \[0, 1\)/],
    ['NAdam', { momentumDecay: -1 }, /momentumDecay/],
    ['RAdam', { decoupledWeightDecay: 1 }, /decoupledWeightDecay: got 1, wanted a boolean/],
    ['RMSprop', { alpha: -0.1 }, /alpha: got -0.1/],
    ['Adadelta', { rho: 1.5 }, /rho: got 1.5, wanted a number in \[0, 1\]/],
    ['Rprop', { etas: [1, 2] }, /etas: got \[1, 2\]/],
    ['Rprop', { stepSizes: [2, 1] }, /stepSizes: got \[2, 1\]/],
    ['Adafactor', { beta2Decay: 0.5 }, /beta2Decay: got 0.5/],
    ['Adafactor', { d: 0.5 }, /d: got 0.5/],
    ['Adafactor', { eps: 1e-3 }, /eps: got 0.001/],
    ['Muon', { nsSteps: 100 }, /nsSteps: got 100/],
    ['Muon', { adjustLrFn: 'none' }, /adjustLrFn: got "none"/],
    ['LBFGS', { maxIter: 0.5 }, /maxIter: got 0.5/],
    ['LBFGS', { lineSearchFn: 'wolfe' }, /lineSearchFn: got "wolfe"/],
  ];
  it.each(cases)('%s %j', (name, options, message) => {
    expect(() => make(name, [matrix], options)).toThrow(ValueError);
    expect(() => make(name, [matrix], options)).toThrow(message);
  });
  it('Muon takes matrices only', () => {
    const vector = tensor([1], { dtype: 'float32' });
    expect(() => new optim.Muon([vector])).toThrow(ShapeError);
  });
});

it('Lion steps as its paper says', () => {
  const run = (): unknown => {
    const w = tensor([1, 1, 1], { dtype: 'float64', requiresGrad: true });
    const optimizer = new optim.Lion([w], { lr: 0.1, betas: [0.5, 0.75], weightDecay: 0.5 });
    for (const values of [
      [1, -2, 0],
      [-0.5, -0.5, 1],
    ]) {
      w.grad = tensor(values, { dtype: 'float64' });
      optimizer.step();
    }
    return [w.tolist(), optimizer.stateDict().state[0]!['expAvg']!.tolist()].flat(2);
  };
  // m after a step: 0.25, -0.5, 0. Then signs of -0.125, -0.5, 0.5.
  const wanted = [
    (0.95 - 0.1) * 0.95 + 0.1,
    (0.95 + 0.1) * 0.95 + 0.1,
    0.95 * 0.95 - 0.1,
    0.0625,
    -0.5,
    0.25,
  ];
  for (const values of [run(), withComposites(run)] as number[][])
    values.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 12));
});

it('ASGD, NAdam and Rprop start a parameter when its first gradient comes', () => {
  for (const name of ['ASGD', 'NAdam', 'Rprop', 'Adagrad']) {
    const [a, late, alone] = [leaf(), leaf(), leaf()];
    const both = make(name, [a, late], full[name]!.options);
    lossOf(a).backward();
    both.step();
    both.zeroGrad();
    lossOf(late).backward();
    both.step();
    const one = make(name, [alone], full[name]!.options);
    lossOf(alone).backward();
    one.step();
    expect(late.tolist(), name).toEqual(alone.tolist());
  }
});

describe('LBFGS', () => {
  const minimum = (
    options: optim.LBFGSOptions,
    steps = 3,
  ): { w: Tensor; calls: number; optimizer: optim.LBFGS } => {
    const w = tensor([3, -3, 2], { dtype: 'float64', requiresGrad: true });
    const optimizer = new optim.LBFGS([w], options);
    let calls = 0;
    for (let i = 0; i < steps; i++) optimizer.step(closure(optimizer, w, () => ++calls));
    return { w, calls, optimizer };
  };
  const a = tensor(
    [
      [3, 0.5, 0.2],
      [0.5, 2, 0.1],
      [0.2, 0.1, 1],
    ],
    { dtype: 'float64' },
  );
  const b = tensor([1, -2, 0.5], { dtype: 'float64' });
  const closure =
    (optimizer: optim.LBFGS, w: Tensor, count: () => void = () => undefined) =>
    (): Tensor => {
      count();
      optimizer.zeroGrad();
      const loss = w
        .matmul(a)
        .dot(w)
        .div(2)
        .sub(b.dot(w))
        .add(w.pow(4).sum().mul(0.25))
        .add(w.mul(3).sin().sum());
      loss.backward();
      return loss;
    };

  // From PyTorch 2.13, with the numbers of evaluations.
  const cases: [optim.LBFGSOptions, number[], number][] = [
    [{ lineSearchFn: 'strong_wolfe' }, [1.0101719384592431, -0.6449507303511434, 1.2131266628837172], 15],
    [
      { lr: 0.1, lineSearchFn: 'strong_wolfe', maxIter: 3 },
      [1.897149589487047, -2.252000367334732, 1.5251509134725794],
      9,
    ],
    [
      { maxIter: 2, historySize: 2, lineSearchFn: 'strong_wolfe' },
      [1.1677871459437348, -1.6934728502269663, 1.241773081780638],
      6,
    ],
    [
      { lr: 0.1, maxIter: 6, historySize: 2 },
      [1.4812467814963521, -1.950965891899862, 1.3887670448533038],
      18,
    ],
  ];
  it.each(cases)('%j', (options, wanted, evaluations) => {
    const { w, calls } = minimum(options);
    Array.from(w.data, Number).forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 12));
    expect(calls).toBe(evaluations);
  });

  it('goes on from a state dict as if nothing had happened', () => {
    const options = { maxIter: 2, historySize: 2, lineSearchFn: 'strong_wolfe' } as const;
    const { w, optimizer } = minimum(options, 2);
    const copy = w.detach().clone().requiresGrad_();
    const other = new optim.LBFGS([copy]);
    other.loadStateDict(optimizer.stateDict());
    optimizer.step(closure(optimizer, w));
    other.step(closure(other, copy));
    expect(copy.tolist()).toEqual(w.tolist());
    const bad = optimizer.stateDict();
    bad.state[0]!['d'] = tensor([1]);
    expect(() => other.loadStateDict(bad)).toThrow(/d: got shape \[1\], wanted \[3\]/);
  });

  it('wants a closure that gives the loss, and one group', () => {
    const w = leaf();
    const optimizer = new optim.LBFGS([w]);
    expect(() => optimizer.step()).toThrow(ValueError);
    expect(() => optimizer.step(() => 'loss')).toThrow(DTypeError);
    // @ts-expect-error a promise
    expect(() => optimizer.step(() => Promise.resolve(1))).toThrow(ValueError);
    expect(() => optimizer.addParamGroup({ params: leaf() })).toThrow(/second group/);
  });
});
