import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  arange,
  BusyError,
  compile,
  data,
  DisposedError,
  DTypeError,
  eye,
  F,
  info,
  io,
  linspace,
  logspace,
  nn,
  noGrad,
  ones,
  onesLike,
  optim,
  rand,
  randn,
  ShapeError,
  snapshot,
  tensor,
  ValueError,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// What a newcomer does with a tensor as with any JavaScript value.

describe('JSON', () => {
  test('a tensor is written as its elements', () => {
    expect(JSON.stringify({ x: tensor([[1, 2.5]]), n: tensor(3), none: zeros([0, 2]) })).toBe(
      '{"x":[[1,2.5]],"n":3,"none":[]}',
    );
  });

  test('a state comes back from it', () => {
    const model = new nn.Linear(3, 2);
    const text = JSON.stringify(model.stateDict());
    const other = new nn.Linear(3, 2);
    const parsed = JSON.parse(text) as Record<string, number[]>;
    const state = Object.fromEntries(Object.entries(parsed).map(([name, data]) => [name, tensor(data)]));
    other.loadStateDict(state);
    expect(other.weight.tolist()).toEqual(model.weight.tolist());
  });
});

describe('operators', () => {
  const x: unknown = ones([]);
  test.each([
    ['+', () => (x as number) + 1],
    ['*', () => (x as number) * 2],
    ['<', () => (x as number) < 2],
    ['Number', () => Number(x)],
    ['Math.sqrt', () => Math.sqrt(x as number)],
  ])('%s says what to do instead', (_, run) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(/use methods/);
  });

  test('text is text', () => {
    expect(`${String(x)}`).toBe('tensor(1.)');
  });
});

describe('shape and strides', () => {
  test('cannot be written to', () => {
    const x = ones([2, 3]);
    const t = x.t();
    for (const list of [x.shape, x.strides, x.size(), t.shape, t.strides]) {
      const writable = list as number[];
      expect(() => (writable[0] = 7)).toThrow(TypeError);
      expect(() => writable.push(1)).toThrow(TypeError);
      expect(() => writable.reverse()).toThrow(TypeError);
      expect(() => (writable.length = 0)).toThrow(TypeError);
    }
    expect([x.shape, x.strides, t.shape, t.strides]).toEqual([
      [2, 3],
      [3, 1],
      [3, 2],
      [1, 3],
    ]);
  });

  test('are those of each tensor, however many there were', () => {
    for (let i = 0; i < 3000; i++) {
      const [rows, columns] = [i % 7, i];
      const x = zeros([rows, columns]);
      expect(x.shape).toEqual([rows, columns]);
      expect(x.t().shape).toEqual([columns, rows]);
      x.dispose();
    }
    expect(zeros([]).shape).toEqual([]);
    expect(zeros([2 ** 32 + 1, 0]).shape).toEqual([2 ** 32 + 1, 0]);
    expect(zeros([1, 0]).shape).toEqual([1, 0]);
  });
});

describe('inspect', () => {
  test('a tensor that was freed', () => {
    const x = ones([2]);
    x.dispose();
    expect(inspect({ x })).toBe('{ x: tensor(<disposed>) }');
  });

  test('an object from its prototype', () => {
    expect(inspect(Object.create(Object.getPrototypeOf(ones([1])) as object))).toBe('Tensor {}');
  });

  test('a module, as PyTorch prints it', () => {
    const net = new nn.Sequential(
      new nn.Linear(100, 50, { bias: false }),
      new nn.Dropout(0.2),
      new nn.Sequential(new nn.BatchNorm1d(50), new nn.ReLU()),
      new nn.ModuleList([new nn.Linear(2, 1), new nn.Linear(2, 1), new nn.Identity()]),
      new nn.ParameterList([ones([3])]),
    );
    const text = [
      'Sequential(',
      '  (0): Linear(inFeatures=100, outFeatures=50, bias=false)',
      '  (1): Dropout(p=0.2)',
      '  (2): Sequential(',
      '    (0): BatchNorm1d(numFeatures=50, bias=true, eps=0.00001, momentum=0.1)',
      '    (1): ReLU()',
      '  )',
      '  (3): ModuleList(',
      '    (0-1): 2 x Linear(inFeatures=2, outFeatures=1, bias=true)',
      '    (2): Identity()',
      '  )',
      '  (4): ParameterList(',
      '    (0): parameter(float32 [3])',
      '  )',
      ')',
    ].join('\n');
    expect(String(net)).toBe(text);
    expect(inspect(net)).toBe(text);
    expect(inspect({ a: { b: net } }, { depth: 1 })).toContain('[Sequential]');
  });

  test('a module of a class that says what it is; one that holds its parent', () => {
    class Scale extends nn.Module {
      parent: nn.AnyModule | null = null;
      modes = ['a', 'b'];
      factor = nn.parameter(ones([1]));
      forward(x: Tensor): Tensor {
        return x.mul(this.factor);
      }
    }
    class Said extends Scale {
      override extraRepr(): string {
        return 'as said';
      }
    }
    const outer = Object.assign(new Scale(), { inner: new Said() });
    outer.inner.parent = outer;
    expect(String(outer)).toBe(
      "Scale(\n  modes=['a', 'b']\n  (inner): Said(\n    as said\n    (parent): Scale(...)\n  )\n)",
    );
  });

  test('an optimizer: the options of its groups', () => {
    const [a, b] = [ones([1]), ones([1])];
    const optimizer = new optim.AdamW([{ params: [a] }, { params: [b], lr: 0.5 }], { eps: 1e-6 });
    const group = (i: number, lr: number) =>
      `Parameter Group ${i}\n    lr: ${lr}\n    betas: [0.9, 0.999]\n    eps: 0.000001\n    weightDecay: 0.01\n` +
      `    amsgrad: false\n    maximize: false\n`;
    expect(String(optimizer)).toBe(`AdamW (\n${group(0, 0.001)}\n${group(1, 0.5)})`);
    expect(inspect({ optimizer })).toContain('AdamW (');
  });
});

