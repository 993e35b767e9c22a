// Plain JavaScript has no types, and this is what it can pass:
/* eslint-disable @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call */
/* eslint-disable @typescript-eslint/no-unsafe-member-access */

import { describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// Input made to break things: sizes whose product overflows, arrays that run code while they are read, imitations of
// tensors, very long lists and chains. None may crash, hang, run another op than the one called, or reach another tensor.

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = any;
const { DTypeError, OutOfMemoryError, ValueError, AutogradError } = lg;

/** An array that runs `code` whenever an element of it is read. */
function watched<T>(values: T[], code: () => void): T[] {
  return new Proxy(values, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) code();
      return Reflect.get(target, key, receiver);
    },
  });
}

const wide = (...shape: number[]) => lg.ones(shape.map(() => 1)).expand(shape);

describe('sizes whose product overflows', () => {
  const rows: [string, () => unknown][] = [
    ['broadcasting to 2^64 elements', () => wide(2 ** 32, 1).add(wide(1, 2 ** 32))],
    ['broadcasting to 2^64 + 2^33 + 1', () => wide(2 ** 32 + 1, 1).add(wide(1, 2 ** 32 + 1))],
    ['where', () => lg.where(lg.tensor([true]), wide(2 ** 32 + 1, 1), wide(1, 2 ** 32 + 1))],
    [
      'indexSelect',
      () => lg.indexSelect(wide(2, 2 ** 40), 0, lg.zeros([1], { dtype: 'int64' }).expand([2 ** 40])),
    ],
    ['embedding', () => lg.embedding(lg.zeros([1], { dtype: 'int64' }).expand([2 ** 40]), wide(4, 2 ** 30))],
    ['outer matmul', () => wide(2 ** 40, 1).matmul(wide(1, 2 ** 40))],
    ['cat', () => lg.cat(Array.from({ length: 1000 }, () => wide(2 ** 45)))],
    ['expand', () => wide(2 ** 31, 2 ** 31, 4)],
    ['beside a size of 0', () => lg.zeros([2 ** 40, 0, 2 ** 40])],
    ['beside a size of 0, expanded', () => lg.zeros([0, 1, 1]).expand([0, 2 ** 40, 2 ** 40])],
  ];
  test.each(rows)('%s', (_, call) => {
    expect(call).toThrow(OutOfMemoryError);
  });

  // The engine ends the process when a native caller asks it for an array beyond its memory.
  test.each([2 ** 33, 2 ** 36, 2 ** 45])('reading %d elements', (count) => {
    expect(() => wide(count).data).toThrow(OutOfMemoryError);
  });
});

// The engine does not throw when an array outgrows its heap, it ends the process.
describe('lists that JavaScript would have to hold', () => {
  const image = lg.ones([1, 1, 2, 2]);
  const rows: [string, () => unknown][] = [
    ['repeatInterleave by a tensor', () => lg.repeatInterleave(lg.ones([2]), lg.tensor([2 ** 40, 1]))],
    ['combinations', () => lg.combinations(wide(2 ** 20), { r: 3 })],
    [
      'combinations of one, with itself',
      () => lg.combinations(wide(1), { r: 2 ** 40, withReplacement: true }),
    ],
    ['unbind', () => wide(2 ** 30).unbind(0)],
    ['split', () => lg.split(wide(2 ** 40), 1)],
    ['chunk of nothing', () => lg.chunk(lg.zeros([0]), 2 ** 40)],
    ['a window', () => lg.signal.windows.hann(2 ** 40)],
    ['interpolate', () => lg.F.interpolate(image, { size: [2 ** 40, 2], mode: 'bilinear' })],
    ['affineGrid', () => lg.F.affineGrid(lg.ones([1, 2, 3]), [1, 1, 1, 2 ** 30])],
  ];
  test.each(rows)('%s', (_, call) => {
    expect(call).toThrow(OutOfMemoryError);
  });
});

