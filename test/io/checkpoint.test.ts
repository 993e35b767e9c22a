import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  F,
  FormatError,
  io,
  manualSeed,
  memory,
  nn,
  ones,
  optim,
  rand,
  randn,
  ShapeError,
  tensor,
  ValueError,
  type Tensor,
} from '../../lib/index.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lanegrad-'));
  file = path.join(folder, 'last.safetensors');
});
afterEach(() => rmSync(folder, { recursive: true }));

type Schedule = optim.lrScheduler.LRScheduler | optim.lrScheduler.ReduceLROnPlateau;

interface Training {
  model: nn.Sequential;
  optimizer: optim.Optimizer;
  scheduler: Schedule;
  average: optim.AveragedModel;
}

const kinds: Record<string, (params: Tensor[]) => [optim.Optimizer, Schedule]> = {
  'SGD, one cycle': (params) => {
    const optimizer = new optim.SGD(params, { momentum: 0.9, nesterov: true, lr: 0.05 });
    return [optimizer, new optim.lrScheduler.OneCycleLR(optimizer, 0.1, { totalSteps: 20 })];
  },
  'AdamW in two groups, warm-up and cosine': (params) => {
    const groups = [{ params: params.slice(0, 2) }, { params: params.slice(2), lr: 1e-3, weightDecay: 0 }];
    const optimizer = new optim.AdamW(groups, { lr: 0.01, amsgrad: true });
    const parts = [
      new optim.lrScheduler.LinearLR(optimizer, { totalIters: 4 }),
      new optim.lrScheduler.CosineAnnealingLR(optimizer, 10),
    ];
    return [optimizer, new optim.lrScheduler.SequentialLR(optimizer, parts, [4])];
  },
  'NAdam, plateau': (params) => {
    const optimizer = new optim.NAdam(params, { lr: 0.02 });
    return [optimizer, new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.5 })];
  },
  'Adafactor, exponential': (params) => {
    const optimizer = new optim.Adafactor(params);
    return [optimizer, new optim.lrScheduler.ExponentialLR(optimizer, 0.9)];
  },
};

function begin(kind: string): Training {
  const model = new nn.Sequential(
    new nn.Linear(6, 8),
    new nn.BatchNorm1d(8),
    new nn.ReLU(),
    new nn.Dropout(0.3),
    new nn.Linear(8, 1),
  );
  const [optimizer, scheduler] = kinds[kind]!(model.parameters());
  return { model, optimizer, scheduler, average: new optim.AveragedModel(model, { decay: 0.9 }) };
}

/** Losses of some steps, on data that the generator draws. */
function advance({ model, optimizer, scheduler, average }: Training, steps: number): number[] {
  return Array.from({ length: steps }, () => {
    const x = randn([16, 6]);
    optimizer.zeroGrad();
    const loss = F.mseLoss(model.forward(x), x.sum({ dim: 1, keepdim: true }));
    loss.backward();
    optimizer.step();
    average.updateParameters();
    const value = Number(loss.item());
    if (scheduler instanceof optim.lrScheduler.ReduceLROnPlateau) scheduler.step(value);
    else scheduler.step();
    return value;
  });
}

const bits = (training: Training): unknown =>
  [training.model, training.average].map((part) =>
    Object.entries(part.stateDict()).map(([name, value]) => [name, value.tolist()]),
  );

describe.each(Object.keys(kinds))('%s', (kind) => {
  it('goes on to the bit as if it had never stopped', () => {
    manualSeed(5);
    const whole = begin(kind);
    const former = advance(whole, 5);
    io.saveCheckpoint(file, { ...whole }, { metadata: { losses: former } });
    const wanted = advance(whole, 6);

    manualSeed(99);
    const resumed = begin(kind);
    advance(resumed, 2);
    const { metadata } = io.loadCheckpoint(file, { ...resumed });
    expect(metadata.losses).toEqual(former);
    expect(advance(resumed, 6)).toEqual(wanted);
    expect(bits(resumed)).toEqual(bits(whole));
    expect(resumed.optimizer.paramGroups.map((group) => group.lr)).toEqual(
      whole.optimizer.paramGroups.map((group) => group.lr),
    );
  });
});

