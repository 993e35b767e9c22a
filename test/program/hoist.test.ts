import { afterEach, describe, expect, it } from 'vitest';
import {
  compile,
  conv2d,
  F,
  info,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  relu,
  setNumThreads,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import type { Program } from '../../lib/backend/programs.js';
import { bits, native, record, replay } from './kit.js';

// What depends on state alone runs once, and again when the state was written.

const hoisted = (program: Program<Tensor>) =>
  program
    .describe()
    .nodes.filter((node) => node.runs !== undefined)
    .map(({ op, runs }) => `${op} ${runs}`);
const running = (program: Program<Tensor>) =>
  program
    .describe()
    .nodes.filter((node) => node.runs === undefined)
    .map(({ op }) => op);

describe.runIf(native)('hoistState', () => {
  const passes = ['hoistState'];

  it('runs once in 1,000 calls', () => {
    const w = randn([5]);
    const fn = (x: Tensor) => x.mul(w.exp().sin());
    const { program } = record((x) => fn(x), [randn([5])], { passes });
    expect(running(program)).toEqual(['mul']);
    for (let i = 0; i < 1000; i++) {
      const x = randn([5]);
      expect(bits(replay(program, [x])[0]!)).toBe(bits(fn(x)));
    }
    expect(hoisted(program)).toEqual(['exp 1', 'sin 1']);
    expect(program.describe().nodesHoisted).toBe(2);
    expect(program.describe().nodesAfter).toBe(1);
  });

  it('runs again after each kind of write', () => {
    const w = randn([4], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.3 });
    const fn = () => noGrad(() => w.exp().add(0));
    const { program } = record(fn, [], { passes: ['hoistState'] });
    const other = record((x) => noGrad(() => (w.mul_(x), w.sum())), [ones([])]).program;
    const writes = [
      () => noGrad(() => w.copy_(randn([4]))),
      () => noGrad(() => w.add_(1)),
      () => noGrad(() => w.narrow(0, 1, 2).fill_(3)),
      () => {
        w.square().sum().backward();
        optimizer.step();
        optimizer.zeroGrad();
      },
      () => replay(other, [ones([]).mul(0.5)]),
    ];
    replay(program, []);
    writes.forEach((write, i) => {
      const before = bits(w.detach());
      write();
      expect(bits(w.detach()), `write ${i}`).not.toBe(before);
      for (let k = 0; k < 2; k++) expect(bits(replay(program, [])[0]!), `write ${i}`).toBe(bits(fn()));
    });
    expect(hoisted(program)).toEqual(['exp 6']);
  });

  it('runs only what reads what was written', () => {
    const [a, b] = [randn([3]), randn([3])];
    const { program } = record((x) => x.add(a.exp()).add(b.sin()), [zeros([3])], { passes });
    replay(program, [zeros([3])]);
    b.add_(1);
    replay(program, [zeros([3])]);
    expect(hoisted(program)).toEqual(['exp 1', 'sin 2']);
  });

  it('leaves what the program writes, random numbers, arguments, and what grows', () => {
    const w = randn([4]);
    const counts = zeros([]);
    const fn = (x: Tensor) => {
      counts.add_(1);
      return [counts.exp(), rand([2]).add(0), x.exp(), w.reshape([4, 1, 1]).add(zeros([4, 100, 100]))];
    };
    const { program } = record((x) => fn(x), [randn([2])], { passes });
    expect(hoisted(program)).toEqual([]);
  });

  it('runs for calls on the thread in the order in which they were started', async () => {
    const w = ones([64, 64]);
    const read = record((x) => x.matmul(w.mul(2)).sum(), [ones([64, 64])], { passes }).program;
    const write = record((x) => (w.add_(x), w.sum()), [zeros([])], { passes: [] }).program;
    const calls: Promise<Tensor[]>[] = [];
    const [x, one] = [ones([64, 64]), ones([])];
    for (let i = 0; i < 20; i++) {
      calls.push(read.runAsync([x]), read.runAsync([x]), write.runAsync([one]));
    }
    const sums = (await Promise.all(calls)).map(([sum]) => sum!.item());
    for (let i = 0; i < 20; i++) {
      const wanted = 64 * 64 * 64 * 2 * (i + 1);
      expect([sums[3 * i], sums[3 * i + 1]]).toEqual([wanted, wanted]);
    }
    expect(hoisted(read)).toEqual(['mul 20']);
  });

  it('runs in a call that follows one that was cancelled', async () => {
    const w = ones([8]);
    const program = record((x) => x.add(w.mul(2)), [zeros([8])], { passes }).program;
    w.fill_(3);
    const abort = new AbortController();
    const call = program.runAsync([zeros([8])], abort.signal);
    abort.abort();
    await call.catch(() => null);
    expect(replay(program, [zeros([8])])[0]!.tolist()).toEqual(new Array(8).fill(6));
  });

  it('serves two programs, each with memory of its own', () => {
    const w = randn([6]);
    const first = record((x) => x.add(w.exp()), [zeros([6])], { passes }).program;
    const second = record((x) => x.mul(w.exp()), [ones([6])], { passes }).program;
    for (let i = 0; i < 3; i++) {
      if (i > 0) w.add_(i);
      expect(bits(replay(first, [zeros([6])])[0]!)).toBe(bits(w.exp().add(0)));
      if (i === 1) continue;
      expect(bits(replay(second, [ones([6])])[0]!)).toBe(bits(w.exp()));
    }
    expect([hoisted(first), hoisted(second)]).toEqual([['exp 3'], ['exp 2']]);
  });
});

