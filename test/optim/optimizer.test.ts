import { describe, expect, it } from 'vitest';
import {
  DTypeError,
  full,
  noGrad,
  ones,
  optim,
  ShapeError,
  tensor,
  tidy,
  ValueError,
  withComposites,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const grad = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });

describe('parameter groups', () => {
  it('have options of their own and take the others from the optimizer', () => {
    const a = leaf([1]);
    const b = leaf([1]);
    const optimizer = new optim.SGD([{ params: [a] }, { params: b, lr: 0.5, maximize: true }], { lr: 0.1 });
    expect(optimizer.paramGroups.map((group) => group.options())).toEqual([
      { lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
      { lr: 0.5, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: true },
    ]);
    a.grad = grad([1]);
    b.grad = grad([1]);
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.9, 1.5]);
  });

  it('may be added later', () => {
    const a = leaf([1]);
    const b = leaf([1]);
    const optimizer = new optim.Adam(new Set([a]), { lr: 0.1, eps: 0 });
    a.grad = grad([1]);
    optimizer.step();
    optimizer.addParamGroup({ params: [b], lr: 0.25 });
    b.grad = grad([1]);
    optimizer.step();
    expect(Number(b.item())).toBeCloseTo(0.75, 12);
    expect(optimizer.paramGroups.length).toBe(2);
  });

  it('hold numbers in tensors that stay the same', () => {
    const optimizer = new optim.SGD([leaf([1])], { lr: 0.1 });
    const group = optimizer.paramGroups[0]!;
    const { lrTensor } = group;
    expect(lrTensor.dtype).toBe('float64');
    expect(lrTensor.shape).toEqual([]);
    group.lr = 0.3;
    expect(group.lrTensor).toBe(lrTensor);
    expect(lrTensor.item()).toBe(0.3);
    noGrad(() => lrTensor.mul_(2));
    expect(group.lr).toBe(0.6);
  });

  it('check what is assigned', () => {
    const sgd = new optim.SGD([leaf([1])]).paramGroups[0]!;
    expect(() => (sgd.lr = -1)).toThrow(ValueError);
    expect(() => (sgd.momentum = NaN)).toThrow(/\[SGD\] momentum: got NaN/);
    expect(() => (sgd.weightDecay = -0.5)).toThrow(ValueError);
    const adam = new optim.AdamW([leaf([1])]).paramGroups[0]!;
    expect(() => (adam.betas = [0.9, 1])).toThrow(
      /\[AdamW\] betas: got \[0.9, 1\], wanted two numbers in \[0, 1\)/,
    );
    expect(() => (adam.eps = -1)).toThrow(ValueError);
    expect(adam.options()).toEqual({
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 1e-2,
      amsgrad: false,
      maximize: false,
    });
  });
});

