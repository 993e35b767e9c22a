import { describe, expect, it } from 'vitest';
import {
  add,
  DTypeError,
  keep,
  nn,
  noGrad,
  ones,
  ShapeError,
  tensor,
  tidy,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { flat, pattern } from './pattern.js';

class Net extends nn.Module {
  readonly features = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
  readonly scale = nn.parameter(ones([4, 1, 1]));
  readonly blocks = [new nn.Linear(64, 16, { bias: false }), new nn.LayerNorm(16)];
  readonly head = new nn.Linear(16, 3);
  readonly notState = ones([3], { requiresGrad: true });
  declare seen: Tensor;
  declare scratch: Tensor;

  constructor() {
    super();
    this.registerBuffer('seen', zeros([2]));
    this.registerBuffer('scratch', zeros([2]), { persistent: false });
  }

  forward(x: Tensor): Tensor {
    let h = this.features.forward(x).mul(this.scale).flatten(1);
    for (const block of this.blocks) h = block.forward(h);
    return this.head.forward(h);
  }
}

describe('names', () => {
  it('are those of PyTorch, in its order', () => {
    const net = new Net();
    expect(Object.entries(net.stateDict()).map(([name, t]) => [name, t.shape])).toEqual([
      ['scale', [4, 1, 1]],
      ['seen', [2]],
      ['features.0.weight', [4, 1, 3, 3]],
      ['features.0.bias', [4]],
      ['features.1.weight', [4]],
      ['features.1.bias', [4]],
      ['features.1.running_mean', [4]],
      ['features.1.running_var', [4]],
      ['features.1.num_batches_tracked', []],
      ['blocks.0.weight', [16, 64]],
      ['blocks.1.weight', [16]],
      ['blocks.1.bias', [16]],
      ['head.weight', [3, 16]],
      ['head.bias', [3]],
    ]);
    expect(net.namedParameters().map(([name]) => name)).toEqual([
      'scale',
      'features.0.weight',
      'features.0.bias',
      'features.1.weight',
      'features.1.bias',
      'blocks.0.weight',
      'blocks.1.weight',
      'blocks.1.bias',
      'head.weight',
      'head.bias',
    ]);
    expect(net.namedBuffers().map(([name]) => name)).toEqual([
      'seen',
      'scratch',
      'features.1.running_mean',
      'features.1.running_var',
      'features.1.num_batches_tracked',
    ]);
    expect(net.buffers()).toHaveLength(5);
    // A plain array has no module of its own, which PyTorch's ModuleList has.
    expect(net.namedModules().map(([name]) => name)).toEqual([
      '',
      'features',
      'features.0',
      'features.1',
      'features.2',
      'features.3',
      'blocks.0',
      'blocks.1',
      'head',
    ]);
    expect(net.modules()[0]).toBe(net);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['features', 'blocks.0', 'blocks.1', 'head']);
    expect(net.children()).toContain(net.head);
  });

  it('reach into nested arrays, and past what is no module', () => {
    class Tree extends nn.Module {
      readonly grid = [[new nn.Linear(1, 1)], [null, new nn.Linear(1, 1)], 'text'];
      readonly weights = [nn.parameter(zeros([1])), nn.parameter(zeros([1]))];
      readonly options = { linear: 3, nothing: null };
      readonly hidden = undefined;
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(new Tree().namedParameters().map(([name]) => name)).toEqual([
      'weights.0',
      'weights.1',
      'grid.0.0.weight',
      'grid.0.0.bias',
      'grid.1.1.weight',
      'grid.1.1.bias',
    ]);
  });
});

describe('parameters', () => {
  it('stay parameters when frozen, and are counted', () => {
    const layer = new nn.Linear(3, 2);
    expect(layer.numParameters()).toBe(8);
    layer.weight.requiresGrad = false;
    expect(layer.parameters()).toEqual([layer.weight, layer.bias]);
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'bias']);
    expect(layer.numParameters({ trainable: true })).toBe(2);
    expect(
      layer
        .requiresGrad_(false)
        .parameters()
        .map((p) => p.requiresGrad),
    ).toEqual([false, false]);
    expect(
      layer
        .requiresGrad_()
        .parameters()
        .map((p) => p.requiresGrad),
    ).toEqual([true, true]);
  });

  it('that are shared appear once, and under every name in the state', () => {
    class Tied extends nn.Module {
      readonly embedding = new nn.Embedding(5, 3);
      readonly again = this.embedding;
      readonly out = this.embedding.weight;
      forward(x: Tensor): Tensor {
        return this.embedding.forward(x).matmul(this.out.t());
      }
    }
    const tied = new Tied();
    expect(tied.namedParameters().map(([name]) => name)).toEqual(['out']);
    expect(tied.numParameters()).toBe(15);
    expect(Object.keys(tied.stateDict())).toEqual(['out', 'embedding.weight', 'again.weight']);
    expect(tied.modules()).toHaveLength(2);
    tied.to('float64');
    expect(tied.embedding.weight).toBe(tied.out);
    expect(tied.out.dtype).toBe('float64');
  });

  it('may be what was computed: then a leaf on the same storage', () => {
    const x = ones([2], { requiresGrad: true });
    const y = x.mul(3);
    const p = nn.parameter(y);
    expect(p.isLeaf && p.requiresGrad).toBe(true);
    expect(p.tolist()).toEqual([3, 3]);
    p.sum().backward();
    expect(x.grad).toBeNull();
    expect(p.grad?.tolist()).toEqual([1, 1]);
    const plain = ones([2]);
    expect(nn.parameter(plain)).toBe(plain);
    expect(nn.isParameter(plain)).toBe(true);
    expect(nn.isParameter(ones([2]))).toBe(false);
    expect(nn.parameter(tensor([1]), { requiresGrad: false }).requiresGrad).toBe(false);
    expect(() => nn.parameter(tensor([1]))).toThrow(DTypeError);
    expect(() => nn.parameter([1] as never)).toThrow(DTypeError);
  });

  it('outlive the scope that they are made in', () => {
    let layer: nn.BatchNorm1d | undefined;
    tidy(() => {
      layer = new nn.BatchNorm1d(2);
    });
    expect(layer?.weight?.tolist()).toEqual([1, 1]);
    expect(layer?.runningMean?.tolist()).toEqual([0, 0]);
    tidy(() => {
      layer?.to('float64');
    });
    expect(layer?.weight?.tolist()).toEqual([1, 1]);
    expect(layer?.runningMean?.tolist()).toEqual([0, 0]);
  });

  it('get gradients, which zeroGrad drops', () => {
    const net = new Net();
    net
      .forward(pattern([2, 1, 8, 8], 0, 'float32'))
      .square()
      .sum()
      .backward();
    expect(net.parameters().every((p) => p.grad !== null)).toBe(true);
    expect(net.notState.grad).toBeNull();
    net.zeroGrad();
    expect(net.parameters().every((p) => p.grad === null)).toBe(true);
  });

  it('survive a module that holds its parent', () => {
    class Child extends nn.Module {
      readonly weight = nn.parameter(ones([1]));
      constructor(readonly parent: nn.AnyModule) {
        super();
      }
      forward(x: Tensor): Tensor {
        return x.mul(this.weight);
      }
    }
    class Parent extends nn.Module {
      readonly child = new Child(this);
      forward(x: Tensor): Tensor {
        return this.child.forward(x);
      }
    }
    const parent = new Parent();
    expect(Object.keys(parent.stateDict())).toEqual(['child.weight']);
    expect(parent.modules()).toHaveLength(2);
    expect(parent.eval().child.training).toBe(false);
  });
});

