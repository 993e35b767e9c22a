import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DTypeError, IndexError, nn, ones, tensor, ValueError, zeros } from '../../lib/index.js';

describe('ModuleList', () => {
  it('keeps order, and names modules by number', () => {
    const list = new nn.ModuleList<nn.AnyModule>([new nn.Linear(2, 1)]);
    list.append(new nn.ReLU()).extend([new nn.Linear(1, 3)]);
    list.insert(1, new nn.Tanh());
    expect([...list].map((module) => module.constructor.name)).toEqual(['Linear', 'Tanh', 'ReLU', 'Linear']);
    expect(Object.keys(list.stateDict())).toEqual(['0.weight', '0.bias', '3.weight', '3.bias']);
    expect(list.at(-1)).toBe(list.at(3));
    expect(() => list.at(4)).toThrow(IndexError);
    expect(() => list.insert(9, new nn.ReLU())).toThrow(IndexError);
    expect(() => list.append(3 as never)).toThrow(ValueError);
    expect(() => list.forward()).toThrow(/\[ModuleList\] has no forward/);
  });
});

describe('ModuleDict', () => {
  class Net extends nn.Module {
    readonly heads = new nn.ModuleDict({ left: new nn.Linear(2, 1), right: new nn.Bilinear(2, 2, 1) });
    forward(x: ReturnType<typeof ones>) {
      return this.heads.get('left').forward(x);
    }
  }

  it('names modules, in order, as PyTorch does', () => {
    const net = new Net();
    expect(Object.keys(net.stateDict())).toEqual([
      'heads.left.weight',
      'heads.left.bias',
      'heads.right.weight',
      'heads.right.bias',
    ]);
    expect([...net.heads.keys()]).toEqual(['left', 'right']);
    expect([...net.heads.values()]).toEqual([net.heads.get('left'), net.heads.get('right')]);
    expect([...net.heads].map(([name]) => name)).toEqual(['left', 'right']);
    expect(net.heads.size).toBe(2);
    expect(net.heads.has('middle')).toBe(false);
    net.heads.set('left', new nn.Linear(2, 5));
    expect(net.forward(ones([1, 2])).shape).toEqual([1, 5]);
    expect(net.heads.delete('left')).toBe(true);
    expect(Object.keys(net.stateDict())).toEqual(['heads.right.weight', 'heads.right.bias']);
    expect(inspect(net.heads)).toMatch(/right/);
  });

  it('is reached by to, eval and loadStateDict', () => {
    const [a, b] = [new Net(), new Net()];
    b.loadStateDict(a.stateDict());
    expect(b.heads.get('left').weight.tolist()).toEqual(a.heads.get('left').weight.tolist());
    b.to('float64').eval();
    expect(b.heads.get('right').weight.dtype).toBe('float64');
    expect(b.heads.get('right').training).toBe(false);
  });

  it('refuses what is not a module, a name with a dot, and a name that is not there', () => {
    const heads = new nn.ModuleDict<Record<string, nn.Linear>>();
    expect(() => heads.set('a.b', new nn.Linear(1, 1))).toThrow(/\[ModuleDict\] name: got "a.b"/);
    expect(() => heads.set('', new nn.Linear(1, 1))).toThrow(ValueError);
    expect(() => heads.set('a', zeros([1]) as never)).toThrow(/\[ModuleDict\] a: got .*wanted a module/);
    heads.set('a', new nn.Linear(1, 1));
    expect(() => heads.get('b')).toThrow(/\[ModuleDict\] name: got "b", wanted one of a/);
  });
});

describe('a Map in a field', () => {
  it('is looked into, and its parameters are replaced by to', () => {
    class Net extends nn.Module {
      readonly scales = new Map([['x', nn.parameter(ones([2]))]]);
      forward(x: ReturnType<typeof ones>) {
        return x;
      }
    }
    const net = new Net();
    expect(Object.keys(net.stateDict())).toEqual(['scales.x']);
    net.to('float64');
    expect(net.scales.get('x')?.dtype).toBe('float64');
    expect(net.parameters()[0]).toBe(net.scales.get('x'));
  });
});

describe('ParameterList and ParameterDict', () => {
  it('make parameters of tensors, and keep those that are', () => {
    const own = nn.parameter(ones([3]), { requiresGrad: false });
    const list = new nn.ParameterList([ones([2]), own]);
    list.append(zeros([1]));
    expect(list.at(1)).toBe(own);
    expect([...list].map((p) => p.requiresGrad)).toEqual([true, false, true]);
    expect(Object.keys(list.stateDict())).toEqual(['0', '1', '2']);
    expect(list.length).toBe(3);
    list.to('float64');
    expect(list.at(0).dtype).toBe('float64');
    expect(() => list.append(tensor([1]))).toThrow(DTypeError);
    expect(() => list.at(3)).toThrow(/index: got 3 for 3 parameters/);

    const dict = new nn.ParameterDict({ left: ones([2]) });
    dict.set('right', own);
    expect(dict.get('right')).toBe(own);
    expect(Object.keys(dict.stateDict())).toEqual(['left', 'right']);
    dict.to('float64');
    expect(dict.get('left').dtype).toBe('float64');
    expect(() => dict.set('left', 3 as never)).toThrow(DTypeError);
    expect(() => dict.forward()).toThrow(ValueError);
  });
});
