import { describe, expect, it } from 'vitest';
import {
  IndexError,
  linalg,
  manualSeed,
  nn,
  noGrad,
  tensor,
  ValueError,
  type Tensor,
} from '../../lib/index.js';
import { flat } from './pattern.js';

const { parametrizations, parametrize } = nn.utils;
const { weightNorm, spectralNorm } = parametrizations;

function layer(): nn.Linear {
  const made = new nn.Linear(3, 2);
  made.loadStateDict({
    weight: tensor([
      [1, 2, 3],
      [-1, 0.5, 2],
    ]),
    bias: tensor([0, 0]),
  });
  return made;
}

const near = (actual: Tensor | null | undefined, expected: readonly number[]): void => {
  const values = flat(actual!);
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
};

const names = (module: nn.AnyModule): [string, readonly number[]][] =>
  Object.entries(module.stateDict()).map(([name, one]) => [name, one.shape]);

describe('weightNorm', () => {
  it('has PyTorch’s names and values', () => {
    const net = weightNorm(layer());
    expect(names(net)).toEqual([
      ['bias', [2]],
      ['parametrizations.weight.original0', [2, 1]],
      ['parametrizations.weight.original1', [2, 3]],
    ]);
    near(net.weight, [1, 2, 3, -1, 0.5, 2]);
    const g = net.getParameter('parametrizations.weight.original0');
    noGrad(() => g.mul_(2));
    const x = tensor([[1, -1, 2]], { dtype: 'float32', requiresGrad: true });
    const y = net.forward(x);
    y.sum().backward();
    near(y, [10, 5]);
    near(x.grad, [0, 5, 10]);
    near(g.grad, [1.33630621, 1.09108949]);
    near(
      net.getParameter('parametrizations.weight.original1').grad,
      [1.28571439, -3.42857122, 1.85714293, 2.9523809, -2.47619033, 2.09523821],
    );
    expect(net.parameters()).toHaveLength(3);
  });

  it('takes another dim, no dim, a vector, and another parameter', () => {
    expect(names(weightNorm(layer(), { dim: 1 }))[1]).toEqual(['parametrizations.weight.original0', [1, 3]]);
    expect(names(weightNorm(layer(), { dim: -1 }))[1]).toEqual(['parametrizations.weight.original0', [1, 3]]);
    expect(names(weightNorm(layer(), { dim: null }))[1]).toEqual(['parametrizations.weight.original0', []]);
    const conv = new nn.Conv2d(2, 3, 2);
    const before = flat(conv.weight);
    near(weightNorm(conv, { dim: null }).weight, before);
    const biased = weightNorm(new nn.Linear(2, 2), { name: 'bias' });
    expect(names(biased)[1]).toEqual(['parametrizations.bias.original0', [2]]);
    expect(() => weightNorm(layer(), { dim: 2 })).toThrow(IndexError);
    expect(() => weightNorm(layer(), { name: 'w' })).toThrow(/Linear has no parameter "w"/);
    expect(() => weightNorm(new nn.ReLU())).toThrow(ValueError);
    expect(() => weightNorm(3 as never)).toThrow(/module: got 3/);
  });
});

describe('spectralNorm', () => {
  it('has PyTorch’s names and values', () => {
    const net = spectralNorm(layer());
    expect(names(net)).toEqual([
      ['bias', [2]],
      ['parametrizations.weight.original', [2, 3]],
      ['parametrizations.weight.0._u', [2]],
      ['parametrizations.weight.0._v', [3]],
    ]);
    const state = net.stateDict();
    state['parametrizations.weight.0._u'] = tensor([0.6, 0.8]);
    state['parametrizations.weight.0._v'] = tensor([1, 0, 0]);
    net.loadStateDict(state);
    const x = tensor([[1, -1, 2]], { dtype: 'float32', requiresGrad: true });
    const y = net.forward(x);
    y.sum().backward();
    near(y, [2.62612867, 1.31306446]);
    near(x.grad, [0, 1.31306434, 2.62612867]);
    near(
      net.getParameter('parametrizations.weight.original').grad,
      [-0.56144845, -1.3402313, 0.50711447, 1.61189997, 0.28977978, 1.59378862],
    );
    near(net.stateDict()['parametrizations.weight.0._u'], [0.70710677, -0.70710677]);
    near(net.stateDict()['parametrizations.weight.0._v'], [0.7427814, 0.55708599, 0.37139067]);
  });

  it('keeps its vectors in evaluation, and finds the norm', () => {
    manualSeed(1);
    const net = spectralNorm(layer(), { nPowerIterations: 5 });
    const sigma = linalg.norm(layer().weight, { ord: 2 }).item();
    near(
      net.weight,
      flat(layer().weight).map((value) => value / sigma),
    );
    net.eval();
    const before = flat(net.stateDict()['parametrizations.weight.0._u']!);
    expect(net.weight.equal(net.weight)).toBe(true);
    expect(flat(net.stateDict()['parametrizations.weight.0._u']!)).toEqual(before);
  });

  it('divides a vector by its norm, takes a dim, converts', () => {
    const conv = spectralNorm(new nn.Conv2d(2, 3, 2), { dim: 1 });
    expect(names(conv).slice(2)).toEqual([
      ['parametrizations.weight.0._u', [2]],
      ['parametrizations.weight.0._v', [12]],
    ]);
    expect(conv.to('float64').weight.dtype).toBe('float64');
    expect(conv.namedBuffers().every(([, one]) => one.dtype === 'float64')).toBe(true);
    const bias = new nn.Linear(1, 2);
    noGrad(() => bias.bias!.copy_(tensor([3, 4])));
    near(spectralNorm(bias, { name: 'bias' }).bias, [0.6, 0.8]);
    expect(() => spectralNorm(layer(), { nPowerIterations: 0 })).toThrow(/nPowerIterations: got 0/);
    expect(() => spectralNorm(layer(), { dim: 5 })).toThrow(IndexError);
    expect(() => spectralNorm(layer(), { name: 'w' })).toThrow(ValueError);
  });
});