describe.runIf(native)('packWeights', () => {
  const passes = ['packWeights'];
  const atStart = info().threads;
  afterEach(() => setNumThreads(atStart));

  it.each(['float32', 'float64', 'bfloat16', 'float16'] as const)('packs a dense layer once: %s', (dtype) => {
    manualSeed(1);
    const [w, b] = [randn([40, 60]).to(dtype), randn([40]).to(dtype)];
    const fn = (x: Tensor) => F.linear(x, w, b);
    const make = () => randn([50, 60]).to(dtype);
    const { program } = record((x) => fn(x), [make()], { passes });
    // Products of tiles read the weight as it is.
    if (dtype === 'float64') expect(running(program)).toEqual(['linearFinished']);
    for (let i = 0; i < 4; i++) {
      if (i === 2) w.mul_(0.5);
      const x = make();
      expect(bits(replay(program, [x])[0]!)).toBe(bits(fn(x)));
    }
    for (const node of hoisted(program)) expect(node).toBe('linearPack 2');
  });

  it('leaves a single row, which reads the weight where it lies', () => {
    const w = randn([40, 600]);
    const { program } = record((x) => F.linear(x, w), [randn([1, 600])], { passes });
    expect(running(program)).toEqual(['linear']);
    expect(program.describe().hoistedBytes).toBe(0);
  });

  it.each([
    ['Winograd', [2, 24, 18, 19], [37, 24, 3, 3], { padding: 1 }],
    ['direct', [2, 20, 17, 17], [40, 20, 3, 3], { stride: 2, padding: 1 }],
    ['groups', [2, 8, 9, 9], [66, 4, 3, 2], { groups: 2 }],
    ['turned', [2, 520, 9, 9], [170, 520, 1, 1], {}],
    ['few pixels', [2, 40, 13, 13], [260, 40, 3, 3], { stride: 2, padding: 1 }],
    ['few tiles', [2, 70, 14, 15], [140, 70, 3, 3], { padding: 1 }],
  ] as const)('packs a convolution once: %s', (_name, shape, weight, options) => {
    for (const dtype of ['float32', 'float64'] as const) {
      manualSeed(1);
      const w = randn([...weight]).to(dtype);
      const fn = (x: Tensor) => conv2d(x, w, null, options);
      const make = () => randn([...shape]).to(dtype);
      const { program } = record((x) => fn(x), [make()], { passes });
      expect(running(program)).toEqual(['convFinished']);
      for (let i = 0; i < 6; i++) {
        if (i === 3) w.mul_(0.5);
        setNumThreads([1, 3, 2][i % 3]!);
        const x = make();
        if (i === 5) x.select(0, 1).select(0, 2).select(0, 3).narrow(0, 0, 1).fill_(Infinity);
        expect(bits(replay(program, [x])[0]!)).toBe(bits(fn(x)));
      }
      expect(hoisted(program).every((node) => node.startsWith('convPack'))).toBe(true);
    }
  });

  it('leaves weights that the program writes, and convolutions that pack nothing', () => {
    const w = randn([8, 4, 3, 3]);
    const trains = record((x) => [conv2d(x, w), (w.mul_(0.9), w.sum())], [randn([1, 4, 9, 9])], { passes });
    expect(hoisted(trains.program)).toEqual([]);
    const depthwise = randn([20, 1, 3, 3]);
    const { program } = record((x) => conv2d(x, depthwise, null, { groups: 20 }), [randn([1, 20, 9, 9])], {
      passes,
    });
    expect(running(program)).toEqual(['convolution']);
  });

  it('packs a weight that two layers share once', () => {
    const w = randn([30, 30]);
    const { program } = record((x) => F.linear(relu(F.linear(x, w)), w), [randn([50, 30])], { passes });
    expect(hoisted(program).length).toBeLessThanOrEqual(1);
  });
});