describe('buffers', () => {
  it('may be replaced by assignment', () => {
    const net = new Net();
    net.seen = ones([2]);
    expect(net.stateDict()['seen']?.tolist()).toEqual([1, 1]);
    net.to('float64');
    expect(net.seen.dtype).toBe('float64');
    expect(net.scratch.dtype).toBe('float64');
  });

  it('must be tensors with a name', () => {
    const net = new Net();
    expect(() => net.registerBuffer('', zeros([1]))).toThrow(ValueError);
    expect(() => net.registerBuffer('x', 3 as never)).toThrow(
      /\[registerBuffer\] tensor: got 3, wanted a tensor/,
    );
    expect(() => net.registerBuffer('x', zeros([1]), { persistent: 1 as never })).toThrow(
      /persistent: got 1/,
    );
    net.registerBuffer('x', null);
    expect(net.namedBuffers().map(([name]) => name)).not.toContain('x');
  });
});

describe('stateDict and loadStateDict', () => {
  it('share storage, without history', () => {
    const layer = new nn.Linear(2, 1);
    const state = layer.stateDict();
    expect(state['weight']?.requiresGrad).toBe(false);
    noGrad(() => layer.weight.fill_(7));
    expect(state['weight']?.tolist()).toEqual([[7, 7]]);
  });

  it('copy into the same tensors', () => {
    const [a, b] = [new Net(), new Net()];
    a.forward(pattern([2, 1, 8, 8], 0, 'float32'));
    const before = [...b.parameters(), ...b.buffers()];
    expect(b.loadStateDict(a.stateDict())).toEqual({ missing: [], unexpected: [] });
    const after = [...b.parameters(), ...b.buffers()];
    after.forEach((t, i) => expect(t).toBe(before[i]));
    expect(after.every((t) => !nn.isParameter(t) || (t.requiresGrad && t.isLeaf))).toBe(true);
    const x = pattern([2, 1, 8, 8], 1, 'float32');
    expect(a.eval().forward(x).equal(b.eval().forward(x))).toBe(true);
    // Copies: b does not follow a.
    noGrad(() => a.head.bias!.fill_(9));
    expect(b.head.bias!.equal(a.head.bias!)).toBe(false);
  });

  it('cast to the dtype of the module', () => {
    const layer = new nn.Linear(1, 1);
    layer.loadStateDict({ weight: tensor([[0.1]], { dtype: 'float64' }), bias: tensor([2]) });
    expect(layer.weight.dtype).toBe('float32');
    expect(layer.weight.item()).toBe(Math.fround(0.1));
    expect(layer.bias?.item()).toBe(2);
  });

  it('name what is missing, unexpected or of another shape, and then write nothing', () => {
    const layer = new nn.Linear(3, 2);
    const before = flat(layer.bias!);
    const { weight } = layer.stateDict();
    const bad = { bias: zeros([2]), extra: zeros([1]), other: zeros([1]) };
    expect(() => layer.loadStateDict(bad)).toThrow(ValueError);
    expect(() => layer.loadStateDict(bad)).toThrow(
      '[loadStateDict] missing: weight [2, 3]; unexpected: extra [1], other [1]',
    );
    const misshapen = { bias: zeros([2]), weight: zeros([2, 4]) };
    expect(() => layer.loadStateDict(misshapen)).toThrow(ShapeError);
    expect(() => layer.loadStateDict(misshapen, { strict: false })).toThrow(
      '[loadStateDict] shapes differ: weight is [2, 3], the dict has [2, 4]',
    );
    expect(() => layer.loadStateDict({ ...misshapen, extra: zeros([1]) })).toThrow(
      /unexpected: extra \[1\]; shapes differ/,
    );
    expect(() => layer.loadStateDict({ weight: weight!, bias: [0, 0] as never })).toThrow(DTypeError);
    expect(() => layer.loadStateDict(null as never)).toThrow(ValueError);
    expect(flat(layer.bias!)).toEqual(before);
  });

  it('load what fits when not strict', () => {
    const layer = new nn.Linear(3, 2);
    const report = layer.loadStateDict({ bias: ones([2]), extra: zeros([1]) }, { strict: false });
    expect(report).toEqual({ missing: ['weight'], unexpected: ['extra'] });
    expect(layer.bias?.tolist()).toEqual([1, 1]);
  });
});