describe('what is positional in PyTorch', () => {
  // Plain JavaScript has no types.
  const x = ones([2, 3]) as unknown as Record<string, (...values: unknown[]) => unknown>;
  test.each([
    ['sum', () => x['sum']!(1), /\[sum\] options: got 1, .* as \{ dim: 1 \}/],
    ['mean', () => x['mean']!([0, 1], true), /\[mean\] options: got \[0, 1\], .* as \{ dim: \[0, 1\] \}/],
    ['argmax', () => x['argmax']!(-1), /\[argmax\] .* as \{ dim: -1 \}/],
    ['max', () => x['max']!(1), /\[max\] other: got 1, wanted a tensor, or \{ dim: 1 \} for a dim of x/],
    ['clamp', () => x['clamp']!(0, 1), /\[clamp\] options: got 0, .* \(max, min\)/],
    [
      'zeros',
      (): unknown => Reflect.apply(zeros, null, [2, 3]),
      /\[zeros\] options: got 3, .* sizes go in one array, as \[2, 3\]/,
    ],
    [
      'rand',
      (): unknown => Reflect.apply(rand, null, [2, 3]),
      /\[rand\] options: got 3, .* sizes go in one array, as \[2, 3\]/,
    ],
    [
      'arange',
      (): unknown => Reflect.apply(arange, null, [0, 10, 2]),
      /^\[arange\] options: got 2, wanted an object of named options, as \{ step: 2 \}$/,
    ],
    [
      'linspace',
      (): unknown => Reflect.apply(linspace, null, [0, 1, 5, 2]),
      /^\[linspace\] options: got 2, wanted an object of named options \(dtype, requiresGrad\)$/,
    ],
    [
      'logspace',
      (): unknown => Reflect.apply(logspace, null, [0, 1, 5, 2]),
      /^\[logspace\] options: got 2, .*, as \{ base: 2 \}$/,
    ],
    [
      'eye',
      (): unknown => Reflect.apply(eye, null, [2, 3]),
      /^\[eye\] options: got 3, .*, as \{ columns: 3 \}$/,
    ],
    [
      'onesLike',
      (): unknown => Reflect.apply(onesLike, null, [x, 3]),
      /^\[onesLike\] options: got 3, .* \(dtype, requiresGrad\)$/,
    ],
    [
      'Linear',
      (): unknown => Reflect.construct(nn.Linear, [2, 3, false]),
      /\[Linear\] options: got false, .* \(bias, dtype\)/,
    ],
  ])('%s names the options', (_, run, wanted) => {
    expect(run).toThrow(wanted);
  });
});

test('view says that it is view, and what copies', () => {
  const run = () => arange(6).reshape([2, 3]).t().view([6]);
  expect(run).toThrow(ShapeError);
  expect(run).toThrow(/\[view\].*use reshape/);
});

