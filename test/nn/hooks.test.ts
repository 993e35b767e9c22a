import { describe, expect, it } from 'vitest';
import {
  grad,
  keep,
  nn,
  noGrad,
  ones,
  ShapeError,
  tensor,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';

const x = (): Tensor => tensor([[1, -2]], { dtype: 'float32', requiresGrad: true });

class Pair extends nn.Module<[Tensor, { scale: Tensor }], [Tensor, { sum: Tensor; count: number }]> {
  readonly weight = nn.parameter(ones([2]));
  forward(a: Tensor, { scale }: { scale: Tensor }): [Tensor, { sum: Tensor; count: number }] {
    const y = a.mul(scale).mul(this.weight);
    return [y, { sum: y.sum(), count: 2 }];
  }
}

describe('forward hooks', () => {
  it('see module, inputs and output, in order, and are removed', () => {
    const layer = new nn.Linear(2, 3);
    const seen: string[] = [];
    const handles = [
      layer.registerForwardHook((module, [input], output) => {
        expect(module).toBe(layer);
        seen.push(`b ${input.shape.join()} ${output.shape.join()}`);
      }),
      layer.registerForwardPreHook((module, inputs) => {
        expect(module).toBe(layer);
        seen.push(`pre ${inputs.length}`);
      }),
      layer.registerForwardHook(() => void seen.push('a'), { prepend: true }),
    ];
    layer.forward(ones([1, 2]));
    expect(seen).toEqual(['pre 1', 'a', 'b 1,2 1,3']);
    expect(Object.hasOwn(layer, 'forward')).toBe(true);
    expect(Object.keys(layer)).not.toContain('forward');
    for (const handle of handles) handle.remove();
    for (const handle of handles) handle.remove();
    expect(Object.hasOwn(layer, 'forward')).toBe(false);
    layer.forward(ones([1, 2]));
    expect(seen).toHaveLength(3);
  });

  it('may replace inputs and output', () => {
    const act = new nn.ReLU();
    act.registerForwardPreHook((_, [input]) => [input.neg()]);
    act.registerForwardHook((_, [input], output) => output.add(input));
    act.registerForwardHook((_, _inputs, output) => output.mul(10));
    expect(act.forward(tensor([-2, 3])).tolist()).toEqual([40, -30]);
    const bad = new nn.ReLU();
    bad.registerForwardPreHook((() => 3) as never);
    expect(() => bad.forward(ones([1]))).toThrow(
      /\[registerForwardPreHook\] the hook gave 3, wanted nothing or/,
    );
    expect(() => bad.registerForwardHook(3 as never)).toThrow(ValueError);
    expect(() => bad.registerForwardHook(() => undefined, { first: true } as never)).toThrow(ValueError);
  });

  it('run inside of containers, around a forward that is a field, and in a summary', () => {
    class Arrow extends nn.Module {
      override forward = (input: Tensor): Tensor => input.mul(2);
    }
    const net = new nn.Sequential(new Arrow(), new nn.Linear(2, 2));
    const own = net.at(0).forward;
    let calls = 0;
    const handle = net.at(0).registerForwardHook(() => void ++calls);
    net.forward(ones([1, 2]));
    net.summary([1, 2]);
    expect(calls).toBe(2);
    handle.remove();
    expect(net.at(0).forward).toBe(own);
    net.summary([1, 2]);
    expect(net.at(0).forward).toBe(own);
    expect(Object.hasOwn(net.at(1), 'forward')).toBe(false);
  });

  it('dispose with using', () => {
    const act = new nn.ReLU();
    let calls = 0;
    {
      using _hook = act.registerForwardHook(() => void ++calls);
      act.forward(ones([1]));
    }
    act.forward(ones([1]));
    expect(calls).toBe(1);
  });
});

describe('backward hooks', () => {
  it('see the gradients of inputs and outputs', () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    noGrad(() => layer.weight.copy_(tensor([[3, 5]])));
    const seen: unknown[] = [];
    const handle = layer.registerFullBackwardHook((module, gradInputs, gradOutputs) => {
      expect(module).toBe(layer);
      seen.push(
        gradInputs.map((g) => g?.tolist()),
        gradOutputs.map((g) => g?.tolist()),
      );
    });
    const input = x();
    layer.forward(input).sum().backward();
    expect(seen).toEqual([[[[3, 5]]], [[[1]]]]);
    expect(input.grad?.tolist()).toEqual([[3, 5]]);
    expect(layer.weight.grad?.tolist()).toEqual([[1, -2]]);
    handle.remove();
    layer.forward(input).sum().backward();
    expect(seen).toHaveLength(2);
    expect(Object.hasOwn(layer, 'forward')).toBe(false);
  });

  it('see null for what requires no gradient, and run for data too', () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    const seen: unknown[] = [];
    layer.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
      seen.push(gradInputs, gradOutputs[0]?.shape);
    });
    layer
      .forward(ones([4, 2]))
      .sum()
      .backward();
    expect(seen).toEqual([[null], [4, 1]]);
    noGrad(() => layer.forward(x()));
    expect(seen).toHaveLength(2);
  });

  it('may replace the gradients on either side', () => {
    const act = new nn.Identity();
    act.registerFullBackwardPreHook((_, [g]) => [g!.mul(10)]);
    act.registerFullBackwardHook((_, [gi], [go]) => [gi!.add(go!)]);
    const input = x();
    act.forward(input).backward({ gradient: tensor([[1, 2]], { dtype: 'float32' }) });
    expect(input.grad?.tolist()).toEqual([[20, 40]]);
    const bad = new nn.Identity();
    bad.registerFullBackwardHook(() => [zeros([3])]);
    expect(() => bad.forward(x()).sum().backward()).toThrow(ShapeError);
    const short = new nn.Identity();
    short.registerFullBackwardPreHook(() => []);
    expect(() => short.forward(x()).sum().backward()).toThrow(/gave 0 gradients, wanted nothing or 1/);
  });

  it('find tensors in arrays and objects', () => {
    const pair = new Pair();
    const seen: unknown[] = [];
    pair.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
      seen.push(
        gradInputs.map((g) => g?.tolist() ?? null),
        gradOutputs.map((g) => g?.tolist() ?? null),
      );
    });
    const input = x();
    const [, { sum, count }] = pair.forward(input, { scale: tensor([2, 3]) });
    expect(count).toBe(2);
    sum.backward();
    expect(seen).toEqual([
      [[[2, 3]], null],
      [null, 1],
    ]);
    expect(pair.weight.grad?.tolist()).toEqual([2, -6]);
  });

  it('tell the calls of one module apart, and survive a pass that never comes to the inputs', () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    noGrad(() => layer.weight.fill_(2));
    const seen: number[] = [];
    layer.registerFullBackwardHook((_, [gi], [go]) => void seen.push(go!.item(), gi!.item()));
    const input = ones([1, 1], { requiresGrad: true });
    layer
      .forward(layer.forward(layer.forward(input)))
      .sum()
      .backward();
    expect(seen).toEqual([1, 2, 2, 4, 4, 8]);
    expect(grad(layer.forward(input).sum(), layer.weight)[0].item()).toBe(1);
    layer.forward(input).sum().backward();
    expect(seen.slice(-2)).toEqual([1, 2]);
  });

  it('are differentiated through', () => {
    const act = new nn.Tanh();
    act.registerFullBackwardHook((_, [gi]) => [gi!.mul(2)]);
    const input = ones([1], { requiresGrad: true, dtype: 'float64' });
    const [first] = grad(act.forward(input), input, { createGraph: true });
    const tanh = Math.tanh(1);
    expect(first.item()).toBeCloseTo(2 * (1 - tanh * tanh), 12);
    expect(grad(first, input)[0].item()).toBeCloseTo(-4 * tanh * (1 - tanh * tanh), 12);
  });

  it('keep what they keep', () => {
    const act = new nn.ReLU();
    const kept: Tensor[] = [];
    act.registerFullBackwardHook((_, [gi]) => void kept.push(keep(gi!)));
    act.forward(x()).sum().backward();
    expect(kept[0]?.tolist()).toEqual([[1, 0]]);
  });
});