describe('modes and conversion', () => {
  it('train and eval reach every module', () => {
    const net = new Net();
    expect(net.modules().every((m) => m.training)).toBe(true);
    expect(net.eval()).toBe(net);
    expect(net.modules().some((m) => m.training)).toBe(false);
    net.train();
    expect(net.blocks[0]!.training).toBe(true);
    expect(() => net.train(1 as never)).toThrow(/\[train\] mode: got 1/);
  });

  it('apply visits children first', () => {
    const names: string[] = [];
    const net = new nn.Sequential(new nn.Linear(1, 1), new nn.Sequential(new nn.ReLU()));
    expect(net.apply((m) => names.push(m.constructor.name))).toBe(net);
    expect(names).toEqual(['Linear', 'ReLU', 'Sequential', 'Sequential']);
    net.apply((m) => m instanceof nn.Linear && nn.init.zeros_(m.weight));
    expect(net.at(0).weight.item()).toBe(0);
    expect(() => net.apply(3 as never)).toThrow(ValueError);
  });

  it('to converts floats, their gradients and flags, and keeps what fits already', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    net.at(0).bias!.requiresGrad = false;
    net
      .forward(pattern([3, 2], 0, 'float32'))
      .square()
      .sum()
      .backward();
    const grad = flat(net.at(0).weight.grad!);
    const { weight } = net.at(0);
    expect(net.to('float32').at(0).weight).toBe(weight);
    net.to('float64');
    expect(net.at(0).weight).not.toBe(weight);
    expect(net.parameters().map((p) => p.dtype)).toEqual(['float64', 'float64', 'float64', 'float64']);
    expect(net.parameters().map((p) => p.requiresGrad)).toEqual([true, false, true, true]);
    expect(net.parameters().every((p) => p.isLeaf && nn.isParameter(p))).toBe(true);
    expect(flat(net.at(0).weight.grad!)).toEqual(grad);
    expect(net.at(1).runningVar?.dtype).toBe('float64');
    expect(net.at(1).numBatchesTracked?.dtype).toBe('int64');
    expect(net.forward(pattern([3, 2], 0)).dtype).toBe('float64');
    expect(() => net.to('int32' as never)).toThrow(DTypeError);
  });
});

describe('scopes', () => {
  it('a layer keeps what it stores by keep', () => {
    class Tap extends nn.Module {
      last: Tensor | undefined;
      forward(x: Tensor): Tensor {
        this.last = keep(add(x, 1));
        return x.mul(2);
      }
    }
    const tap = new Tap();
    expect(new nn.Sequential(tap, new nn.ReLU()).forward(ones([1])).item()).toBe(2);
    expect(tap.last?.item()).toBe(2);
  });
});