describe('modules where something else is wanted', () => {
  const linear = new nn.Linear(4, 4);
  const net = new nn.Sequential(linear, new nn.ReLU());

  const taken = (module: object): ((x: Tensor) => Tensor) =>
    Reflect.get(module, 'forward') as (x: Tensor) => Tensor;
  test.each([
    ['compile', () => compile(taken(linear))(ones([2, 4]))],
    ['compile, a Sequential', () => compile(taken(net))(ones([2, 4]))],
    ['map', () => [ones([2, 4])].map(taken(net))],
  ])('forward taken from its module, %s', (_, run) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(
      /\[(Linear|Sequential)\] forward was taken from its module.* \(x\) => model\.forward\(x\)/,
    );
  });

  test.each([
    ['a Sequential', net, /params: got a value of type Sequential, wanted .* as model\.parameters\(\) gives/],
    ['a layer', linear, /params: got a value of type Linear, wanted .* as model\.parameters\(\) gives/],
    ['a list', [linear], /params\[0\]: got a value of type Linear, wanted .* as model\.parameters\(\) gives/],
  ])('as parameters, %s', (_, params, message) => {
    const given = params as unknown as Tensor[];
    expect(() => new optim.Adam(given)).toThrow(DTypeError);
    expect(() => new optim.Adam(given)).toThrow(message);
    expect(() => new optim.Adam([{ params: given }])).toThrow(message);
  });

  test('to be saved', () => {
    const given = net as unknown as Record<string, never>;
    expect(() => io.saveSafetensors('/nowhere/model.safetensors', given)).toThrow(ValueError);
    expect(() => io.saveSafetensors('/nowhere/model.safetensors', given)).toThrow(
      '[saveSafetensors] tensors: got a value of type Sequential, wanted an object of tensors by name, as model.stateDict() gives',
    );
    expect(() => io.saveCheckpoint('/nowhere/model.ckpt', given)).toThrow(ValueError);
    expect(() => io.saveCheckpoint('/nowhere/model.ckpt', given)).toThrow(
      '[saveCheckpoint] parts: got a value of type Sequential, wanted an object of parts by name, as { model } or { model, optimizer }',
    );
    const optimizer = new optim.SGD(net.parameters()) as unknown as Record<string, never>;
    expect(() => io.saveCheckpoint('/nowhere/model.ckpt', optimizer)).toThrow(
      /got a value of type SGD, .* as \{ model \} or/,
    );
    expect(() => io.loadCheckpoint('/nowhere/model.ckpt', given)).toThrow(/as \{ model \} or/);
  });

  test.each<[string, unknown, string]>([
    [
      'an array',
      [linear],
      'got [a value of type Linear], wanted a module; spread the array: new nn.Sequential(...layers)',
    ],
    ['a class', nn.ReLU, 'got the class ReLU, wanted a module, as new ReLU() makes'],
    ['a function', F.relu, 'got a function, wanted a module, as new nn.Lambda(fn) makes of a function'],
    ['neither', 3, 'got 3, wanted a module'],
  ])('as layers, %s', (_, layer, message) => {
    const make = (): unknown => Reflect.construct(nn.Sequential, [linear, layer]);
    expect(make).toThrow(ValueError);
    expect(make).toThrow(new RegExp(`^\\[Sequential\\] layer 1: ${message.replace(/[[\]().]/g, '\\$&')}$`));
    if (typeof layer === 'function')
      expect(() => new nn.ModuleList([layer as never])).toThrow(`[ModuleList] layer 0: ${message}`);
  });

  test('to be clipped', () => {
    for (const module of [net, linear]) {
      const given = module as unknown as Tensor[];
      const message =
        /parameters: got a value of type (Sequential|Linear), wanted tensors, as model\.parameters\(\)/;
      expect(() => nn.utils.clipGradNorm_(given, 1)).toThrow(message);
      expect(() => nn.utils.clipGradValue_(given, 1)).toThrow(message);
    }
  });
});

test('a snapshot after dispose says that it was disposed', () => {
  const serving = snapshot(new nn.Linear(2, 2));
  serving.dispose();
  const x = ones([1, 2]);
  expect(() => serving.forward(x)).toThrow(new DisposedError('[snapshot.forward] the snapshot was disposed'));
  expect(() => serving.update()).toThrow(new DisposedError('[snapshot.update] the snapshot was disposed'));
});

test.skipIf(info().name !== 'native')('a tensor that a program writes can be shown', async () => {
  const state = zeros([384, 384]);
  const x = randn([384, 384]);
  const work = compile(
    () =>
      noGrad(() => {
        state.copy_(x.matmul(x).matmul(x));
      }),
    { name: 'work' },
  );
  for (let i = 0; i < 3; i++) work();
  const running = work.async();
  expect(() => state.tolist()).toThrow(BusyError);
  expect(inspect(state)).toBe('tensor(<in use by work>, size=[384, 384], dtype=float32)');
  await running;
  expect(inspect(state)).toMatch(/^tensor\(\[\[/);
});

test('shares of a dataset that do not add up say what they add up to', () => {
  const set = new data.TensorDataset(arange(10));
  expect(() => data.randomSplit(set, [0.8, 0.3])).toThrow(
    /got shares that add up to 1\.1, wanted .* add up to 1/,
  );
  expect(() => data.randomSplit(set, [0.5])).toThrow(/got shares that add up to 0\.5/);
  expect(() => data.randomSplit(set, [8, 3])).toThrow(/wanted 10 samples in all/);
});
