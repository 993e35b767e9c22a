import { describe, expect, expectTypeOf, it } from 'vitest';
import { add, cat, F, nn, ones, rand, ValueError, zeros, type Tensor } from '../../lib/index.js';

/** Two inputs, a skip, a function of two nodes, a record of outputs. */
function twoInputs() {
  const image = nn.input({ name: 'image' });
  const context = nn.input({ name: 'context' });
  const encode = new nn.Linear(4, 4);
  const head = new nn.Linear(6, 3);
  const hidden = nn.node(encode, image, { name: 'encode' });
  const skip = nn.node(add, [image, nn.node(F.relu, hidden)]);
  const both = nn.node((a, b) => cat([a, b], 1), [skip, context]);
  const classes = nn.node(head, both, { name: 'head' });
  return { net: new nn.Graph([image, context], { classes, hidden }), image, context, encode, head, skip };
}

describe('Graph', () => {
  it('computes what the nodes say', () => {
    const { net, encode, head } = twoInputs();
    const [x, c] = [rand([5, 4], { requiresGrad: true }), rand([5, 2])];
    const { classes, hidden } = net.forward(x, c);
    const byHand = head.forward(cat([x.add(encode.forward(x).relu()), c], 1));
    expect(classes.equal(byHand)).toBe(true);
    expect(hidden.equal(encode.forward(x))).toBe(true);
    classes.sum().backward();
    const got = encode.weight.grad!.tolist();
    net.zeroGrad();
    byHand.sum().backward();
    expect(encode.weight.grad!.tolist()).toEqual(got);
  });

  it('has readable names', () => {
    const { net } = twoInputs();
    expect(Object.keys(net.stateDict())).toEqual([
      'encode.weight',
      'encode.bias',
      'head.weight',
      'head.bias',
    ]);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['encode', 'relu', 'add', 'lambda', 'head']);
    const x = nn.input();
    const one = nn.node(new nn.Linear(2, 2), x);
    // Functions do not shift the names of modules.
    const linear = (t: Tensor) => t.relu();
    const two = nn.node(new nn.Linear(2, 2), nn.node(linear, one));
    const net2 = new nn.Graph(x, nn.node(new nn.BatchNorm1d(2, { affine: false }), two));
    expect([...net2.layers.keys()]).toEqual(['linear', 'linear_2', 'linear_1', 'batch_norm1d']);
    expect(Object.keys(net2.stateDict()).slice(0, 4)).toEqual([
      'linear.weight',
      'linear.bias',
      'linear_1.weight',
      'linear_1.bias',
    ]);
    // A name that is given is kept for it.
    const taken = nn.node(new nn.Linear(2, 2), one, { name: 'linear' });
    expect([...new nn.Graph(x, taken).layers.keys()]).toEqual(['linear_1', 'linear']);
  });

  it('shares a module that stands in several nodes', () => {
    const [a, b] = [nn.input(), nn.input()];
    const tower = new nn.Linear(3, 2, { bias: false });
    const net = new nn.Graph([a, b], [nn.node(tower, a), nn.node(tower, b)]);
    expect(Object.keys(net.stateDict())).toEqual(['linear.weight']);
    expect(net.parameters()).toEqual([tower.weight]);
    const [p, q] = net.forward(ones([1, 3]), ones([1, 3]));
    p.sum().add(q.sum()).backward();
    expect(tower.weight.grad!.tolist()).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
    const again = new nn.Graph([a, b], [nn.node(new nn.Linear(3, 2, { bias: false }), a), b]);
    again.loadStateDict(net.stateDict());
    expect(again.forward(ones([1, 3]), ones([1]))[0].equal(p)).toBe(true);
  });

  it('is a module: train, eval, hooks, summary, other dtypes, places of errors', () => {
    const x = nn.input();
    const net = new nn.Graph(x, nn.node(new nn.Linear(3, 2), nn.node(new nn.Dropout(1), x)));
    net.eval();
    expect(net.layers.get('dropout')!.training).toBe(false);
    expect(net.forward(ones([1, 3])).equal(net.train().forward(ones([1, 3])))).toBe(false);
    const seen: number[][] = [];
    const handle = net.registerForwardHook((_, [input], output) => {
      seen.push([...input.shape], [...output.shape]);
    });
    net.layers.get('linear')!.registerForwardPreHook(() => {
      seen.push([]);
    });
    net.forward(ones([4, 3]));
    handle.remove();
    expect(seen).toEqual([[], [4, 3], [4, 2]]);
    expect(net.summary([4, 3])).toMatch(/linear: Linear +\[4, 2\]/);
    expect(net.to('float64').forward(ones([1, 3], { dtype: 'float64' })).dtype).toBe('float64');
    expect(() => net.forward(ones([1, 5], { dtype: 'float64' }))).toThrow(/\[Linear\] linear: x is \[1, 5\]/);
    const failing = twoInputs().net;
    expect(() => failing.forward(ones([5, 4]), ones([2, 2]))).toThrow(/\[cat\] lambda: /);
  });

  it('releases what is made between the layers, and stands in other models', () => {
    const made: Tensor[] = [];
    const x = nn.input();
    const doubled = nn.node((t) => (made.push(t.mul(2)), made.at(-1)!), x);
    const inner = new nn.Graph(
      x,
      nn.node((t) => t.add(1), doubled),
    );
    const net = new nn.Sequential(inner, new nn.ReLU());
    expect(net.forward(ones([1])).item()).toBe(3);
    expect(() => made[0]!.data).toThrow();
    const outer = new nn.Graph(x, nn.node(inner, nn.node(inner, x)));
    expect(outer.forward(ones([1])).item()).toBe(7);
  });

  it('takes a part of another graph, and gives its inputs', () => {
    const { image, context, head, skip, net } = twoInputs();
    const features = new nn.Graph(image, [skip, image]);
    const x = rand([2, 4]);
    const [front, same] = features.forward(x);
    expect(same).toBe(x);
    const tail = new nn.Graph(
      [skip, context],
      nn.node((a, b) => head.forward(cat([a, b], 1)), [skip, context]),
    );
    const c = zeros([2, 2]);
    expect(tail.forward(front, c).equal(net.forward(x, c).classes)).toBe(true);
  });

  it('refuses what is no graph, and says why', () => {
    const { net, image, context, skip } = twoInputs();
    const other = nn.input({ name: 'other' });
    const wrong = (fn: () => unknown, message: string) => {
      expect(fn).toThrow(ValueError);
      expect(fn).toThrow(message);
    };
    const short = net.forward.bind(net) as unknown as (x: Tensor) => unknown;
    wrong(() => short(ones([1, 4])), '[Graph] got 1 inputs, wanted 2: image, context');
    wrong(() => new nn.Graph([image, other], skip), '[Graph] input 1, "other", leads to no output');
    wrong(() => new nn.Graph([image, nn.input()], skip), '[Graph] input 1 leads to no output');
    wrong(() => new nn.Graph(context, skip), '[Graph] add takes the input "image", which is not among');
    wrong(() => new nn.Graph(image, other), '[Graph] an output is the input "other", which is not among');
    wrong(() => new nn.Graph([image, image], skip), '[Graph] input 1: got the same node twice');
    wrong(() => new nn.Graph(image, []), '[Graph] outputs: got none');
    wrong(() => new nn.Graph(image, { a: 3 as never }), '[Graph] output a: got 3, wanted a node');
    wrong(() => new nn.Graph(3 as never, skip), '[Graph] input 0: got 3, wanted a node');
    wrong(() => nn.node(3 as never, image), '[node] layer: got 3, wanted a module or a function');
    wrong(() => nn.node(nn.ReLU as never, image), 'wanted a module or a function');
    wrong(() => nn.node(F.relu, ones([1]) as never), '[node] input 0: got');
    wrong(() => nn.node(F.relu, image, { name: 'a.b' }), '[node] name: got "a.b", wanted one without a dot');
    const twice = nn.node(F.relu, nn.node(F.relu, image, { name: 'a' }), { name: 'a' });
    wrong(() => new nn.Graph(image, twice), '[Graph] two layers have the name "a"');
  });

  it('is typed', () => {
    const { net } = twoInputs();
    expectTypeOf<nn.InputsOf<typeof net>>().toEqualTypeOf<[Tensor, Tensor]>();
    expectTypeOf<nn.OutputOf<typeof net>>().toEqualTypeOf<{ classes: Tensor; hidden: Tensor }>();
    const words = nn.input<string[]>();
    const count = nn.node((list) => list.length, words);
    expectTypeOf(count).toEqualTypeOf<nn.Node<number>>();
    const sizes = new nn.Graph(words, [count, words]);
    expectTypeOf(sizes.forward(['a'])).toEqualTypeOf<[number, string[]]>();
    expect(sizes.forward(['a', 'b'])).toEqual([2, ['a', 'b']]);
    const x = nn.input();
    const plain = new nn.Graph(x, x);
    expectTypeOf(plain).toExtend<nn.Module>();
    expectTypeOf(net).not.toExtend<nn.Module>();
    const lstm = nn.node(new nn.LSTM(2, 3), nn.input());
    expectTypeOf(nn.node(([output]) => output, lstm)).toExtend<
      nn.Node<Tensor | nn.utils.rnn.PackedSequence>
    >();
    expect(lstm.order).toBeGreaterThan(x.order);
    const wrong = () => {
      // @ts-expect-error a Linear takes no number
      nn.node(new nn.Linear(2, 2), count);
      // @ts-expect-error a Bilinear takes two tensors
      nn.node(new nn.Bilinear(2, 2, 2), nn.input());
      // @ts-expect-error two tensors
      net.forward(ones([1]));
    };
    expect(wrong).toBeTypeOf('function');
  });
});