describe('getSubmodule and getParameter', () => {
  class Deep extends nn.Module {
    readonly blocks = [new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU())];
    readonly head = new nn.Linear(3, 1);
    readonly tied = this.head;
    forward(input: Tensor): Tensor {
      return this.head.forward(this.blocks[0]!.forward(input));
    }
  }
  it('find by path', () => {
    const net = new Deep();
    expect(net.getSubmodule('')).toBe(net);
    expect(net.getSubmodule('head')).toBe(net.head);
    expect(net.getSubmodule('tied')).toBe(net.head);
    expect(net.getSubmodule('blocks.0.1')).toBe(net.blocks[0]!.at(1));
    expect(net.getParameter('blocks.0.0.weight')).toBe(net.blocks[0]!.at(0).getParameter('weight'));
    expect(net.getParameter('tied.bias')).toBe(net.head.bias);
    for (const [name, module] of net.namedModules()) expect(net.getSubmodule(name)).toBe(module);
    expect(() => net.getSubmodule('blocks.0.7')).toThrow(
      '[getSubmodule] there is no module "blocks.0.7", "blocks.0" has 0, 1',
    );
    expect(() => net.getSubmodule('heads')).toThrow('"heads", this one has blocks.0, head');
    expect(() => net.getSubmodule('head.x')).toThrow('"head" has no modules');
    expect(() => net.getSubmodule(3 as never)).toThrow(ValueError);
    expect(() => net.getParameter('head')).toThrow('[getParameter] there is no parameter "head"');
    expect(() => new nn.BatchNorm1d(2).getParameter('running_mean')).toThrow(ValueError);
  });
});
