import { describe, expect, it } from 'vitest';
import {
  arange,
  conv2d,
  crossEntropy,
  F,
  info,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  relu,
  setNumThreads,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, record, replay } from './kit.js';

// A convolution with what follows it is one node, and gives the bits of the separate ops, whichever way it takes.

const passes = ['finishConvolutions'];

type Conv = (x: Tensor, w: Tensor, b: Tensor) => Tensor;
type Way = readonly [name: string, x: readonly number[], w: readonly number[], conv: Conv];

const ways: readonly Way[] = [
  ['direct, padded', [3, 5, 9, 11], [7, 5, 3, 3], (x, w, b) => conv2d(x, w, b, { padding: 1 })],
  ['direct, of one large image', [1, 3, 40, 41], [20, 3, 5, 5], (x, w, b) => conv2d(x, w, b)],
  [
    'direct, strided',
    [2, 20, 17, 17],
    [40, 20, 3, 3],
    (x, w, b) => conv2d(x, w, b, { stride: 2, padding: 1 }),
  ],
  ['direct, in groups', [2, 8, 9, 9], [6, 4, 3, 3], (x, w, b) => conv2d(x, w, b, { groups: 2 })],
  ['in one direction', [4, 3, 30], [9, 3, 4], (x, w, b) => F.conv1d(x, w, b, { padding: 2 })],
  ['in three', [2, 3, 6, 7, 8], [5, 3, 2, 3, 3], (x, w, b) => F.conv3d(x, w, b, { padding: 1 })],
  ['by Winograd', [2, 24, 18, 19], [37, 24, 3, 3], (x, w, b) => conv2d(x, w, b, { padding: 1 })],
  ['by Winograd, few tiles', [1, 24, 14, 15], [140, 24, 3, 3], (x, w, b) => conv2d(x, w, b, { padding: 1 })],
  ['direct, few pixels', [1, 5, 7, 7], [270, 5, 3, 3], (x, w, b) => conv2d(x, w, b, { padding: 1 })],
  ['a product of pixels', [2, 12, 24, 25], [18, 12, 1, 1], (x, w, b) => conv2d(x, w, b)],
  ['a product of the pixels of many images', [16, 12, 24, 25], [18, 12, 1, 1], (x, w, b) => conv2d(x, w, b)],
  ['a product turned round', [2, 520, 9, 9], [170, 520, 1, 1], (x, w, b) => conv2d(x, w, b)],
  ['depthwise', [3, 9, 14, 15], [9, 1, 3, 3], (x, w, b) => conv2d(x, w, b, { padding: 1, groups: 9 })],
  ['depthwise, narrow', [3, 9, 7, 5], [18, 1, 3, 3], (x, w, b) => conv2d(x, w, b, { padding: 1, groups: 9 })],
  ['of whole images', [6, 3, 5, 4], [11, 3, 5, 4], (x, w, b) => conv2d(x, w, b)],
];

type Tail = readonly [name: string, tail: (y: Tensor, r: Tensor) => Tensor];
const tails: readonly Tail[] = [
  ['relu', (y) => relu(y)],
  ['silu', (y) => F.silu(y)],
  ['a sum', (y, r) => r.add(y)],
  ['gelu and a sum', (y, r) => F.gelu(y).add(r)],
  ['a sum and relu', (y, r) => relu(y.add(r))],
  ['a norm', (y) => ofChannels(y, (m, s, c) => y.sub(m).mul(s).add(c))],
  ['a norm without a scale', (y) => ofChannels(y, (m, _, c) => y.sub(m).add(c))],
  ['a norm, a sum and relu', (y, r) => ofChannels(y, (m, s, c) => relu(y.sub(m).mul(s).add(c).add(r)))],
];

/** Calls `fn` with three tensors of one number a channel of `y`. */
function ofChannels(y: Tensor, fn: (m: Tensor, s: Tensor, c: Tensor) => Tensor): Tensor {
  const channels = y.shape[1]!;
  const numbers = channelNumbers.get(`${y.dtype} ${channels}`);
  const made = numbers ?? [0.3, 1.7, -0.2].map((at) => arange(channels).mul(0.01).add(at).to(y.dtype));
  channelNumbers.set(`${y.dtype} ${channels}`, made);
  const shape = [channels, ...y.shape.slice(2).map(() => 1)];
  const [m, s, c] = made.map((each) => each.reshape(shape)) as [Tensor, Tensor, Tensor];
  return fn(m, s, c);
}
const channelNumbers = new Map<string, Tensor[]>();

function operands([, x, w, conv]: Way, dtype: 'float32' | 'float64'): Tensor[] {
  const [input, weight, bias] = [randn([...x]), randn([...w]), randn([w[0]!])];
  const like = conv(input, weight, bias).shape;
  return [input, weight, bias, randn([...like])].map((t) => t.to(dtype));
}