describe('wrong arguments', () => {
  const a = leaf([1, 2]);
  const cases: [string, () => unknown, new (message: string) => Error, RegExp][] = [
    ['no parameters', () => new optim.SGD([]), ValueError, /\[SGD\] params: got no parameters/],
    ['a tensor', () => new optim.SGD(a as never), DTypeError, /params: got a tensor, wanted an array/],
    ['undefined', () => new optim.SGD(undefined as never), DTypeError, /got undefined/],
    ['numbers', () => new optim.SGD([1] as never), DTypeError, /params\[0\]: got 1, wanted a tensor/],
    ['a group without params', () => new optim.SGD([{} as never]), DTypeError, /params: got undefined/],
    ['an empty group', () => new optim.SGD([{ params: [] }]), ValueError, /got no parameters/],
    [
      'the same twice',
      () => new optim.Adam([a, a]),
      ValueError,
      /params\[1\]: got a parameter that is already/,
    ],
    ['in two groups', () => new optim.Adam([{ params: a }, { params: a }]), ValueError, /already in a group/],
    ['a non-leaf', () => new optim.Adam([a.mul(2)]), ValueError, /computed by MulBackward/],
    ['integers', () => new optim.Adam([zeros(2, { dtype: 'int64' })]), DTypeError, /got dtype int64/],
    [
      'a misspelt option',
      () => new optim.SGD([a], { learningRate: 1 } as never),
      ValueError,
      /"learningRate", wanted only lr,/,
    ],
    ['options that are a number', () => new optim.SGD([a], 0.1 as never), ValueError, /options: got 0.1/],
    ['a negative lr', () => new optim.SGD([a], { lr: -1 }), ValueError, /\[SGD\] lr: got -1/],
    ['a text as lr', () => new optim.Adam([a], { lr: '1' as never }), ValueError, /\[Adam\] lr: got "1"/],
    ['a negative momentum', () => new optim.SGD([a], { momentum: -0.1 }), ValueError, /momentum/],
    [
      'nesterov without momentum',
      () => new optim.SGD([a], { nesterov: true }),
      ValueError,
      /nesterov: got momentum 0/,
    ],
    [
      'nesterov with dampening',
      () => new optim.SGD([a], { nesterov: true, momentum: 0.9, dampening: 0.1 }),
      ValueError,
      /dampening 0.1/,
    ],
    ['one beta', () => new optim.Adam([a], { betas: [0.9] as never }), ValueError, /betas: got \[0.9\]/],
    ['a beta of 1', () => new optim.Adam([a], { betas: [1, 0.9] }), ValueError, /betas/],
    ['a negative eps', () => new optim.Adam([a], { eps: -1 }), ValueError, /eps/],
    ['a negative weight decay', () => new optim.AdamW([a], { weightDecay: -1 }), ValueError, /weightDecay/],
    [
      'amsgrad 1',
      () => new optim.AdamW([a], { amsgrad: 1 as never }),
      ValueError,
      /amsgrad: got 1, wanted a boolean/,
    ],
  ];
  it.each(cases)('%s', (_, run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});

describe('step', () => {
  it('passes over parameters without a gradient and leaves their state alone', () => {
    const a = leaf([1]);
    const b = leaf([1]);
    const frozen = tensor([1], { dtype: 'float64' });
    const optimizer = new optim.Adam([a, b, frozen], { lr: 0.1 });
    a.grad = grad([1]);
    optimizer.step();
    expect(b.item()).toBe(1);
    expect(frozen.item()).toBe(1);
    expect(Object.keys(optimizer.stateDict().state)).toEqual(['0']);
  });

  it('runs a closure with recording on and gives its result', () => {
    const a = leaf([2]);
    const optimizer = new optim.SGD([a], { lr: 0.25 });
    const result = noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = a.square().sum();
        loss.backward();
        return Number(loss.item());
      }),
    );
    expect(result).toBe(4);
    expect(a.item()).toBe(1);
    // @ts-expect-error a promise
    expect(() => optimizer.step(() => Promise.resolve(1))).toThrow(/^\[SGD\.step\] got a function that/);
  });

  it('updates in place, seen by every alias, and leaves leaves leaves', () => {
    const a = leaf([1, 2]);
    const alias = a.detach();
    const optimizer = new optim.SGD([a], { lr: 1 });
    a.grad = grad([1, 1]);
    optimizer.step();
    expect(alias.tolist()).toEqual([0, 1]);
    expect(a.isLeaf).toBe(true);
    expect(a.requiresGrad).toBe(true);
  });

  it('keeps its state out of the scope that it is made in', () => {
    const a = leaf([1]);
    const optimizer = tidy(() => new optim.SGD([a], { lr: 1, momentum: 0.5 }));
    for (let i = 0; i < 3; i++) {
      tidy(() => {
        a.grad = grad([1]);
        optimizer.step();
      });
    }
    // 1, 1.5, 1.75
    expect(a.item()).toBe(1 - 4.25);
  });

  it('takes parameters and gradients of any strides', () => {
    const a = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { dtype: 'float64' },
    )
      .transpose(0, 1)
      .detach()
      .requiresGrad_();
    const optimizer = new optim.Adam([a], { lr: 0.1, eps: 0 });
    a.grad = tensor(
      [
        [1, -1],
        [1, -1],
        [1, -1],
      ],
      { dtype: 'float64' },
    );
    optimizer.step();
    (a.tolist() as number[][])
      .flat()
      .forEach((value, i) => expect(value).toBeCloseTo([0.9, 4.1, 1.9, 5.1, 2.9, 6.1][i]!, 12));
  });

  it.each(['SGD', 'AdamW'] as const)('%s takes hundreds of parameters, of any sizes', (name) => {
    const floats = { dtype: 'float32', requiresGrad: true } as const;
    const run = () => {
      const params = Array.from({ length: 200 }, (_, i) => full([(i * 7) % 11], i / 100, floats));
      params.push(full([40_000], 0.5, floats));
      const optimizer = new optim[name](params, { lr: 0.1 });
      for (let step = 1; step <= 2; ++step) {
        params.forEach(
          (param, i) =>
            (param.grad = i % 5 === step ? null : full(param.shape, step + i / 50, { dtype: 'float32' })),
        );
        optimizer.step();
      }
      return params.map((param) => Array.from(param.data));
    };
    const got = run();
    withComposites(run).forEach((wanted, i) => {
      const furthest = Math.max(0, ...wanted.slice(0, 100).map((value, j) => Math.abs(value - got[i]![j]!)));
      expect(furthest, `parameter ${i}`).toBeLessThan(1e-6);
      expect(got[i]).toHaveLength(wanted.length);
    });
    expect(new Set(got.at(-1)).size).toBe(1);
  });

  it('learns', () => {
    const w = leaf([0, 0]);
    // y = x0 + 2 x1
    const x = tensor(
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      { dtype: 'float64' },
    );
    const y = tensor([[1], [2], [3]], { dtype: 'float64' });
    for (const optimizer of [
      new optim.SGD([w], { lr: 0.1, momentum: 0.5 }),
      new optim.Adam([w], { lr: 0.05 }),
    ]) {
      noGrad(() => w.fill_(0));
      for (let i = 0; i < 400; i++) {
        optimizer.zeroGrad();
        x.matmul(w.reshape([2, 1]))
          .sub(y)
          .square()
          .mean()
          .backward();
        optimizer.step();
      }
      expect(Number(w.data[0])).toBeCloseTo(1, 3);
      expect(Number(w.data[1])).toBeCloseTo(2, 3);
    }
  });
});