it('LBFGS goes on too', () => {
  const start = (): [nn.Linear, optim.LBFGS] => {
    const model = new nn.Linear(3, 1);
    return [model, new optim.LBFGS(model.parameters(), { maxIter: 3, lineSearchFn: 'strong_wolfe' })];
  };
  const x = randn([20, 3]);
  const step = (model: nn.Linear, optimizer: optim.LBFGS): number =>
    Number(
      optimizer
        .step(() => {
          optimizer.zeroGrad();
          const loss = model
            .forward(x)
            .sub(x.sum({ dim: 1, keepdim: true }))
            .pow(4)
            .mean();
          loss.backward();
          return loss;
        })
        .item(),
    );
  const [model, optimizer] = start();
  step(model, optimizer);
  io.saveCheckpoint(file, { model, optimizer });
  const wanted = [step(model, optimizer), step(model, optimizer)];
  const [other, otherOptimizer] = start();
  io.loadCheckpoint(file, { model: other, optimizer: otherOptimizer });
  expect([step(other, otherOptimizer), step(other, otherOptimizer)]).toEqual(wanted);
});

describe('what is kept', () => {
  const model = new nn.Linear(2, 2);

  it('plain data of every kind, and tensors in it', () => {
    const metadata = {
      epoch: 3,
      numbers: [Infinity, -Infinity, NaN, -0, 0.1],
      big: 2n ** 70n,
      text: 'é"\\',
      nothing: null,
      yes: true,
      left: undefined,
      $tensor: 'a name like ours',
      $$: { $number: '1' },
      'a.b': { c: tensor([1, 2]) },
      a: { 'b.c': tensor([3]) },
      ['__proto__x']: [],
    };
    io.saveCheckpoint(file, { model }, { metadata });
    const loaded = io.loadCheckpoint(file, { model }).metadata;
    const { 'a.b': _first, a: _second, left: _left, ...plain } = metadata;
    expect(loaded).toMatchObject(plain);
    expect(Object.is((loaded.numbers as number[])[3], -0)).toBe(true);
    expect('left' in loaded).toBe(false);
    expect((loaded['a.b'] as typeof _first).c.tolist()).toEqual([1, 2]);
    expect((loaded.a as typeof _second)['b.c'].tolist()).toEqual([3]);
  });

  it('tensors by the names of their parts, for any reader', () => {
    const optimizer = new optim.Adam(model.parameters());
    model
      .forward(ones([1, 2]))
      .sum()
      .backward();
    optimizer.step();
    io.saveCheckpoint(file, { model, optimizer });
    expect(Object.keys(io.loadSafetensors(file)).sort()).toEqual([
      'model.bias',
      'model.weight',
      ...[0, 1].flatMap((i) => ['expAvg', 'expAvgSq', 'step'].map((name) => `optimizer.state.${i}.${name}`)),
      'rngState',
    ]);
  });

  it('the generator, unless it is not wanted', () => {
    manualSeed(1);
    io.saveCheckpoint(file, { model });
    const next = rand([4]).tolist();
    manualSeed(2);
    const other = rand([4]).tolist();
    manualSeed(2);
    io.loadCheckpoint(pathToFileURL(file), { model }, { generator: false });
    expect(rand([4]).tolist()).toEqual(other);
    io.loadCheckpoint(readFileSync(file), { model });
    expect(rand([4]).tolist()).toEqual(next);
  });

  it('parts of any class that has a state', () => {
    class Count {
      value = 0;
      stateDict = () => ({ value: this.value });
      loadStateDict = (state: { value: number }): void => void (this.value = state.value);
    }
    const [count, other] = [new Count(), new Count()];
    count.value = 7;
    io.saveCheckpoint(file, { count });
    io.loadCheckpoint(file, { count: other });
    expect(other.value).toBe(7);
  });

  it('no tensors of its own', () => {
    const before = memory().tensors;
    io.saveCheckpoint(file, { model });
    io.loadCheckpoint(file, { model });
    expect(memory().tensors).toBe(before);
  });
});