describe('arrays that run code while they are read', () => {
  test('dims whose reading runs other ops', () => {
    const x = lg.ones([2, 3]);
    const dim = watched([0], () => void lg.full([5], 7).add(1));
    expect(lg.sum(x, { dim }).tolist()).toEqual([2, 2, 2]);
  });

  test('a shape whose reading runs other ops', () => {
    const shape = watched([3, 2], () => void lg.matmul(lg.ones([2, 2]), lg.ones([2, 2])));
    expect(lg.ones([2, 3]).reshape(shape).shape).toEqual([3, 2]);
  });

  test('a shape whose iterator lies', () => {
    const shape = [3, 2];
    shape[Symbol.iterator] = function* () {
      yield 3;
      yield 2;
      lg.cat([lg.ones([3]), lg.ones([2])]);
      yield 2 ** 40;
      return undefined;
    };
    expect(lg.ones([6]).reshape(shape).shape).toEqual([3, 2]);
    expect(lg.tensor(shape, { dtype: 'float32' }).shape).toEqual([2]);
  });

  test('a list of tensors whose reading runs other ops', () => {
    const list = watched([lg.ones([1]), lg.zeros([2])], () => void lg.stack([lg.ones([2]), lg.ones([2])]));
    expect(lg.cat(list).tolist()).toEqual([1, 0, 0]);
  });

  test('a list of tensors that shrinks while it is read', () => {
    const tensors = [lg.ones([1]), lg.ones([1]), lg.ones([1])];
    expect(() => lg.cat(watched(tensors, () => (tensors.length = 1)))).toThrow(DTypeError);
  });

  test('outputs of grad that are freed while they are read', () => {
    const x = lg.ones([2], { requiresGrad: true });
    const y = x.mul(2).sum();
    const roots = watched([y], () => void lg.full([3], 1).add(1));
    expect(lg.grad(roots, x)[0].tolist()).toEqual([2, 2]);
  });

  test('an option that frees the operand', () => {
    const x = lg.ones([2, 3]);
    const options = {
      get dim() {
        x.dispose();
        return 0;
      },
    };
    expect(() => x.sum(options)).toThrow(lg.DisposedError);
  });
});

describe('what is no tensor', () => {
  const imitation = () => Object.create(lg.Tensor.prototype) as Tensor;

  test.each<[string, (x: Tensor) => unknown]>([
    ['shape', (x) => x.shape],
    ['data', (x) => x.data],
    ['dispose', (x) => x.dispose()],
    ['requiresGrad', (x) => (x.requiresGrad = true)],
    ['grad', (x) => x.grad],
    ['add', (x) => x.add(1)],
    ['add_', (x) => x.add_(1)],
    ['keep', (x) => lg.keep(x)],
  ])('an object made from the prototype: %s', (_, use) => {
    const x = lg.ones([2]);
    expect(() => use(imitation())).toThrow(lg.LanegradError);
    expect(x.tolist()).toEqual([1, 1]);
    expect(x.requiresGrad).toBe(false);
  });

  test('a tensor made with new', () => {
    expect(() => new (lg.Tensor as Loose)([1])).toThrow(/use tensor\(data\)/);
  });

  test.each([
    ['an object', {}],
    ['an array', [1]],
    ['undefined', undefined],
    ['an imitation', imitation()],
  ])('a gradient that is %s', (_, value) => {
    const x = lg.ones([1]);
    expect(() => ((x as Loose).grad = value)).toThrow(DTypeError);
  });

  test('a tensor as its own gradient, which nothing could free', () => {
    const x = lg.ones([1]);
    expect(() => (x.grad = x)).toThrow(AutogradError);
  });

  test('what structuredClone leaves of a tensor', () => {
    const left: Tensor = structuredClone(lg.ones([1]));
    if (lg.info().name === 'js') expect(() => lg.exp(left)).toThrow(DTypeError);
    else expect(() => lg.exp(left)).toThrow(/structuredClone or postMessage/);
  });

  const cyclic: unknown[] = [];
  cyclic.push(cyclic, cyclic);
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  test.each([
    ['an array that holds itself', cyclic],
    ['a revoked proxy', revoked.proxy],
    [
      'a throwing getter',
      {
        get constructor(): never {
          throw new TypeError('mine');
        },
      },
    ],
    ['a name that is a symbol', { constructor: { name: Symbol('x') } }],
    ['no prototype', Object.create(null)],
  ])('an error can show %s', (_, value) => {
    expect(() => (lg.ones([1]) as Loose).add(value)).toThrow(DTypeError);
  });
});