describe('zeroGrad', () => {
  it('drops the gradients', () => {
    const a = leaf([1]);
    const optimizer = new optim.SGD([a]);
    a.square().sum().backward();
    expect(a.grad?.tolist()).toEqual([2]);
    optimizer.zeroGrad();
    expect(a.grad).toBeNull();
    a.square().sum().backward();
    expect(a.grad?.tolist()).toEqual([2]);
  });
});

describe('stateDict', () => {
  const make = {
    SGD: (params: Tensor[]) =>
      new optim.SGD([{ params: [params[0]!] }, { params: [params[1]!], lr: 0.2 }], {
        lr: 0.1,
        momentum: 0.9,
      }),
    Adam: (params: Tensor[]) =>
      new optim.Adam([{ params: [params[0]!] }, { params: [params[1]!], lr: 0.2 }], { lr: 0.1 }),
    AdamW: (params: Tensor[]) =>
      new optim.AdamW([{ params: [params[0]!] }, { params: [params[1]!], lr: 0.2 }], {
        lr: 0.1,
        amsgrad: true,
      }),
  };
  const advance = (optimizer: { step(): void }, params: Tensor[], from: number, to: number): void => {
    for (let t = from; t < to; t++) {
      params.forEach((param, i) => (param.grad = grad([t - 1.5, i + t * t])));
      optimizer.step();
    }
  };

  it.each(['SGD', 'Adam', 'AdamW'] as const)('%s goes on where the saved one stopped', (kind) => {
    const params = [leaf([1, 2]), leaf([3, 4])];
    const optimizer = make[kind](params);
    advance(optimizer, params, 0, 2);
    const copies = params.map((param) => param.detach().clone().requiresGrad_());
    const other = make[kind](copies);
    other.paramGroups[0]!.lr = 7;
    other.loadStateDict(optimizer.stateDict() as never);
    expect(other.paramGroups.map((group) => group.lr)).toEqual([0.1, 0.2]);
    advance(optimizer, params, 2, 5);
    advance(other, copies, 2, 5);
    expect(copies.map((copy) => copy.tolist())).toEqual(params.map((param) => param.tolist()));
  });

  it('is laid out as in PyTorch', () => {
    const params = [leaf([1, 2]), leaf([3, 4])];
    const optimizer = make.AdamW(params);
    expect(optimizer.stateDict().state).toEqual({});
    advance(optimizer, params, 0, 2);
    const { state, paramGroups } = optimizer.stateDict();
    expect(paramGroups).toEqual([
      {
        lr: 0.1,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weightDecay: 0.01,
        amsgrad: true,
        maximize: false,
        params: [0],
      },
      {
        lr: 0.2,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weightDecay: 0.01,
        amsgrad: true,
        maximize: false,
        params: [1],
      },
    ]);
    expect(Object.keys(state)).toEqual(['0', '1']);
    expect(Object.keys(state[1]!)).toEqual(['step', 'expAvg', 'expAvgSq', 'maxExpAvgSq']);
    expect(state[1]!['step']!.shape).toEqual([]);
    expect(state[1]!['step']!.item()).toBe(2);
    expect(state[1]!['expAvg']!.shape).toEqual([2]);
  });

  it('lends its tensors', () => {
    const params = [leaf([1, 2]), leaf([3, 4])];
    const optimizer = make.Adam(params);
    advance(optimizer, params, 0, 1);
    const { state } = optimizer.stateDict();
    const { step, expAvg } = state[0]!;
    advance(optimizer, params, 1, 2);
    expect(step!.item()).toBe(2);
    for (const entry of [step!, expAvg!]) entry.dispose();
    advance(optimizer, params, 2, 3);
    expect(optimizer.stateDict().state[0]!['step']!.item()).toBe(3);
  });

  it('of a fresh optimizer makes another as fresh', () => {
    const params = [leaf([1, 2]), leaf([3, 4])];
    const used = make.SGD(params);
    advance(used, params, 0, 3);
    used.loadStateDict(make.SGD([leaf([0, 0]), leaf([0, 0])]).stateDict());
    const fresh = [leaf([1, 2]), leaf([3, 4])];
    noGrad(() => params.forEach((param, i) => param.copy_(fresh[i]!)));
    advance(used, params, 0, 2);
    advance(make.SGD(fresh), fresh, 0, 2);
    expect(params.map((param) => param.tolist())).toEqual(fresh.map((param) => param.tolist()));
  });

  it('that does not fit is an error, and nothing changes', () => {
    const params = [leaf([1, 2]), leaf([3, 4])];
    const optimizer = make.Adam(params);
    advance(optimizer, params, 0, 1);
    const good = (): optim.OptimizerStateDict<optim.AdamOptions> => {
      const { state, paramGroups } = optimizer.stateDict();
      return { state: { ...state }, paramGroups: paramGroups.map((group) => ({ ...group, lr: 5 })) };
    };
    const fails = (
      change: (dict: ReturnType<typeof good>) => unknown,
      kind: new (m: string) => Error,
      message: RegExp,
    ): void => {
      const dict = good();
      change(dict);
      expect(() => optimizer.loadStateDict(dict)).toThrow(kind);
      expect(() => optimizer.loadStateDict(dict)).toThrow(message);
      expect(optimizer.paramGroups[0]!.lr).toBe(0.1);
    };
    fails((dict) => dict.paramGroups.pop(), ValueError, /\[Adam.loadStateDict\] got 1 groups, wanted 2/);
    fails(
      (dict) => dict.paramGroups[1]!.params.push(2),
      ValueError,
      /paramGroups\[1\].params: got 2 parameters, wanted 1/,
    );
    fails((dict) => (dict.paramGroups[1]!.lr = -1), ValueError, /lr: got -1/);
    fails(
      (dict) => Object.assign(dict.paramGroups[0]!, { momentum: 1 }),
      ValueError,
      /"momentum", wanted only/,
    );
    fails(
      (dict) => (dict.state[1] = { step: ones([]), expAvg: ones([3]) }),
      ShapeError,
      /expAvg of parameter 0: got shape \[3\]/,
    );
    fails((dict) => (dict.state[1] = { expAvg: ones([2]) }), ValueError, /got no step/);
    fails((dict) => (dict.state[1] = { step: 1 as never }), DTypeError, /got 1, wanted a tensor/);
    fails(
      (dict) => (dict.state[1] = { momentumBuffer: ones([2]) }),
      ValueError,
      /"momentumBuffer", wanted step, expAvg/,
    );
    expect(() => optimizer.loadStateDict(null as never)).toThrow(/got null, wanted \{ state, paramGroups \}/);
  });
});
