import { describe, expect, it } from 'vitest';
import { DTypeError, IndexError, nn, ShapeError, tensor, ValueError, zeros } from '../../lib/index.js';
import { expected } from './expected.js';
import { distance, flat, pattern, setParameters } from './pattern.js';

interface Row {
  readonly make: () => nn.Module;
  readonly input: readonly number[];
}

const rows: Readonly<Record<string, Row>> = {
  Linear: { make: () => new nn.Linear(3, 2), input: [2, 2, 3] },
  'Linear without bias': { make: () => new nn.Linear(3, 2, { bias: false }), input: [4, 3] },
  Conv2d: { make: () => new nn.Conv2d(2, 3, [2, 3], { stride: [1, 2], padding: 1 }), input: [1, 2, 3, 4] },
  'Conv2d with groups and dilation': {
    make: () => new nn.Conv2d(2, 4, 2, { groups: 2, dilation: 2 }),
    input: [1, 2, 4, 4],
  },
  'Conv2d same': {
    make: () => new nn.Conv2d(1, 2, 3, { padding: 'same', bias: false }),
    input: [1, 1, 3, 3],
  },
  'Conv2d valid, no batch': { make: () => new nn.Conv2d(1, 1, 2, { padding: 'valid' }), input: [1, 3, 3] },
  MaxPool2d: { make: () => new nn.MaxPool2d(2, { stride: 1, padding: 1 }), input: [1, 1, 3, 3] },
  'MaxPool2d ceil': { make: () => new nn.MaxPool2d(2, { ceilMode: true }), input: [1, 1, 3, 3] },
  AvgPool2d: { make: () => new nn.AvgPool2d(2, { padding: 1, countIncludePad: false }), input: [1, 1, 4, 4] },
  'AvgPool2d default': { make: () => new nn.AvgPool2d([2, 1]), input: [1, 2, 4, 2] },
  BatchNorm1d: { make: () => new nn.BatchNorm1d(3), input: [4, 3] },
  'BatchNorm1d of sequences': {
    make: () => new nn.BatchNorm1d(2, { momentum: 0.25, eps: 1e-3 }),
    input: [2, 2, 3],
  },
  BatchNorm2d: { make: () => new nn.BatchNorm2d(2), input: [2, 2, 2, 2] },
  'BatchNorm2d not affine': { make: () => new nn.BatchNorm2d(2, { affine: false }), input: [2, 2, 2, 2] },
  'BatchNorm1d not tracking': {
    make: () => new nn.BatchNorm1d(3, { trackRunningStats: false }).eval(),
    input: [4, 3],
  },
  LayerNorm: { make: () => new nn.LayerNorm(4), input: [2, 4] },
  'LayerNorm of two dims': {
    make: () => new nn.LayerNorm([2, 3], { eps: 1e-3, bias: false }),
    input: [2, 2, 3],
  },
  ReLU: { make: () => new nn.ReLU(), input: [7] },
  GELU: { make: () => new nn.GELU(), input: [7] },
  'GELU tanh': { make: () => new nn.GELU({ approximate: 'tanh' }), input: [7] },
  Tanh: { make: () => new nn.Tanh(), input: [7] },
  Sigmoid: { make: () => new nn.Sigmoid(), input: [7] },
  SiLU: { make: () => new nn.SiLU(), input: [7] },
  Softmax: { make: () => new nn.Softmax(1), input: [2, 3] },
  LogSoftmax: { make: () => new nn.LogSoftmax(-1), input: [2, 3] },
  Flatten: { make: () => new nn.Flatten(), input: [2, 1, 2, 2] },
  Identity: { make: () => new nn.Identity(), input: [3] },
};

