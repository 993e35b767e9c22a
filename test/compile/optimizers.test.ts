import { describe, expect, it } from 'vitest';
import { compile, crossEntropy, manualSeed, nn, optim, randint, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { expectSame, records, train } from './support.js';
import type { Training } from './support.js';

type Params = readonly Tensor[];

/** Options that use all that there is. */
const optimizers: Record<string, (params: Params) => optim.Optimizer> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
  Adam: (params) => new optim.Adam(params, { lr: 0.01, amsgrad: true }),
  AdamW: (params) => new optim.AdamW(params, { lr: 0.01 }),
  NAdam: (params) => new optim.NAdam(params, { lr: 0.01 }),
  RAdam: (params) => new optim.RAdam(params, { lr: 0.01, betas: [0.5, 0.8] }),
  Adamax: (params) => new optim.Adamax(params, { lr: 0.01 }),
  RMSprop: (params) => new optim.RMSprop(params, { lr: 0.005, centered: true, momentum: 0.5 }),
  Adagrad: (params) => new optim.Adagrad(params, { lr: 0.05, lrDecay: 0.1 }),
  Adadelta: (params) => new optim.Adadelta(params, { lr: 1 }),
  ASGD: (params) => new optim.ASGD(params, { lr: 0.05, t0: 10 }),
  Rprop: (params) => new optim.Rprop(params, { lr: 0.001 }),
  Lion: (params) => new optim.Lion(params, { lr: 0.001 }),
  Adafactor: (params) => new optim.Adafactor(params, { lr: 0.05 }),
  Lamb: (params) => new optim.Lamb(params, { lr: 0.01 }),
  Muon: (params) =>
    new optim.Muon(
      params.filter((param) => param.ndim === 2),
      { lr: 0.02 },
    ),
};

/** With dropout, clipping, and a learning rate that changes after every step. */
function training(make: (params: Params) => optim.Optimizer): Training {
  const model = new nn.Sequential(
    new nn.Linear(6, 16),
    new nn.Tanh(),
    new nn.Dropout(0.2),
    new nn.Linear(16, 3),
  );
  const optimizer = make(model.parameters());
  const schedule = new optim.lrScheduler.ExponentialLR(optimizer, 0.97);
  const batches = [0, 1, 2].map(() => [randn([12, 6]), randint(0, 3, [12])]);
  return {
    step(x, y) {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), y);
      loss.backward();
      nn.utils.clipGradNorm_(model.parameters(), 0.5);
      optimizer.step();
      return loss;
    },
    batch: (i) => batches[i % 3]!,
    after: () => schedule.step(),
    state: () => model.parameters(),
  };
}

describe.each(Object.keys(optimizers))('%s', (name) => {
  it('makes the same steps compiled, with dropout, clipping and a schedule', () => {
    expectSame(() => training(optimizers[name]!));
  });

  it('saves compiled what it saves as it stands, and goes on from it', () => {
    const [plain, compiled] = [false, true].map((isCompiled) => {
      manualSeed(3);
      const w = randn([4, 3], { requiresGrad: true });
      const goal = randn([4, 3]);
      const optimizer = optimizers[name]!([w]);
      const body = (): Tensor => {
        optimizer.zeroGrad();
        const loss = w.sub(goal).square().sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const step = isCompiled ? compile(body, { passes: 'exact' }) : body;
      for (let i = 0; i < 4; i++) step();
      const { state, paramGroups } = optimizer.stateDict();
      const saved = Object.entries(state[0] ?? {}).map(([key, value]) => [key, value.tolist()]);
      // Taken over into the very optimizer that the program holds.
      optimizer.loadStateDict({ state, paramGroups: paramGroups.map((group) => ({ ...group, lr: 0.001 })) });
      const losses = [0, 1, 2].map(() => step().item());
      return { saved, losses, w: w.tolist() };
    });
    expect(compiled).toEqual(plain);
  });
});

describe('options that change', () => {
  it('that are numbers are seen by the program', () => {
    const [plain, compiled] = [undefined, { passes: 'exact' } as const].map((options) =>
      train(
        () => {
          const made = training((params) => new optim.SGD(params, { lr: 0.1, momentum: 0.5 }));
          return made;
        },
        6,
        options,
      ),
    );
    expect(compiled!.losses).toEqual(plain!.losses);
  });

  it('that are none, or that begin a state, make another program', () => {
    const w = randn([3], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const step = compile(() => {
      optimizer.zeroGrad();
      w.square().sum().backward();
      optimizer.step();
    });
    for (let i = 0; i < 4; i++) step();
    const before = step.recordings;
    optimizer.paramGroups[0]!.lr = 0.2;
    step();
    if (records) expect(step.recordings).toBe(before);
    optimizer.paramGroups[0]!.momentum = 0.9;
    step();
    expect(step.recordings).toBeGreaterThan(before);
    expect(optimizer.stateDict().state[0]!['momentumBuffer']!.tolist()).toEqual(w.grad!.tolist());
    const after = step.recordings;
    Object.assign(optimizer.paramGroups[0]!, { momentum: 0, maximize: true });
    const former = w.data[0];
    step();
    expect(step.recordings).toBeGreaterThan(after);
    expect(Number(w.data[0]) / Number(former)).toBeGreaterThan(1);
  });
});