describe.runIf(native)('convolutions and what follows', () => {
  describe.each(ways)('%s', (...way) => {
    it.each(tails)('%s', (_name, tail) => {
      for (const dtype of ['float32', 'float64'] as const) {
        manualSeed(3);
        const [first, second] = [operands(way, dtype), operands(way, dtype)];
        const fn = (x: Tensor, w: Tensor, b: Tensor, r: Tensor) => noGrad(() => tail(way[3](x, w, b), r));
        const run = (args: readonly Tensor[]) => bits(fn(...(args as [Tensor, Tensor, Tensor, Tensor])));
        const plain = [run(first), run(second)];
        const { program, results } = record(
          (...args) => fn(...(args as [Tensor, Tensor, Tensor, Tensor])),
          first,
          { passes },
        );
        expect(bits(results[0]!)).toBe(plain[0]);
        expect(program.describe().nodes.map((node) => node.op)).toEqual(['convFinished']);
        expect(bits(replay(program, second)[0]!)).toBe(plain[1]);
      }
    });
  });

  it('has the same bits with any number of threads', () => {
    const atStart = info().threads;
    manualSeed(5);
    for (const way of ways) {
      const args = operands(way, 'float32');
      const { program } = record((x, w, b, r) => relu(way[3](x, w, b).add(r)), args, { passes });
      const made = [1, 2, 3, 7, 16].map((threads) => {
        setNumThreads(threads);
        return bits(replay(program, args)[0]!);
      });
      expect(new Set(made).size, way[0]).toBe(1);
    }
    setNumThreads(atStart);
  });

  it('takes Infinity the direct way and finishes that', () => {
    manualSeed(5);
    const way = ways.find(([name]) => name === 'by Winograd')!;
    const args = operands(way, 'float32');
    args[0]!.select(0, 0).select(0, 0).select(0, 0).narrow(0, 0, 1).fill_(Infinity);
    const fn = (...[x, w, b, r]: readonly Tensor[]) => relu(way[3](x!, w!, b!).add(r!));
    const wanted = bits(fn(...args));
    const { program } = record(fn, args, { passes });
    expect(bits(replay(program, args)[0]!)).toBe(wanted);
  });

  const plain = (fn: (x: Tensor, w: Tensor, b: Tensor) => readonly Tensor[]): string[] => {
    manualSeed(5);
    const args = operands(ways[0]!, 'float32').slice(0, 3);
    const run = (list: readonly Tensor[]) => fn(...(list.map((t) => t.clone()) as [Tensor, Tensor, Tensor]));
    const wanted = run(args).map(bits);
    const copies = args.map((t) => t.clone());
    const { program, results } = record((x, w, b) => fn(x, w, b), copies, { passes });
    expect(results.map(bits)).toEqual(wanted);
    expect(
      replay(
        program,
        args.map((t) => t.clone()),
      ).map(bits),
    ).toEqual(wanted);
    return program.describe().nodes.map((node) => node.op);
  };
  const conv = (x: Tensor, w: Tensor, b: Tensor) => conv2d(x, w, b, { padding: 1 });

  it('takes two that are added', () => {
    expect(plain((x, w, b) => [relu(conv(x, w, b).add(conv(x, w.mul(2), b)))])).toEqual([
      'mul',
      'convolution',
      'convFinished',
    ]);
  });

  it('leaves what is read twice, given out, or read after a write in between', () => {
    expect(
      plain((x, w, b) => {
        const y = conv(x, w, b);
        return [relu(y).mul(y)];
      }),
    ).toEqual(['convolution', 'relu', 'mul']);
    expect(
      plain((x, w, b) => {
        const y = conv(x, w, b);
        return [relu(y), y];
      }),
    ).toEqual(['convolution', 'relu']);
    expect(
      plain((x, w, b) => {
        const y = conv(x, w, b);
        w.mul_(0.5);
        return [relu(y), w.sum()];
      }),
    ).toEqual(['convolution', 'mul', 'relu', 'sum']);
  });

  it('leaves 16-bit floats, which are rounded after each op', () => {
    manualSeed(5);
    const args = operands(ways[0]!, 'float32').map((t) => t.to('bfloat16'));
    const fn = (...[x, w, b]: readonly Tensor[]) => relu(conv(x!, w!, b!));
    const { program } = record(fn, args, { passes });
    expect(program.describe().nodes.map((node) => node.op)).toEqual(['convolution', 'relu']);
  });

  it('trains: relu is differentiated from its result', () => {
    const make = () => {
      manualSeed(8);
      const model = new nn.Sequential(
        new nn.Conv2d(1, 6, 3),
        new nn.ReLU(),
        new nn.Conv2d(6, 8, 3, { stride: 2 }),
        new nn.ReLU(),
        new nn.Flatten(),
        new nn.Linear(8 * 16, 4),
      );
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
      const [x, y] = [randn([8, 1, 12, 12]), randint(0, 4, [8])];
      return () => {
        optimizer.zeroGrad();
        const loss = crossEntropy(model.forward(x), y);
        loss.backward();
        optimizer.step();
        return loss;
      };
    };
    const eager = make();
    eager();
    const wanted = [0, 1, 2, 3].map(() => bits(eager()));
    const step = make();
    step();
    const { program, results } = record(step, [], { passes });
    expect(program.describe().nodes.filter(({ op }) => op === 'convFinished').length).toBe(2);
    expect([bits(results[0]!), ...[1, 2, 3].map(() => bits(replay(program, [])[0]!))]).toEqual(wanted);
  });
});