describe.each(['float64', 'float32'] as const)('layers as PyTorch, %s', (dtype) => {
  const near = dtype === 'float64' ? 1e-8 : 2e-5;
  const check = (name: string, module: nn.Module, y: ReturnType<typeof pattern>): void => {
    const wanted = expected[name]!;
    expect(y.shape).toEqual(wanted.shape);
    expect(y.dtype).toBe(dtype);
    expect(distance(flat(y), wanted.output)).toBeLessThan(near);
    y.mul(pattern(y.shape, 4, dtype))
      .sum()
      .backward();
    const grads = module.namedParameters().map(([key, p]) => [key, flat(p.grad!)] as const);
    expect(grads.map(([key]) => key)).toEqual(Object.keys(wanted.grads));
    for (const [key, grad] of grads) expect(distance(grad, wanted.grads[key]!), key).toBeLessThan(near);
    const buffers = module.namedBuffers();
    expect(buffers.map(([key]) => key)).toEqual(Object.keys(wanted.buffers ?? {}));
    for (const [key, b] of buffers) expect(distance(flat(b), wanted.buffers![key]!), key).toBeLessThan(near);
  };

  it.each(Object.keys(rows))('%s', (name) => {
    const module = rows[name]!.make().to(dtype);
    setParameters(module);
    const x = pattern(rows[name]!.input, 0, dtype).requiresGrad_();
    check(name, module, module.forward(x));
    expect(distance(flat(x.grad!), expected[name]!.inputGrad!)).toBeLessThan(near);
  });

  it.each(['Embedding', 'Embedding with padding'])('%s', (name) => {
    const module = new nn.Embedding(5, 2, { dtype, paddingIdx: name === 'Embedding' ? undefined : -2 });
    setParameters(module);
    check(
      name,
      module,
      module.forward(
        tensor([
          [0, 3, 3],
          [4, 0, 1],
        ]),
      ),
    );
  });
});

