import { describe, expect, it, test } from 'vitest';
import {
  DTypeError,
  full,
  func,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  ShapeError,
  tensor,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { expectedRuns } from './recurrent-expected.js';
import { distance, flat, pattern, setParameters } from './pattern.js';

const { packPaddedSequence, packSequence, padPackedSequence, padSequence, unpackSequence, unpadSequence } =
  nn.utils.rnn;

type Layer = nn.RNN | nn.LSTM | nn.GRU;

interface PackedRow {
  readonly make: () => Layer;
  readonly lengths: readonly number[];
  readonly sorted: boolean;
  readonly states: boolean;
}

const bidirectional = { numLayers: 2, bidirectional: true, dtype: 'float64' } as const;
const packedRows: Readonly<Record<string, PackedRow>> = {
  'LSTM packed': {
    make: () => new nn.LSTM(2, 3, bidirectional),
    lengths: [3, 4, 1],
    sorted: false,
    states: true,
  },
  'LSTM packed, projected, batch first': {
    make: () => new nn.LSTM(2, 3, { projSize: 2, batchFirst: true, dtype: 'float64' }),
    lengths: [4, 2, 2],
    sorted: true,
    states: false,
  },
  'GRU packed': {
    make: () => new nn.GRU(2, 3, { ...bidirectional, batchFirst: true }),
    lengths: [2, 4, 3],
    sorted: false,
    states: true,
  },
  'RNN packed': {
    make: () => new nn.RNN(2, 3, { bidirectional: true, nonlinearity: 'relu', dtype: 'float64' }),
    lengths: [4, 3, 1],
    sorted: true,
    states: true,
  },
  'RNN packed, tanh, without biases': {
    make: () => new nn.RNN(2, 3, { numLayers: 2, bias: false, dtype: 'float64' }),
    lengths: [1, 3],
    sorted: false,
    states: false,
  },
};

const close = (got: Tensor | null | undefined, wanted: readonly number[] | undefined, what: string): void => {
  expect(got === null || got === undefined, what).toBe(wanted === undefined);
  if (got && wanted) expect(distance(flat(got), wanted), what).toBeLessThan(1e-9);
};

describe('packed sequences as PyTorch', () => {
  test.each(Object.entries(packedRows))('%s', (name, row) => {
    const layer = row.make();
    setParameters(layer);
    const { batchFirst, numLayers, hiddenSize, projSize } = layer;
    const steps = Math.max(...row.lengths);
    const batch = row.lengths.length;
    const x = pattern(batchFirst ? [batch, steps, 2] : [steps, batch, 2], 0).requiresGrad_();
    const count = numLayers * (layer.bidirectional ? 2 : 1);
    const h0 = pattern([count, batch, projSize || hiddenSize], 40).requiresGrad_();
    const c0 = pattern([count, batch, hiddenSize], 41).requiresGrad_();
    const packed = packPaddedSequence(x, row.lengths, { batchFirst, enforceSorted: row.sorted });
    const run = (): { output: nn.utils.rnn.PackedSequence; h: Tensor; c: Tensor | undefined } => {
      if (layer instanceof nn.LSTM) {
        const [output, [h, c]] = layer.forward(packed, row.states ? [h0, c0] : null);
        return { output, h, c };
      }
      const [output, h] = layer.forward(packed, row.states ? h0 : null);
      return { output, h, c: undefined };
    };
    const { output, h, c } = run();
    const [y, lengths] = padPackedSequence(output, { batchFirst });
    expect(lengths.tolist()).toEqual(row.lengths);
    const wanted = expectedRuns[name]!;
    close(y, wanted.output, 'output');
    close(h, wanted.h, 'h');
    close(c, wanted.c, 'c');
    const weigh = (part: Tensor, k: number): Tensor => part.mul(pattern(part.shape, k)).sum();
    const loss = weigh(y, 50).add(weigh(h, 51));
    (c === undefined ? loss : loss.add(weigh(c, 52))).backward();
    close(x.grad, wanted.xGrad, 'gradient of x');
    close(h0.grad, wanted.h0Grad, 'gradient of h0');
    close(c0.grad, wanted.c0Grad, 'gradient of c0');
    const grads = Object.fromEntries(layer.namedParameters().map(([key, p]) => [key, p.grad]));
    expect(Object.keys(grads)).toEqual(Object.keys(wanted.grads));
    for (const [key, grad] of Object.entries(grads)) close(grad, wanted.grads[key], key);
  });

  it('gives each sequence what it gives it alone', () => {
    manualSeed(3);
    const lstm = new nn.LSTM(4, 5, { bidirectional: true });
    const parts = [randn([2, 4]), randn([6, 4]), randn([3, 4])];
    const [together, [h]] = lstm.forward(packSequence(parts, { enforceSorted: false }));
    unpackSequence(together).forEach((output, n) => {
      const [alone, [last]] = lstm.forward(parts[n]!);
      expect(distance(flat(output), flat(alone))).toBeLessThan(1e-6);
      expect(distance(flat(h.select(1, n)), flat(last))).toBeLessThan(1e-6);
    });
  });
});

describe('packing', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 0],
    [6, 0, 0],
  ]);

  it('packs, in both layouts and from a tensor of lengths', () => {
    const packed = packPaddedSequence(x, [3, 2, 1], { batchFirst: true });
    expect(packed.data.tolist()).toEqual([1, 4, 6, 2, 5, 3]);
    expect(packed.batchSizes.tolist()).toEqual([3, 2, 1]);
    expect(packed.sortedIndices).toBeNull();
    const other = packPaddedSequence(x.t(), tensor([3, 2, 1], { dtype: 'int64' }));
    expect(other.data.tolist()).toEqual([1, 4, 6, 2, 5, 3]);
  });

  it('sorts and remembers the order', () => {
    const packed = packPaddedSequence(x, [1, 3, 2], { batchFirst: true, enforceSorted: false });
    expect(packed.sortedIndices!.tolist()).toEqual([1, 2, 0]);
    expect(packed.unsortedIndices!.tolist()).toEqual([2, 0, 1]);
    const [padded, lengths] = padPackedSequence(packed, {
      batchFirst: true,
      paddingValue: 9,
      totalLength: 4,
    });
    expect(padded.tolist()).toEqual([
      [1, 9, 9, 9],
      [4, 5, 0, 9],
      [6, 0, 9, 9],
    ]);
    expect(lengths.tolist()).toEqual([1, 3, 2]);
  });

  it('pads on either side, and cuts again', () => {
    const parts = [tensor([1, 2]), tensor([3, 4, 5])];
    expect(padSequence(parts).tolist()).toEqual([
      [1, 3],
      [2, 4],
      [0, 5],
    ]);
    const left = padSequence(parts, { batchFirst: true, paddingSide: 'left', paddingValue: -1 });
    expect(left.tolist()).toEqual([
      [-1, 1, 2],
      [3, 4, 5],
    ]);
    expect(unpadSequence(padSequence(parts), [2, 3]).map((part) => part.tolist())).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(padSequence([tensor([1n, 2n])]).dtype).toBe('int64');
  });

  it('lets gradients through, to what is not padding', () => {
    const given = zeros([2, 3], { requiresGrad: true });
    const packed = packPaddedSequence(given, [2, 1, 1]);
    padPackedSequence(packed)[0].sum().backward();
    expect(given.grad!.tolist()).toEqual([
      [1, 1, 1],
      [1, 0, 0],
    ]);
  });

  it.each<[string, () => unknown, new (text: string) => Error]>([
    ['unsorted', () => packPaddedSequence(x, [1, 2, 3]), ValueError],
    ['a length of 0', () => packPaddedSequence(x, [3, 2, 0]), ValueError],
    ['a length beyond the steps', () => packPaddedSequence(x, [4, 2, 1]), ValueError],
    ['a length for each', () => packPaddedSequence(x, [3, 2]), ValueError],
    ['a vector', () => packPaddedSequence(tensor([1, 2]), [1]), ShapeError],
    ['no sequences', () => padSequence([]), ValueError],
    ['sequences of different width', () => padSequence([zeros([2, 3]), zeros([2, 4])]), ShapeError],
    ['totalLength', () => padPackedSequence(packSequence([x]), { totalLength: 2 }), ValueError],
    ['what is not packed', () => padPackedSequence(x as never), ValueError],
    ['an unknown option', () => padSequence([x], { batch_first: true } as never), ValueError],
  ])('refuses: %s', (_name, run, error) => {
    expect(run).toThrow(error);
  });
});

