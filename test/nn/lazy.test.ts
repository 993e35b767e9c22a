import { describe, expect, it } from 'vitest';
import { manualSeed, nn, ones, rand, ShapeError, ValueError, zeros } from '../../lib/index.js';

describe('a lazy module', () => {
  it('takes its size from the first input', () => {
    const net = new nn.Sequential(
      new nn.Flatten(),
      new nn.LazyLinear(5),
      new nn.ReLU(),
      new nn.LazyLinear(2),
    );
    expect(net.at(1).layer).toBeNull();
    expect(net.forward(ones([3, 2, 4])).shape).toEqual([3, 2]);
    expect(net.at(1).layer?.inFeatures).toBe(8);
    expect(Object.entries(net.stateDict()).map(([name, one]) => [name, one.shape])).toEqual([
      ['1.weight', [5, 8]],
      ['1.bias', [5]],
      ['3.weight', [2, 5]],
      ['3.bias', [2]],
    ]);
    expect(net.numParameters()).toBe(57);
    expect(() => net.forward(ones([3, 9]))).toThrow(/^\[Linear\] 1: /);
  });

  it('has no parameters to give before', () => {
    const net = new nn.Sequential(new nn.ReLU(), new nn.LazyLinear(2));
    for (const ask of [
      () => net.parameters(),
      () => net.stateDict(),
      () => net.numParameters(),
      () => net.zeroGrad(),
    ]) {
      expect(ask).toThrow(ValueError);
      expect(ask).toThrow('[LazyLinear] 1: has no parameters before its first input');
    }
    expect(net.modules()).toHaveLength(3);
    expect(() => net.at(1).forward(ones([]))).toThrow(ShapeError);
    expect(() => net.at(1).forward(3 as never)).toThrow(/x: got 3/);
  });

  it('takes its size from a state', () => {
    const net = new nn.Sequential(new nn.LazyLinear(2, { bias: false }), new nn.LazyLinear(3));
    const state = { '0.weight': ones([2, 7]), '1.weight': zeros([3, 2]), '1.bias': ones([3]) };
    expect(net.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    expect(net.at(0).layer?.inFeatures).toBe(7);
    expect(net.forward(ones([1, 7])).tolist()).toEqual([[1, 1, 1]]);
    expect(() => new nn.LazyLinear(2).loadStateDict({ bias: ones([2]) })).toThrow(/has no parameters before/);
    expect(() => new nn.LazyLinear(2).loadStateDict({ weight: ones([3, 4]), bias: ones([2]) })).toThrow(
      'weight is [2, 4], the dict has [3, 4]',
    );
  });

  it('keeps mode and dtype, and shows in a summary', () => {
    const net = new nn.Sequential(new nn.LazyLinear(2)).to('float64').eval();
    net.forward(ones([1, 3], { dtype: 'float64' }));
    expect(net.at(0).layer?.weight.dtype).toBe('float64');
    expect(net.at(0).layer?.training).toBe(false);
    const other = new nn.Sequential(new nn.LazyLinear(2));
    expect(other.summary([1, 3])).toMatch(/8 parameters, 8 trainable/);
    expect(other.at(0).training).toBe(true);
  });

  it('refuses what its layer would', () => {
    expect(() => new nn.LazyLinear(0)).toThrow(/\[LazyLinear\] outFeatures: got 0/);
    expect(() => new nn.LazyLinear(2, { bias: 1 as never })).toThrow(ValueError);
    expect(() => new nn.LazyLinear(2, 3 as never)).toThrow(ValueError);
    expect(() => new nn.LazyLinear(2, { dtype: 'int64' as never })).toThrow(/floating/);
  });
});

describe('lazy convolutions and norms', () => {
  const layers: readonly (readonly [nn.Module, number[], string[]])[] = [
    [new nn.LazyConv1d(4, 3), [2, 6, 8], ['weight', 'bias']],
    [new nn.LazyConv2d(4, 3, { groups: 2, bias: false }), [6, 8, 8], ['weight']],
    [new nn.LazyConv3d(4, 3), [2, 6, 4, 4, 4], ['weight', 'bias']],
    [new nn.LazyConvTranspose1d(4, 3), [2, 6, 8], ['weight', 'bias']],
    [new nn.LazyConvTranspose2d(4, 3, { groups: 2 }), [2, 6, 8, 8], ['weight', 'bias']],
    [new nn.LazyConvTranspose3d(4, 3), [6, 4, 4, 4], ['weight', 'bias']],
    [
      new nn.LazyBatchNorm1d(),
      [2, 6],
      ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'],
    ],
    [new nn.LazyBatchNorm2d({ trackRunningStats: false }), [2, 6, 4, 4], ['weight', 'bias']],
    [
      new nn.LazyBatchNorm3d({ affine: false }),
      [2, 6, 4, 4, 4],
      ['running_mean', 'running_var', 'num_batches_tracked'],
    ],
    [new nn.LazyInstanceNorm1d({ affine: true }), [6, 8], ['weight', 'bias']],
    [new nn.LazyInstanceNorm2d({ affine: true }), [2, 6, 4, 4], ['weight', 'bias']],
    [new nn.LazyInstanceNorm3d({ affine: true }), [2, 6, 4, 4, 4], ['weight', 'bias']],
  ];

  it.each(layers.map(([layer, shape, names]) => [layer.constructor.name, layer, shape, names] as const))(
    '%s',
    (name, layer, shape, names) => {
      expect(() => layer.forward(ones([3, 3, 3, 3, 3, 3]))).toThrow(`[${name}] x is`);
      expect(() => layer.stateDict()).toThrow(`[${name}] has no parameters`);
      const first = layer.forward(ones(shape));
      expect(Object.keys(layer.stateDict())).toEqual(names);
      expect(layer.forward(ones(shape)).shape).toEqual(first.shape);
    },
  );

  it('take their size from a state, groups and transposition counted', () => {
    const grouped = new nn.LazyConv2d(4, 3, { groups: 2 });
    grouped.loadStateDict(new nn.Conv2d(6, 4, 3, { groups: 2 }).stateDict());
    expect(grouped.layer?.inChannels).toBe(6);
    const transposed = new nn.LazyConvTranspose2d(4, 3, { groups: 2 });
    transposed.loadStateDict(new nn.ConvTranspose2d(6, 4, 3, { groups: 2 }).stateDict());
    expect(transposed.layer?.inChannels).toBe(6);
    const plain = new nn.LazyBatchNorm2d({ affine: false });
    plain.loadStateDict(new nn.BatchNorm2d(5, { affine: false }).stateDict());
    expect(plain.layer?.numFeatures).toBe(5);
  });

  it('refuse wrong options when they are made, and draw no random numbers for that', () => {
    expect(() => new nn.LazyConv2d(4, 0)).toThrow(ValueError);
    expect(() => new nn.LazyConv2d(4, 3, { stride: 0 })).toThrow(ValueError);
    expect(() => new nn.LazyConv2d(3, 3, { groups: 2 })).toThrow(ValueError);
    expect(() => new nn.LazyConv2d(4, 3, { strides: 2 } as never)).toThrow(ValueError);
    expect(() => new nn.LazyBatchNorm1d({ eps: -1 })).toThrow(ValueError);
    manualSeed(2);
    new nn.LazyConv2d(4, 3);
    const drawn = rand([2]).tolist();
    manualSeed(2);
    expect(rand([2]).tolist()).toEqual(drawn);
  });
});