describe('layers', () => {
  it('start with PyTorch’s defaults', () => {
    expect(new nn.BatchNorm2d(2).weight?.tolist()).toEqual([1, 1]);
    expect(new nn.BatchNorm2d(2).bias?.tolist()).toEqual([0, 0]);
    expect(new nn.LayerNorm([2]).weight?.tolist()).toEqual([1, 1]);
    expect(new nn.Embedding(3, 2, { paddingIdx: 1 }).weight.tolist()[1 as never]).toEqual([0, 0]);
    expect(new nn.Embedding(3, 2, { paddingIdx: -1 }).paddingIdx).toBe(2);
    expect(new nn.Linear(2, 2, { dtype: 'float64' }).weight.dtype).toBe('float64');
    expect(new nn.Linear(2, 2).weight.requiresGrad).toBe(true);
  });

  it('drop in training only, and scale what they keep', () => {
    const layer = new nn.Dropout(0.25);
    const x = pattern([1000], 0, 'float32');
    expect(layer.eval().forward(x)).toBe(x);
    const y = flat(layer.train().forward(x));
    const kept = y.filter((v) => v !== 0).length;
    expect(kept).toBeGreaterThan(640);
    expect(kept).toBeLessThan(780);
    flat(x).forEach((v, i) => y[i] === 0 || expect(y[i]).toBeCloseTo(v / 0.75, 5));
  });

  it.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    [
      'a size of 0',
      () => new nn.Linear(0, 2),
      ValueError,
      /\[Linear\] inFeatures: got 0, wanted an integer of at least 1/,
    ],
    [
      'a size that is text',
      () => new nn.Linear('3' as never, 2),
      ValueError,
      /\[Linear\] inFeatures: got "3"/,
    ],
    [
      'an integer dtype',
      () => new nn.Linear(2, 2, { dtype: 'int64' as never }),
      DTypeError,
      /\[Linear\] dtype: got int64/,
    ],
    [
      'options that are a boolean',
      () => new nn.Linear(2, 2, true as never),
      ValueError,
      /\[Linear\] options: got true/,
    ],
    [
      'a bias that is a number',
      () => new nn.Linear(2, 2, { bias: 1 as never }),
      ValueError,
      /\[Linear\] bias: got 1/,
    ],
    [
      'another width',
      () => new nn.Linear(4, 2).forward(zeros([2, 3])),
      ShapeError,
      /\[Linear\] x is \[2, 3\], wanted 4 features in the last dim/,
    ],
    [
      'no tensor',
      () => new nn.Linear(4, 2).forward([1] as never),
      DTypeError,
      /\[Linear\] x: got \[1\], wanted a tensor/,
    ],
    ['groups', () => new nn.Conv2d(3, 4, 3, { groups: 2 }), ValueError, /\[Conv2d\] groups: got 2/],
    [
      'same with a stride',
      () => new nn.Conv2d(1, 1, 3, { padding: 'same', stride: 2 }),
      ValueError,
      /\[Conv2d\] padding/,
    ],
    ['a kernel of three', () => new nn.Conv2d(1, 1, [1, 2, 3] as never), ValueError, /\[Conv2d\] kernelSize/],
    [
      'a matrix to convolve',
      () => new nn.Conv2d(1, 1, 3).forward(zeros([3, 3])),
      ShapeError,
      /\[Conv2d\] x: got \[3, 3\], wanted \[N, C, H, W\] or \[C, H, W\]/,
    ],
    [
      'other channels to Conv2d',
      () => new nn.Conv2d(3, 1, 1).forward(zeros([2, 2, 3, 3])),
      ShapeError,
      /\[Conv2d\] x is \[2, 2, 3, 3\], wanted 3 channels in dim 1/,
    ],
    [
      'a kernel beyond the image',
      () => new nn.Conv2d(1, 1, 5).forward(zeros([1, 1, 3, 3])),
      ShapeError,
      /\[Conv2d\] the kernel is larger/,
    ],
    ['a pool of 0', () => new nn.MaxPool2d(0), ValueError, /\[MaxPool2d\] kernelSize: got 0/],
    ['a stride of -1', () => new nn.AvgPool2d(2, { stride: -1 }), ValueError, /\[AvgPool2d\] stride: got -1/],
    [
      'p above 1',
      () => new nn.Dropout(1.5),
      ValueError,
      /\[Dropout\] p: got 1.5, wanted a number in \[0, 1\]/,
    ],
    [
      'a momentum of 2',
      () => new nn.BatchNorm1d(2, { momentum: 2 }),
      ValueError,
      /\[BatchNorm1d\] momentum: got 2/,
    ],
    [
      'a matrix to BatchNorm2d',
      () => new nn.BatchNorm2d(3).forward(zeros([2, 3])),
      ShapeError,
      /\[BatchNorm2d\] x is \[2, 3\]/,
    ],
    [
      'images to BatchNorm1d',
      () => new nn.BatchNorm1d(3).forward(zeros([2, 3, 1, 1])),
      ShapeError,
      /wanted \[N, C\] or/,
    ],
    [
      'other channels',
      () => new nn.BatchNorm2d(3).forward(zeros([2, 2, 1, 1])),
      ShapeError,
      /wanted 3 channels in dim 1/,
    ],
    [
      'one value per channel',
      () => new nn.BatchNorm1d(3).forward(zeros([1, 3])),
      ShapeError,
      /more than one value/,
    ],
    ['an empty shape to LayerNorm', () => new nn.LayerNorm([]), ValueError, /\[LayerNorm\] normalizedShape/],
    [
      'other last dims',
      () => new nn.LayerNorm([3]).forward(zeros([3, 2])),
      ShapeError,
      /\[layerNorm\] x is \[3, 2\]/,
    ],
    [
      'a padding row out of range',
      () => new nn.Embedding(3, 2, { paddingIdx: 3 }),
      IndexError,
      /paddingIdx: got 3 for 3 rows/,
    ],
    ['an index out of range', () => new nn.Embedding(3, 2).forward(tensor([3])), IndexError, /3/],
    [
      'an unknown approximation',
      () => new nn.GELU({ approximate: 'x' as never }),
      ValueError,
      /\[GELU\] approximate: got "x"/,
    ],
    [
      'a dim that is missing',
      () => new nn.Softmax(undefined as never),
      ValueError,
      /\[Softmax\] dim: got undefined/,
    ],
    ['a dim out of range', () => new nn.Softmax(2).forward(zeros([2, 2])), IndexError, /\[softmax\]/],
  ])('say what is wrong: %s', (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});