describe('layers and cells', () => {
  it('have PyTorch names, in its order', () => {
    const lstm = new nn.LSTM(2, 4, { bidirectional: true, projSize: 3, numLayers: 2 });
    expect(Object.entries(lstm.stateDict()).map(([name, { shape }]) => [name, shape])).toEqual([
      ['weight_ih_l0', [16, 2]],
      ['weight_hh_l0', [16, 3]],
      ['bias_ih_l0', [16]],
      ['bias_hh_l0', [16]],
      ['weight_hr_l0', [3, 4]],
      ['weight_ih_l0_reverse', [16, 2]],
      ['weight_hh_l0_reverse', [16, 3]],
      ['bias_ih_l0_reverse', [16]],
      ['bias_hh_l0_reverse', [16]],
      ['weight_hr_l0_reverse', [3, 4]],
      ['weight_ih_l1', [16, 6]],
      ['weight_hh_l1', [16, 3]],
      ['bias_ih_l1', [16]],
      ['bias_hh_l1', [16]],
      ['weight_hr_l1', [3, 4]],
      ['weight_ih_l1_reverse', [16, 6]],
      ['weight_hh_l1_reverse', [16, 3]],
      ['bias_ih_l1_reverse', [16]],
      ['bias_hh_l1_reverse', [16]],
      ['weight_hr_l1_reverse', [3, 4]],
    ]);
    expect(lstm.weightIhL0!.shape).toEqual([16, 2]);
    expect(Object.keys(new nn.GRUCell(2, 3, { bias: false }).stateDict())).toEqual([
      'weight_ih',
      'weight_hh',
    ]);
    expect(Object.keys(new nn.LSTMCell(2, 3).stateDict())).toEqual([
      'weight_ih',
      'weight_hh',
      'bias_ih',
      'bias_hh',
    ]);
  });

  it('start within the bound', () => {
    for (const p of new nn.GRU(3, 16).parameters()) {
      expect(p.abs().amax().item()).toBeLessThanOrEqual(0.25);
      expect(p.std().item()).toBeGreaterThan(0.1);
    }
  });

  const outputs = {
    RNN: (options: nn.RNNOptions) => {
      const layer = new nn.RNN(3, 4, options);
      return { layer, run: (x: Tensor) => layer.forward(x)[0] };
    },
    LSTM: (options: nn.LSTMOptions) => {
      const layer = new nn.LSTM(3, 4, options);
      return { layer, run: (x: Tensor) => layer.forward(x)[0] };
    },
    GRU: (options: nn.RecurrentLayerOptions) => {
      const layer = new nn.GRU(3, 4, options);
      return { layer, run: (x: Tensor) => layer.forward(x)[0] };
    },
  };
  it.each(Object.entries(outputs))('%s: batch first, one sequence and steps agree', (_name, make) => {
    manualSeed(5);
    const options = { numLayers: 2, dtype: 'float64' } as const;
    const plain = make(options);
    const turned = make({ ...options, batchFirst: true });
    turned.layer.loadStateDict(plain.layer.stateDict());
    const x = randn([5, 2, 3], { dtype: 'float64' });
    const output = plain.run(x);
    expect(distance(flat(turned.run(x.transpose(0, 1)).transpose(0, 1)), flat(output))).toBeLessThan(1e-12);
    const alone = plain.run(x.select(1, 1));
    expect(alone.shape).toEqual([5, 4]);
    expect(distance(flat(alone), flat(output.select(1, 1)))).toBeLessThan(1e-12);
  });

  it('go on where they stopped', () => {
    const lstm = new nn.LSTM(3, 4, { dtype: 'float64' });
    const x = randn([6, 2, 3], { dtype: 'float64' });
    const [whole, [h, c]] = lstm.forward(x);
    const [first, state] = lstm.forward(x.narrow(0, 0, 2));
    const [second, [h2, c2]] = lstm.forward(x.narrow(0, 2, 4), state);
    expect(distance(flat(first), flat(whole.narrow(0, 0, 2)))).toBeLessThan(1e-12);
    expect(distance(flat(second), flat(whole.narrow(0, 2, 4)))).toBeLessThan(1e-12);
    expect(distance(flat(h2), flat(h)) + distance(flat(c2), flat(c))).toBeLessThan(1e-12);
  });

  it('cells are one step of the layers', () => {
    const x = randn([3, 2], { dtype: 'float64' });
    const lstm = new nn.LSTM(2, 4, { dtype: 'float64' });
    const cell = new nn.LSTMCell(2, 4, { dtype: 'float64' });
    const state = Object.entries(lstm.stateDict()).map(([name, p]) => [name.replace('_l0', ''), p] as const);
    cell.loadStateDict(Object.fromEntries(state));
    const [, [h, c]] = lstm.forward(x.unsqueeze(0));
    const [h1, c1] = cell.forward(x);
    expect(distance(flat(h1), flat(h)) + distance(flat(c1), flat(c))).toBeLessThan(1e-12);
    const [single] = cell.forward(x.select(0, 1), [zeros([4], { dtype: 'float64' }), c1.select(0, 1).mul(0)]);
    expect(single.shape).toEqual([4]);
    expect(distance(flat(single), flat(h1.select(0, 1)))).toBeLessThan(1e-12);
  });

  it('drop out between layers, in training only', () => {
    manualSeed(9);
    const gru = new nn.GRU(3, 4, { numLayers: 2, dropout: 0.5 });
    const x = randn([4, 2, 3]);
    const run = (): number[] => flat(gru.forward(x)[0]);
    expect(distance(run(), run())).toBeGreaterThan(1e-3);
    gru.eval();
    expect(run()).toEqual(run());
  });

  it('take half precision', () => {
    const gru = new nn.GRU(4, 8, { dtype: 'bfloat16', batchFirst: true });
    const [output, h] = gru.forward(randn([2, 3, 4]).to('bfloat16'));
    output.sum().add(h.sum()).backward();
    expect([output.dtype, h.dtype, gru.weightHhL0!.grad!.dtype]).toEqual([
      'bfloat16',
      'bfloat16',
      'bfloat16',
    ]);
    const wide = new nn.GRU(4, 8, { batchFirst: true });
    const x = randn([2, 3, 4]).to('bfloat16');
    wide.loadStateDict(gru.stateDict());
    expect(
      distance(flat(gru.forward(x)[0].to('float32')), flat(wide.forward(x.to('float32'))[0])),
    ).toBeLessThan(1e-2);
  });

  it('learn to remember the first element', () => {
    manualSeed(11);
    const lstm = new nn.LSTM(1, 12, { batchFirst: true });
    const out = new nn.Linear(12, 1);
    const optimizer = new optim.Adam([...lstm.parameters(), ...out.parameters()], { lr: 2e-2 });
    const x = randn([32, 6, 1]);
    const losses: number[] = [];
    for (let step = 0; step < 80; ++step) {
      optimizer.zeroGrad();
      const [, [h]] = lstm.forward(x);
      const loss = out.forward(h.select(0, 0)).sub(x.select(1, 0)).square().mean();
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
    expect(losses.at(-1)).toBeLessThan(0.2 * losses[0]!);
  });

  it('leave no tensors behind', () => {
    const lstm = new nn.LSTM(2, 3, { numLayers: 2, bidirectional: true });
    const x = randn([4, 2, 2]);
    const run = (): void => {
      noGrad(() => {
        const [output, [h, c]] = lstm.forward(x);
        for (const result of [output, h, c]) result[Symbol.dispose]();
      });
    };
    run();
    const before = memory().tensors;
    run();
    expect(memory().tensors).toBe(before);
  });

  const lstm = new nn.LSTM(2, 3);
  const x = zeros([4, 2, 2]);
  it.each<[string, () => unknown, new (text: string) => Error, RegExp]>([
    ['another width', () => lstm.forward(zeros([4, 2, 3])), ShapeError, /\[LSTM\].*inputSize, 2/],
    ['a vector', () => lstm.forward(zeros([2])), ShapeError, /\[LSTM\] x is \[2\]/],
    ['no steps', () => lstm.forward(zeros([0, 2, 2])), ShapeError, /at least one step/],
    [
      'h0',
      () => lstm.forward(x, [zeros([1, 2, 4]), zeros([1, 2, 3])]),
      ShapeError,
      /h0 is \[1, 2, 4\], wanted \[1, 2, 3\]/,
    ],
    ['c0', () => lstm.forward(x, [zeros([1, 2, 3]), zeros([2, 2, 3])]), ShapeError, /c0 is \[2, 2, 3\]/],
    ['a state that is no pair', () => lstm.forward(x, zeros([1, 2, 3]) as never), ValueError, /\[h0, c0\]/],
    ['a dtype', () => lstm.forward(x.to('float64')), DTypeError, /float64/],
    ['integers', () => lstm.forward(x.to('int64')), DTypeError, /floating/],
    ['a hidden size of 0', () => new nn.GRU(2, 0), ValueError, /hiddenSize/],
    ['no layers', () => new nn.GRU(2, 3, { numLayers: 0 }), ValueError, /numLayers/],
    ['dropout', () => new nn.GRU(2, 3, { dropout: 1.5 }), ValueError, /dropout/],
    ['projSize', () => new nn.LSTM(2, 3, { projSize: 3 }), ValueError, /projSize/],
    ['projSize of a GRU', () => new nn.GRU(2, 3, { projSize: 1 } as never), ValueError, /projSize/],
    ['nonlinearity', () => new nn.RNN(2, 3, { nonlinearity: 'elu' as never }), ValueError, /nonlinearity/],
    ['the input of a cell', () => new nn.RNNCell(2, 3).forward(x), ShapeError, /\[RNNCell\]/],
    [
      'the state of a cell',
      () => new nn.GRUCell(2, 3).forward(zeros([2, 2]), zeros([1, 3])),
      ShapeError,
      /h is/,
    ],
    [
      'batch sizes that grow',
      () => lstm.forward(new nn.utils.rnn.PackedSequence(zeros([3, 2]), tensor([1, 2], { dtype: 'int64' }))),
      ValueError,
      /batchSizes\[1\] is 2/,
    ],
    [
      'batch sizes of other data',
      () => lstm.forward(new nn.utils.rnn.PackedSequence(zeros([4, 2]), tensor([2, 1], { dtype: 'int64' }))),
      ValueError,
      /add up to 3/,
    ],
  ])('refuse: %s', (_name, run, error, text) => {
    expect(run).toThrow(error);
    expect(run).toThrow(text);
  });
});

describe('operands that do not lie as usual', () => {
  it.each(['bfloat16', 'float32'] as const)('an input that is the same at all steps: %s', (dtype) => {
    const layer = new nn.GRU(3, 5).to(dtype);
    const run = (given: Tensor) => layer.forward(given)[0];
    const step = randn([1, 2, 3], { dtype });
    const features = randn([4, 2, 1], { dtype }).transpose(0, 1);
    for (const x of [step.expand([4, 2, 3]), features.expand([2, 4, 3])])
      expect(run(x).equal(run(x.contiguous()))).toBe(true);
  });

  it('one hidden unit, whose weight is a column of a wider matrix', () => {
    const layer = new nn.RNN(1, 1, { bias: false });
    const apart = full([1, 2], 0.5).slice(1, { start: 1, stop: 2, step: 1 });
    const parameters = Object.fromEntries(layer.namedParameters());
    const run = (weight: Tensor) =>
      func.functionalCall(layer, { ...parameters, weight_hh_l0: weight }, [ones([1, 2, 1])]) as [
        Tensor,
        Tensor,
      ];
    for (let i = 0; i < 50; i++) expect(run(apart)[0].equal(run(apart.contiguous())[0])).toBe(true);
  });
});