describe.runIf(native)('norms in evaluation', () => {
  const passes = ['hoistState', 'foldBatchNorm', 'finishConvolutions'];

  /** A module whose norms have statistics of their own, and an input of it. */
  function build(kind: string): { model: nn.AnyModule & { forward(x: Tensor): Tensor }; x: () => Tensor } {
    manualSeed(6);
    const models = {
      convolution: [
        new nn.Sequential(new nn.Conv2d(3, 8, 3, { bias: false }), new nn.BatchNorm2d(8)),
        [4, 3, 9, 9],
      ],
      'with a bias': [new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.BatchNorm2d(8)), [4, 3, 9, 9]],
      'no affine': [
        new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.BatchNorm2d(8, { affine: false })),
        [4, 3, 9, 9],
      ],
      'in one direction': [new nn.Sequential(new nn.Conv1d(3, 8, 3), new nn.BatchNorm1d(8)), [4, 3, 9]],
      linear: [new nn.Sequential(new nn.Linear(5, 8), new nn.BatchNorm1d(8)), [4, 5]],
    } as const;
    const [model, shape] = models[kind as keyof typeof models];
    model.train();
    for (let i = 0; i < 5; i++)
      model.forward(
        randn([...shape])
          .mul(3)
          .add(1),
      );
    model.eval();
    return { model, x: () => randn([...shape]) };
  }

  const close = (made: Tensor, wanted: Tensor) => {
    const scale = wanted.abs().max().item();
    expect(made.sub(wanted).abs().max().item()).toBeLessThan(2e-6 * Math.max(1, scale));
  };

  it.each(['convolution', 'with a bias', 'no affine', 'in one direction', 'linear'])('%s', (kind) => {
    const { model, x } = build(kind);
    const fn = (input: Tensor) => noGrad(() => model.forward(input));
    const { program } = record((input) => fn(input), [x()], { passes });
    expect(running(program)).toEqual([kind === 'linear' ? 'linear' : 'convFinished']);
    for (let i = 0; i < 4; i++) {
      if (i === 2) {
        model.train();
        fn(x());
        model.eval();
      }
      const input = x();
      close(replay(program, [input])[0]!, fn(input));
      // A convolution takes the numbers as they are.
      if (kind !== 'linear') expect(bits(replay(program, [input])[0]!)).toBe(bits(fn(input)));
    }
    const folded = hoisted(program).some((node) => node.startsWith('scaleChannels'));
    expect(folded).toBe(kind === 'linear');
  });

  it('foldBatchNorm is no exact pass, and is one of all', () => {
    const { model, x } = build('linear');
    const fn = (input: Tensor) => noGrad(() => model.forward(input));
    const names = (set: 'all' | 'exact') =>
      record((input) => fn(input), [x()], { passes: set })
        .program.describe()
        .passes.map(({ name }) => name);
    expect(names('exact')).not.toContain('foldBatchNorm');
    expect(names('all')).toContain('foldBatchNorm');
    const input = x();
    const { program } = record((t) => fn(t), [input], { passes: 'exact' });
    expect(bits(replay(program, [input])[0]!)).toBe(bits(fn(input)));
  });

  it('leaves a convolution that somebody else reads, and norms in training', () => {
    const { model, x } = build('convolution');
    const [conv, norm] = [...model.children()] as [nn.Conv2d, nn.BatchNorm2d];
    const both = record(
      (input) =>
        noGrad(() => {
          const y = conv.forward(input);
          return norm.forward(y).add(y);
        }),
      [x()],
      { passes },
    ).program;
    expect(running(both)).toContain('sub');
    model.train();
    const training = record((input) => model.forward(input), [x()], { passes }).program;
    expect(hoisted(training)).toEqual([]);
  });

  it('works in compile with loadStateDict, training in turn, and all passes', () => {
    const { model, x } = build('with a bias');
    const other = build('with a bias').model;
    const predict = compile((input: Tensor) => noGrad(() => model.forward(input)));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = compile((input: Tensor) => {
      optimizer.zeroGrad();
      const loss = model.forward(input).square().mean();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const check = () => {
      model.eval();
      const input = x();
      close(
        predict(input),
        noGrad(() => model.forward(input)),
      );
    };
    check();
    for (let i = 0; i < 3; i++) {
      model.train();
      step(x());
      check();
      check();
    }
    noGrad(() => other.parameters().forEach((p) => p.mul_(2)));
    model.loadStateDict(other.stateDict());
    check();
    expect(predict.explain().toString()).toMatch(/pass finishConvolutions: 4 changes/);
    expect(predict.explain().toString()).toMatch(/when state was written: \d+ nodes/);
  });
});