describe('long lists and chains', () => {
  test('an array of 2^32 - 1 holes', () => {
    expect(() => lg.cat(new Array<Tensor>(2 ** 32 - 1))).toThrow(DTypeError);
  });

  test('a list of 70,000 tensors, and its gradient', () => {
    const x = lg.ones([1], { requiresGrad: true });
    lg.cat(Array.from({ length: 70_000 }, () => x))
      .sum()
      .backward();
    expect(x.grad?.item()).toBe(70_000);
  });

  test('an optimizer of 40,000 parameters', () => {
    const params = Array.from({ length: 40_000 }, () => lg.nn.parameter(lg.ones([1])));
    const optimizer = new lg.optim.SGD(params, { lr: 0.5 });
    for (const param of params) param.grad = lg.ones([1]);
    optimizer.step();
    expect(params.every((param) => param.item() === 0.5)).toBe(true);
  });

  test('a custom op of 40,000 inputs, differentiated twice', () => {
    const xs = Array.from({ length: 40_000 }, (): Tensor => lg.full([1], 3.5, { requiresGrad: true }));
    const last = xs[39_999]!;
    const op = lg.customOp({
      forward: (ctx, ...args: Tensor[]): Tensor => {
        ctx.save(args[39_999]!);
        return args[39_999]!.square();
      },
      backward: (ctx, g) => xs.map((_, i) => (i === 39_999 ? g!.mul(ctx.saved[0]!).mul(2) : null)),
    });
    const [first] = lg.grad(op(...xs), [last], { createGraph: true });
    expect(first.item()).toBe(7);
    expect(lg.grad(first, [last])[0].item()).toBe(2);
  });

  test('a view of a view, 50,000 times: neither memory nor time of their square', () => {
    const held: Tensor[] = [];
    let x: Tensor = lg.ones([2, 3]);
    for (let i = 0; i < 50_000; ++i) held.push((x = x.t()));
    x.mul_(2);
    expect(held[0]!.tolist()).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    for (const view of held) view.dispose();
  });

  test('history through 1,000 views', () => {
    const x = lg.ones([2, 2], { requiresGrad: true });
    const base = x.mul(1);
    let view = base;
    for (let i = 0; i < 1001; ++i) view = view.t();
    view.select(0, 0).mul_(3);
    base.sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [3, 1],
      [3, 1],
    ]);
  });

  test('tidy returns 50,000 tensors', () => {
    expect(lg.tidy(() => Array.from({ length: 50_000 }, () => lg.ones([])))).toHaveLength(50_000);
  });

  test('tidy returns what is reached in a million million ways', () => {
    let tree: unknown = [lg.ones([1])];
    for (let i = 0; i < 12; ++i) tree = Array.from({ length: 10 }, () => tree);
    expect(lg.tidy(() => tree)).toBe(tree);
  });
});

describe('data', () => {
  test.each([2n ** 63n, -(2n ** 64n), 2n ** 70n])('the bigint %d, beyond int64', (value) => {
    expect(() => lg.tensor([value])).toThrow(/int64 cannot hold/);
  });

  test('a number beyond int64', () => {
    expect(() => lg.tensor([1e300], { dtype: 'int64' })).toThrow(/int64 cannot hold/);
  });

  test('the least and the largest int64', () => {
    const edges = [-(2n ** 63n), 2n ** 63n - 1n];
    expect([...lg.tensor(edges).data]).toEqual(edges);
  });

  test.each<[string, (x: Float32Array) => unknown]>([
    [
      'of a transferred buffer',
      (x) => x.length && structuredClone(null, { transfer: [x.buffer as ArrayBuffer] }),
    ],
    ['whose length lies', (x) => Object.defineProperty(x, 'length', { value: 1e6 })],
    ['whose length is NaN', (x) => Object.defineProperty(x, 'length', { value: NaN })],
  ])('an array %s while it is read', (_, spoil) => {
    const x = new Float32Array(1000);
    const options = {
      get dtype() {
        spoil(x);
        return 'float32' as const;
      },
    };
    // Of the memory that the array really has, nothing else.
    try {
      expect(lg.tensor(x, options).numel()).toBe(1000);
    } catch (error) {
      expect(error).toBeInstanceOf(lg.LanegradError);
    }
  });

  test('attributes of a custom op that hold themselves', () => {
    const op = lg.customOp({
      forward: (ctx, x: Tensor) => {
        ctx.attrs['self'] = ctx.attrs;
        return x.mul(2);
      },
      backward: (_, g) => g,
    });
    expect(() => op(lg.ones([1], { requiresGrad: true }))).toThrow(ValueError);
  });
});