describe('refuses', () => {
  const make = () => {
    const model = new nn.Linear(2, 2);
    return { model, optimizer: new optim.SGD(model.parameters(), { momentum: 0.5 }) };
  };

  it('parts that the file has not, and (strictly) parts that were not asked for', () => {
    const { model, optimizer } = make();
    io.saveCheckpoint(file, { model, optimizer });
    expect(() => io.loadCheckpoint(file, { model })).toThrow(
      /parts not asked for: optimizer \(strict: false passes them over\); the file has model, optimizer/,
    );
    expect(() => io.loadCheckpoint(file, { net: model, optimizer })).toThrow(/parts missing: net; not asked/);
    expect(io.loadCheckpoint(file, { model }, { strict: false }).metadata).toEqual({});
    expect(() => io.loadCheckpoint(file, { net: model }, { strict: false })).toThrow(ValueError);
  });

  it('a state that does not fit, and leaves all as it was', () => {
    const saved = make();
    io.saveCheckpoint(file, saved);
    const { model } = make();
    const before = [model.weight.tolist(), model.bias?.tolist()];
    const optimizer = new optim.SGD([ones([3], { requiresGrad: true })]);
    manualSeed(3);
    const next = rand([2]).tolist();
    manualSeed(3);
    expect(() => io.loadCheckpoint(file, { model, optimizer })).toThrow(
      /SGD.loadStateDict\] paramGroups\[0\].params/,
    );
    expect([model.weight.tolist(), model.bias?.tolist()]).toEqual(before);
    expect(rand([2]).tolist()).toEqual(next);
    const wide = new nn.Linear(3, 2);
    expect(() => io.loadCheckpoint(file, { optimizer: make().optimizer, model: wide })).toThrow(ShapeError);
  });

  it('files that are no checkpoints, or damaged', () => {
    const parts = make();
    io.saveSafetensors(file, parts.model.stateDict());
    expect(() => io.loadCheckpoint(file, parts)).toThrow(FormatError);
    expect(() => io.loadCheckpoint(file, parts)).toThrow(/it is no checkpoint/);
    io.saveCheckpoint(file, parts);
    const bytes = readFileSync(file);
    expect(() => io.loadCheckpoint(bytes.subarray(0, bytes.length - 5), parts)).toThrow(FormatError);
    const texts = [
      '{',
      '[]',
      '{"version":2}',
      '{"version":1,"parts":{"model":3,"optimizer":{}},"metadata":{}}',
    ];
    texts.push(
      '{"version":1,"parts":{"model":{"weight":{"$tensor":"gone"}},"optimizer":{}},"metadata":{},"generator":{}}',
      '{"version":1,"parts":{"model":{"weight":{"$date":"1"}},"optimizer":{}},"metadata":{},"generator":{}}',
      '{"version":1,"parts":{"model":{"weight":{"$number":1}},"optimizer":{}},"metadata":{},"generator":{}}',
    );
    for (const text of texts) {
      io.saveSafetensors(file, {}, { metadata: { 'lanegrad.checkpoint': text } });
      expect(() => io.loadCheckpoint(file, parts), text).toThrow(FormatError);
    }
    const generator = '{"version":1,"parts":{"model":{},"optimizer":{}},"metadata":{},"generator":{"a":1}}';
    io.saveSafetensors(file, {}, { metadata: { 'lanegrad.checkpoint': generator } });
    expect(() => io.loadCheckpoint(file, parts)).toThrow(/the state of its generator is no tensor/);
  });

  it('data that is not plain, parts without a state, unknown options', () => {
    const { model } = make();
    const save = (metadata: unknown) => () =>
      io.saveCheckpoint(file, { model }, { metadata: metadata as Record<string, never> });
    expect(save({ when: new Date(0) })).toThrow(/metadata.when: got .*, wanted plain data or a tensor/);
    expect(save({ f: [() => 1] })).toThrow(/metadata.f.0/);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(save(circle)).toThrow(/nested no deeper/);
    expect(save(3)).toThrow(/metadata: got 3/);
    expect(() => io.saveCheckpoint(file, { model: 3 as never })).toThrow(
      /parts.model: got 3, wanted a module/,
    );
    expect(() => io.saveCheckpoint(file, [] as never)).toThrow(ValueError);
    expect(() => io.saveCheckpoint(file, { model }, { epoch: 1 } as object)).toThrow(/"epoch"/);
    expect(() => io.loadCheckpoint(file, { model }, { strict: 1 as never })).toThrow(/strict/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('folders', () => {
    const { model } = make();
    const inside = path.join(folder, 'run');
    mkdirSync(inside);
    for (const given of [inside, pathToFileURL(inside)]) {
      expect(() => io.saveCheckpoint(given, { model })).toThrow(/path: .*run is a folder, wanted a file/);
      expect(() => io.loadCheckpoint(given, { model })).toThrow(/source: .*run is a folder, wanted a file/);
      expect(() => io.saveSafetensors(given, {})).toThrow(ValueError);
      expect(() => io.loadSafetensors(given)).toThrow(ValueError);
    }
    expect(() => io.saveSafetensors('', {})).toThrow(ValueError);
    expect(() => io.loadSafetensors(new URL('https://example.org/a'))).toThrow(ValueError);
    expect(readdirSync(folder)).toEqual(['run']);
  });
});
