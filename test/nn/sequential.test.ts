import { describe, expect, expectTypeOf, it } from 'vitest';
import { IndexError, nn, ones, ShapeError, ValueError, type Tensor } from '../../lib/index.js';

class Lookup extends nn.Module<[words: string[]], Tensor> {
  readonly table = new nn.Embedding(8, 3);
  forward(words: string[]): Tensor {
    return this.table.weight.narrow(0, 0, words.length);
  }
}

class Sizes extends nn.Module<[x: Tensor], number[]> {
  forward(x: Tensor): number[] {
    return [...x.shape];
  }
}

class Sum extends nn.Module<[Tensor, Tensor]> {
  forward(a: Tensor, b: Tensor): Tensor {
    return a.add(b);
  }
}

describe('Sequential', () => {
  it('feeds each layer with the one before', () => {
    const net = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 2));
    const x = ones([3, 4]);
    const byHand = net.at(2).forward(net.at(0).forward(x).tanh());
    expect(net.forward(x).equal(byHand)).toBe(true);
    expect(net).toHaveLength(3);
    expect([...net].map((layer) => layer.constructor.name)).toEqual(['Linear', 'Tanh', 'Linear']);
    expect(net.at(-1)).toBe(net.layers[2]);
    expect(() => net.at(3)).toThrow(IndexError);
    expect(() => net.at(3)).toThrow('[Sequential] index: got 3 for 3 modules');
  });

  it('says in which layer an error arose', () => {
    const inner = new nn.Sequential(new nn.ReLU(), new nn.Linear(4, 2));
    const net = new nn.Sequential(new nn.Identity(), inner);
    expect(() => net.forward(ones([2, 3]))).toThrow(
      '[Linear] 1.1: x is [2, 3], wanted 4 features in the last dim',
    );
    try {
      net.forward(ones([2, 3]));
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      expect((error as ShapeError).stack).toContain('[Linear] 1.1: x is');
    }
    const own = new Error('mine');
    class Bad extends nn.Module {
      forward(_x: Tensor): Tensor {
        throw own;
      }
    }
    expect(() => new nn.Sequential(new Bad()).forward(ones([1]))).toThrow(own);
    expect(own.message).toBe('mine');
  });

  it('releases what is made between the layers, and lets gradients pass', () => {
    const made: Tensor[] = [];
    class Spy extends nn.Module {
      forward(x: Tensor): Tensor {
        const y = x.mul(2);
        made.push(y);
        return y;
      }
    }
    const net = new nn.Sequential(new Spy(), new Spy());
    const x = ones([2], { requiresGrad: true });
    const y = net.forward(x);
    expect(() => made[0]!.data).toThrow();
    expect(made[1]).toBe(y);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([4, 4]);
  });

  it('without layers gives what it takes', () => {
    const x = ones([2]);
    expect(new nn.Sequential().forward(x)).toBe(x);
    expect(new nn.Sequential(new nn.Identity(), new nn.Dropout().eval()).forward(x)).toBe(x);
    expect(x.tolist()).toEqual([1, 1]);
  });

  it('takes other things than tensors', () => {
    const net = new nn.Sequential(new Lookup(), new nn.Linear(3, 5), new Sizes());
    expect(net.forward(['a', 'b'])).toEqual([2, 5]);
    expect(new nn.Sequential(new Sum(), new nn.ReLU()).forward(ones([1]), ones([1])).item()).toBe(2);
  });

  it('refuses what is no module', () => {
    expect(() => new nn.Sequential(new nn.ReLU(), ((x: Tensor) => x) as never)).toThrow(ValueError);
    expect(() => new nn.Sequential(3 as never)).toThrow('[Sequential] layer 0: got 3, wanted a module');
  });

  it('is typed', () => {
    const net = new nn.Sequential(new Lookup(), new nn.Linear(3, 5), new Sizes());
    expectTypeOf<nn.InputsOf<typeof net>>().toEqualTypeOf<[words: string[]]>();
    expectTypeOf<nn.OutputOf<typeof net>>().toEqualTypeOf<number[]>();
    expectTypeOf(net.at(1)).toEqualTypeOf<nn.Linear>();
    expectTypeOf(net).toExtend<nn.Module<[string[]], number[]>>();
    expectTypeOf(net).not.toExtend<nn.Module>();
    expectTypeOf(net).toExtend<nn.AnyModule>();
    const nested = new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Linear(2, 2));
    expectTypeOf(nested).toExtend<nn.Module>();
    expectTypeOf(nested.at(0).at(0)).toEqualTypeOf<nn.ReLU>();
    const plain: nn.Sequential = new nn.Sequential(new nn.ReLU());
    expectTypeOf(plain.forward(ones([1]))).toEqualTypeOf<Tensor>();
    const many = new nn.Sequential(...[1, 2].map((size): nn.Module => new nn.Linear(size, 2)));
    expectTypeOf<nn.InputsOf<typeof many>>().toEqualTypeOf<[Tensor]>();
    expectTypeOf(many.at(0)).toEqualTypeOf<nn.Module>();

    const wrong = () => {
      // @ts-expect-error Sizes gives numbers, Linear takes a tensor
      new nn.Sequential(new Sizes(), new nn.Linear(2, 2));
      // @ts-expect-error Sum takes two tensors
      new nn.Sequential(new nn.ReLU(), new Sum());
      // @ts-expect-error Lookup takes words
      net.forward(ones([1]));
    };
    expect(wrong).toBeTypeOf('function');
  });
});

describe('ModuleList', () => {
  it('holds modules by number', () => {
    const list = new nn.ModuleList([new nn.Linear(2, 3), new nn.Linear(3, 1)]);
    class Net extends nn.Module {
      readonly layers = list;
      forward(x: Tensor): Tensor {
        for (const layer of this.layers) x = layer.forward(x);
        return x;
      }
    }
    const net = new Net();
    expect(list.append(new nn.Linear(1, 1))).toBe(list);
    expect(list).toHaveLength(3);
    expect(Object.keys(net.stateDict())).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
      'layers.2.weight',
      'layers.2.bias',
    ]);
    expect(net.namedModules().map(([name]) => name)).toEqual([
      '',
      'layers',
      'layers.0',
      'layers.1',
      'layers.2',
    ]);
    expect(net.forward(ones([4, 2])).shape).toEqual([4, 1]);
    expectTypeOf(list.at(-1)).toEqualTypeOf<nn.Linear>();
    expect(list.at(-1).outFeatures).toBe(1);
    expect(() => list.at(5)).toThrow(IndexError);
    expect(() => list.forward()).toThrow(/\[ModuleList\] has no forward/);
    expect(() => list.append(3 as never)).toThrow(ValueError);
    expect(new nn.ModuleList().parameters()).toEqual([]);
  });
});