class Doubled extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.mul(2);
  }
  rightInverse(value: Tensor): Tensor {
    return value.div(2);
  }
}

class Shifted extends nn.Module {
  readonly shift = nn.parameter(tensor([1, 1], { dtype: 'float32' }));
  forward(x: Tensor): Tensor {
    return x.add(this.shift);
  }
}

describe('registerParametrization', () => {
  it('computes on reading, sets by the inverse, and stacks', () => {
    const net = layer();
    parametrize.registerParametrization(net, 'bias', new Doubled());
    expect(parametrize.isParametrized(net)).toBe(true);
    expect(parametrize.isParametrized(net, 'weight')).toBe(false);
    near(net.bias, [0, 0]);
    Reflect.set(net, 'bias', tensor([4, 6]));
    near(net.getParameter('parametrizations.bias.original'), [2, 3]);
    near(net.bias, [4, 6]);
    parametrize.registerParametrization(net, 'bias', new Shifted());
    near(net.bias, [5, 7]);
    expect(names(net).map(([name]) => name)).toEqual([
      'weight',
      'parametrizations.bias.original',
      'parametrizations.bias.1.shift',
    ]);
    expect(() => Reflect.set(net, 'bias', tensor([1, 1]))).toThrow(/Shifted has no rightInverse/);
    net
      .forward(tensor([[1, 1, 1]], { dtype: 'float32' }))
      .sum()
      .backward();
    near(net.getParameter('parametrizations.bias.original').grad, [2, 2]);
    near(net.getParameter('parametrizations.bias.1.shift').grad, [1, 1]);
  });

  it('is removed, with its value or the original', () => {
    const net = layer();
    const { weight } = net;
    parametrize.registerParametrization(net, 'weight', new Doubled());
    parametrize.registerParametrization(net, 'bias', new Doubled());
    parametrize.removeParametrizations(net, 'weight');
    near(net.weight, [1, 2, 3, -1, 0.5, 2]);
    expect(nn.isParameter(net.weight)).toBe(true);
    parametrize.removeParametrizations(net, 'bias', { leaveParametrized: false });
    expect(parametrize.isParametrized(net)).toBe(false);
    expect(
      names(net)
        .map(([name]) => name)
        .sort(),
    ).toEqual(['bias', 'weight']);
    expect(net.weight).not.toBe(weight);
    expect(() => parametrize.removeParametrizations(net, 'weight')).toThrow(/"weight" is not parametrized/);
    expect(() =>
      parametrize.removeParametrizations(weightNorm(layer()), 'weight', { leaveParametrized: false }),
    ).toThrow(/got false for 2 originals/);
  });

  it('computes once in cached', () => {
    const net = weightNorm(layer());
    parametrize.cached(() => {
      const first = net.weight;
      net.forward(tensor([[1, 1, 1]], { dtype: 'float32' }));
      expect(net.weight).toBe(first);
    });
    expect(net.weight).not.toBe(net.weight);
  });

  it('refuses another shape, and what is no module', () => {
    class Wider extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.unsqueeze(0);
      }
    }
    const net = layer();
    expect(() => parametrize.registerParametrization(net, 'weight', new Wider())).toThrow(
      /Wider gives float32 \[1, 2, 3\], wanted float32 \[2, 3\]/,
    );
    expect(() => parametrize.registerParametrization(net, 'weight', 3 as never)).toThrow(ValueError);
    expect(nn.isParameter(net.weight)).toBe(true);
  });
});
