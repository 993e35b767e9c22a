import { describe, expect, it } from 'vitest';
import { nn, ones, ShapeError, ValueError, zeros } from '../../lib/index.js';

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
