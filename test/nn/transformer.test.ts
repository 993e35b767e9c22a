import { describe, expect, test } from 'vitest';
import {
  IndexError,
  AutogradError,
  DTypeError,
  gradcheck,
  manualSeed,
  matmul,
  nn,
  noGrad,
  ones,
  randn,
  ShapeError,
  tensor,
  transpose,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';

/** Largest difference of two tensors. */
function apart(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  return a.sub(b).abs().max().item();
}

const causal = (size: number): Tensor => nn.Transformer.generateSquareSubsequentMask(size);
const padding = tensor([
  [false, false, false, true],
  [false, false, true, true],
]);

describe('MultiheadAttention', () => {
  manualSeed(0);
  const batchFirst = new nn.MultiheadAttention(6, 2, { batchFirst: true });
  const sequenceFirst = new nn.MultiheadAttention(6, 2);
  sequenceFirst.loadStateDict(batchFirst.stateDict());
  const x = randn([2, 4, 6]);
  const y = randn([2, 3, 6]);

  test('the path without weights gives what the one with weights gives', () => {
    for (const options of [
      {},
      { isCausal: true },
      { attnMask: causal(4) },
      { keyPaddingMask: padding },
      { keyPaddingMask: padding, isCausal: true },
      { keyPaddingMask: padding, attnMask: causal(4) },
      { attnMask: causal(4).expand([4, 4, 4]) },
    ]) {
      const [slow, weights] = batchFirst.forward(x, x, x, options);
      const [fast, none] = batchFirst.forward(x, x, x, { ...options, needWeights: false });
      expect(weights?.shape).toEqual([2, 4, 4]);
      expect(none).toBeNull();
      expect(apart(slow, fast)).toBeLessThan(2e-6);
    }
  });

  test('isCausal is the causal mask', () => {
    for (const needWeights of [true, false]) {
      const [a] = batchFirst.forward(x, x, x, { isCausal: true, needWeights });
      const [b] = batchFirst.forward(x, x, x, { attnMask: causal(4), needWeights });
      const [c] = batchFirst.forward(x, x, x, { attnMask: causal(4).lt(0), needWeights });
      expect(apart(a, b)).toBeLessThan(2e-6);
      expect(apart(a, c)).toBeLessThan(2e-6);
    }
  });

  test('both orders of the dims', () => {
    const turn = (t: Tensor): Tensor => transpose(t, 0, 1);
    for (const needWeights of [true, false]) {
      const [a] = batchFirst.forward(x, y, y, { needWeights });
      const [b] = sequenceFirst.forward(turn(x), turn(y), turn(y), { needWeights });
      expect(apart(a, turn(b))).toBeLessThan(2e-6);
    }
  });

  test('without N', () => {
    for (const needWeights of [true, false]) {
      const [a, weights] = batchFirst.forward(x.select(0, 1), x.select(0, 1), x.select(0, 1), {
        needWeights,
      });
      expect(apart(a, batchFirst.forward(x, x, x)[0].select(0, 1))).toBeLessThan(2e-6);
      expect(weights?.shape).toEqual(needWeights ? [4, 4] : undefined);
    }
  });

  test('weights per head sum to 1 and average to the mean', () => {
    const [, heads] = batchFirst.forward(x, y, y, { averageAttnWeights: false });
    const [, mean] = batchFirst.forward(x, y, y);
    expect(heads?.shape).toEqual([2, 2, 4, 3]);
    expect(apart(heads!.sum({ dim: -1 }), heads!.sum({ dim: -1 }).mul(0).add(1))).toBeLessThan(1e-6);
    expect(apart(heads!.mean({ dim: 1 }), mean!)).toBeLessThan(1e-6);
  });

  test('keys and values of other sizes, joined places', () => {
    const other = new nn.MultiheadAttention(6, 3, { kdim: 5, vdim: 4, batchFirst: true });
    expect(Object.keys(other.stateDict())).toEqual([
      'q_proj_weight',
      'k_proj_weight',
      'v_proj_weight',
      'in_proj_bias',
      'out_proj.weight',
      'out_proj.bias',
    ]);
    expect(other.forward(x, randn([2, 3, 5]), randn([2, 3, 4]))[0].shape).toEqual([2, 4, 6]);
    const joined = new nn.MultiheadAttention(6, 3, { addBiasKv: true, addZeroAttn: true, batchFirst: true });
    expect(joined.forward(x, y, y)[1]?.shape).toEqual([2, 4, 5]);
    expect(joined.forward(x, y, y, { needWeights: false })[0].shape).toEqual([2, 4, 6]);
  });

  test('gradients of both paths', () => {
    const module = new nn.MultiheadAttention(4, 2, { dtype: 'float64', batchFirst: true });
    const input = randn([1, 3, 4], { dtype: 'float64', requiresGrad: true });
    for (const needWeights of [true, false]) {
      const fn = (q: Tensor): Tensor => module.forward(q, q, q, { needWeights, isCausal: true })[0];
      expect(gradcheck(fn, [input])).toBe(true);
    }
  });

  test('drops in training only', () => {
    const module = new nn.MultiheadAttention(4, 2, { dropout: 0.5, batchFirst: true });
    const input = randn([2, 8, 4]);
    const run = (): Tensor => module.forward(input, input, input, { needWeights: false })[0];
    expect(apart(run(), run())).toBeGreaterThan(0);
    module.eval();
    expect(apart(run(), run())).toBe(0);
  });

  test('counts its multiply-adds', () => {
    const wanted = 2 * (3 * 4 * 4 + 5 * 4 * 4 + 5 * 4 * 4 + 3 * 5 * 4 + 3 * 5 * 4 + 3 * 4 * 4);
    const first = new nn.MultiheadAttention(4, 2, { batchFirst: true });
    expect(
      first.multiplyAdds({
        inputs: [
          [2, 3, 4],
          [2, 5, 4],
          [2, 5, 4],
        ],
        outputs: [],
      }),
    ).toBe(wanted);
    const second = new nn.MultiheadAttention(4, 2);
    expect(
      second.multiplyAdds({
        inputs: [
          [3, 2, 4],
          [5, 2, 4],
          [5, 2, 4],
        ],
        outputs: [],
      }),
    ).toBe(wanted);
    expect(
      second.multiplyAdds({
        inputs: [
          [3, 4],
          [5, 4],
          [5, 4],
        ],
        outputs: [],
      }),
    ).toBe(wanted / 2);
    const lstm = new nn.LSTM(3, 4, { bidirectional: true });
    expect(lstm.multiplyAdds({ inputs: [[5, 2, 3]], outputs: [] })).toBe(5 * 2 * 2 * 16 * (3 + 4));
  });

  test('says what does not fit', () => {
    expect(() => new nn.MultiheadAttention(6, 4)).toThrow(/numHeads: got 4, wanted a divisor of embedDim, 6/);
    expect(() => batchFirst.forward(x, randn([2, 3, 5]), y)).toThrow(ShapeError);
    expect(() => batchFirst.forward(x, randn([3, 3, 6]), randn([3, 3, 6]))).toThrow(/wanted \[N, L, 6\]/);
    expect(() => batchFirst.forward(x, y, y, { attnMask: zeros([3, 3]), needWeights: false })).toThrow(
      ShapeError,
    );
    expect(() => batchFirst.forward(x, y, y, { mask: null } as never)).toThrow(/mask/);
    expect(() => new nn.MultiheadAttention(6, 2, { heads: 2 } as never)).toThrow(/heads/);
  });
});

describe('masks of MultiheadAttention', () => {
  const layer = new nn.MultiheadAttention(4, 2, { batchFirst: true });
  const x = ones([3, 5, 4]);
  const mask = (shape: readonly number[]): Tensor => zeros(shape, { dtype: 'bool' });

  test.each([
    [
      { keyPaddingMask: mask([5, 3]) },
      /^\[MultiheadAttention\] keyPaddingMask is \[5, 3\], wanted \[3, 5\]$/,
    ],
    [{ keyPaddingMask: mask([5]) }, /keyPaddingMask is \[5\], wanted \[3, 5\]/],
    [{ attnMask: mask([4, 5]) }, /attnMask is \[4, 5\], wanted \[5, 5\] or \[6, 5, 5\]/],
    [{ attnMask: mask([3, 5, 5]) }, /attnMask is \[3, 5, 5\], wanted \[5, 5\] or \[6, 5, 5\]/],
    [{ attnMask: zeros([5, 5], { dtype: 'int64' }) }, /attnMask is int64, wanted bool or a floating/],
  ])('%#', (options, wanted) => {
    for (const needWeights of [true, false])
      expect(() => layer.forward(x, x, x, { ...options, needWeights })).toThrow(wanted);
  });

  test('those that fit', () => {
    for (const needWeights of [true, false]) {
      for (const options of [
        { keyPaddingMask: mask([3, 5]) },
        { attnMask: mask([1, 5]) },
        { attnMask: mask([6, 5, 5]) },
      ])
        expect(layer.forward(x, x, x, { ...options, needWeights })[0].shape).toEqual([3, 5, 4]);
      const one = ones([5, 4]);
      const options = { keyPaddingMask: mask([5]), attnMask: mask([2, 5, 5]), needWeights };
      expect(layer.forward(one, one, one, options)[0].shape).toEqual([5, 4]);
    }
  });
});

describe('KVCache', () => {
  const layer = new nn.TransformerEncoderLayer(8, 2, {
    dimFeedforward: 16,
    batchFirst: true,
    normFirst: true,
  });
  const decoder = new nn.TransformerEncoder(layer, 2).eval();
  const x = randn([2, 9, 8]);
  const whole = decoder.forward(x, { isCausal: true });

  test.each([[[1, 1, 1, 1, 1, 1, 1, 1, 1]], [[4, 1, 1, 1, 1, 1]], [[3, 3, 3]], [[9]]])(
    'places in steps of %j give what all at once give',
    (steps) => {
      // Room for 2 places at first, so that it grows on the way.
      const caches = Array.from({ length: 2 }, () => new nn.KVCache({ capacity: 2 }));
      let at = 0;
      for (const count of steps) {
        const part = noGrad(() => decoder.forward(x.narrow(1, at, count), { isCausal: true, caches }));
        expect(apart(part, whole.narrow(1, at, count))).toBeLessThan(1e-5);
        at += count;
        expect(caches[0]?.length).toBe(at);
      }
    },
  );

  test.each([[[1, 1, 1, 1, 1, 1, 1, 1, 1]], [[4, 1, 1, 1, 1, 1]], [[3, 3, 3]], [[9]]])(
    'with maxLength too, in steps of %j',
    (steps) => {
      const caches = Array.from({ length: 2 }, () => new nn.KVCache({ maxLength: 11 }));
      let at = 0;
      for (const count of steps) {
        expect(caches[1]!.positions(2).tolist()).toEqual([at, at + 1]);
        const part = noGrad(() => decoder.forward(x.narrow(1, at, count), { isCausal: true, caches }));
        expect(apart(part, whole.narrow(1, at, count))).toBeLessThan(1e-5);
        at += count;
        expect([caches[0]?.length, caches[0]?.keyLength?.item()]).toEqual([at, at]);
      }
    },
  );

  test('with maxLength there are masks of keys for all places', () => {
    const cache = new nn.KVCache({ maxLength: 6 });
    const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true }).eval();
    const options = { needWeights: false, isCausal: true };
    const hidden = tensor([[false, true, false, false, false, false], [true, false, false, true, false, false]]); // prettier-ignore
    const given = x.narrow(1, 0, 4);
    const [wanted] = attention.forward(given, given, given, {
      ...options,
      keyPaddingMask: hidden.narrow(1, 0, 4),
    });
    noGrad(() => {
      for (let at = 0; at < 4; at += 2) {
        const part = given.narrow(1, at, 2);
        const [output] = attention.forward(part, part, part, { ...options, keyPaddingMask: hidden, cache });
        expect(apart(output, wanted.narrow(1, at, 2))).toBeLessThan(1e-5);
      }
    });
  });

  test('with maxLength it says when it is full, and starts anew', () => {
    const cache = new nn.KVCache({ maxLength: 4 });
    noGrad(() => {
      const [keys, values] = cache.append(ones([1, 2, 3, 4]), zeros([1, 2, 3, 5]));
      expect([keys.shape, values.shape]).toEqual([[1, 2, 4, 4], [1, 2, 4, 5]]); // prettier-ignore
      const twoMore = (): unknown => cache.append(ones([1, 2, 2, 4]), ones([1, 2, 2, 5]));
      expect(twoMore).toThrow(IndexError);
      expect(twoMore).toThrow('[KVCache] got 2 further places, wanted no more than maxLength, 4, in all');
      expect(() => cache.append(ones([2, 2, 1, 4]), ones([2, 2, 1, 5]))).toThrow(/wanted \[1, 2, L, 4\]/);
      expect(cache.length).toBe(3);
      cache.clear();
      expect([cache.length, cache.positions().tolist()]).toEqual([0, [0]]);
      const [other] = cache.append(ones([2, 1, 1, 4]), ones([2, 1, 1, 5]));
      expect([other.shape, cache.length]).toEqual([[2, 1, 4, 4], 1]);
    });
    expect(() => new nn.KVCache({ maxLength: 0 })).toThrow(ValueError);
    expect(() => new nn.KVCache({ maxLength: 4, capacity: 4 })).toThrow(/wanted one of them/);
  });

  test('clear starts anew, with another batch too', () => {
    const cache = new nn.KVCache({ capacity: 4 });
    noGrad(() => {
      cache.append(randn([1, 2, 3, 4]), randn([1, 2, 3, 4]));
      cache.clear();
      expect(cache.length).toBe(0);
      const keys = randn([3, 2, 5, 4]);
      const [stored] = cache.append(keys, keys);
      expect(stored.tolist()).toEqual(keys.tolist());
    });
  });

  test('what it gave stays as more is appended', () => {
    const cache = new nn.KVCache({ capacity: 1 });
    noGrad(() => {
      const first = randn([1, 1, 1, 2]);
      const [early] = cache.append(first, first);
      for (let i = 0; i < 5; ++i) cache.append(randn([1, 1, 1, 2]), randn([1, 1, 1, 2]));
      expect(early.tolist()).toEqual(first.tolist());
    });
  });

  test('says what does not fit', () => {
    const cache = new nn.KVCache();
    const one = zeros([1, 2, 1, 4]);
    expect(() => cache.append(one, one)).toThrow(AutogradError);
    noGrad(() => {
      cache.append(one, one);
      expect(() => cache.append(zeros([2, 2, 1, 4]), zeros([2, 2, 1, 4]))).toThrow(ShapeError);
      expect(() => cache.append(zeros([2, 2]), one)).toThrow(/wanted \[N, H, L, D\]/);
      const caches = [cache];
      expect(() => decoder.forward(x, { caches })).toThrow(/got 1, wanted one of each of the 2 layers/);
    });
    expect(() => new nn.KVCache({ capacity: 0 })).toThrow(ValueError);
  });
});

describe('stacks', () => {
  test('layers are copies', () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 });
    const stack = new nn.TransformerEncoder(layer, 2);
    expect(apart(stack.layers[0]!.linear1.weight, layer.linear1.weight)).toBe(0);
    noGrad(() => stack.layers[0]!.linear1.weight.fill_(0));
    expect(apart(stack.layers[1]!.linear1.weight, layer.linear1.weight)).toBe(0);
    expect(stack.parameters().length).toBe(2 * layer.parameters().length);
  });

  test('layers may be made by a function', () => {
    const widths: number[] = [];
    const stack = new nn.TransformerDecoder((index) => {
      widths.push(index);
      return new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 8 });
    }, 3);
    expect(widths).toEqual([0, 1, 2]);
    expect(stack.forward(randn([5, 2, 4]), randn([3, 2, 4])).shape).toEqual([5, 2, 4]);
    expect(() => new nn.TransformerEncoder(new nn.Linear(2, 2) as never, 1)).toThrow(/got the layer/);
    expect(() => new nn.TransformerEncoder(() => null as never, 1)).toThrow(/got the layer null/);
  });

  test('the settings of a layer are those of its parts', () => {
    const layer = new nn.TransformerDecoderLayer(4, 2, { dropout: 0.25, activation: 'gelu', bias: false });
    expect([layer.dropout.p, layer.selfAttn.dropout, layer.dropout3.p]).toEqual([0.25, 0.25, 0.25]);
    expect(layer.namedParameters().every(([name]) => !name.endsWith('bias'))).toBe(true);
    const twin = layer.eval().copy();
    const [x, memory] = [randn([2, 1, 4]), randn([3, 1, 4])];
    expect(apart(twin.forward(x, memory), layer.forward(x, memory))).toBe(0);
    expect(() => new nn.TransformerEncoderLayer(4, 2, { activation: 'tanh' } as never)).toThrow(/activation/);
  });

  test('tokens behind do not reach a causal decoder', () => {
    const model = new nn.Transformer({
      dModel: 4,
      nhead: 2,
      numEncoderLayers: 1,
      numDecoderLayers: 1,
      dimFeedforward: 8,
      batchFirst: true,
    }).eval();
    const [src, tgt] = [randn([1, 3, 4]), randn([1, 5, 4])];
    const before = model.forward(src, tgt, { tgtIsCausal: true });
    const changed = tgt.clone();
    changed.select(1, 4).fill_(7);
    const after = model.forward(src, changed, { tgtIsCausal: true });
    expect(apart(before.narrow(1, 0, 4), after.narrow(1, 0, 4))).toBe(0);
    expect(apart(before, after)).toBeGreaterThan(0);
  });
});

describe('positions', () => {
  test('the offset may be a tensor', () => {
    const x = randn([2, 3, 6]);
    for (const layer of [new nn.RoPE(4), new nn.SinusoidalPositionalEncoding(6)]) {
      const wanted = layer.forward(x, { offset: 5 });
      expect(apart(layer.forward(x, { offset: tensor(5) }), wanted)).toBe(0);
      expect(() => layer.forward(x, { offset: tensor([5]) })).toThrow(/wanted a 0-dim tensor/);
      for (const wrong of [0.5, NaN, true])
        expect(() => layer.forward(x, { offset: tensor(wrong) })).toThrow(/wanted a tensor of an integer/);
    }
  });

  test('RoPE turns products into functions of the distance', () => {
    for (const interleaved of [false, true]) {
      const rope = new nn.RoPE(6, { interleaved });
      const [q, k] = [randn([1, 6]), randn([1, 6])];
      const product = (i: number, j: number): number =>
        matmul(rope.forward(q, { offset: i }), transpose(rope.forward(k, { offset: j }), 0, 1)).item();
      expect(product(7, 4)).toBeCloseTo(product(3, 0), 4);
      expect(Math.abs(product(7, 4) - product(7, 5))).toBeGreaterThan(1e-4);
    }
  });

  test('RoPE by the formula', () => {
    const x = tensor([[1, 2, 3, 4, 9]], { dtype: 'float32' });
    const [t0, t1] = [2, 2 / Math.sqrt(100)];
    const turn = (a: number, b: number, t: number): number[] => [
      a * Math.cos(t) - b * Math.sin(t),
      a * Math.sin(t) + b * Math.cos(t),
    ];
    const halves = new nn.RoPE(4, { base: 100 }).forward(x, { offset: 2 }).tolist() as number[][];
    const [[a, c], [b, d]] = [turn(1, 3, t0), turn(2, 4, t1)] as [[number, number], [number, number]];
    [a, b, c, d, 9].forEach((value, i) => expect(halves[0]![i]).toBeCloseTo(value, 5));
    const pairs = new nn.RoPE(4, { base: 100, interleaved: true }).forward(x, { offset: 2 });
    const wanted = [...turn(1, 2, t0), ...turn(3, 4, t1), 9];
    wanted.forEach((value, i) => expect((pairs.tolist() as number[][])[0]![i]).toBeCloseTo(value, 5));
  });

  test('offsets continue', () => {
    const x = zeros([1, 5, 6]);
    for (const module of [new nn.SinusoidalPositionalEncoding(6), new nn.RoPE(6)]) {
      const whole = module.forward(x.add(1));
      expect(apart(module.forward(x.add(1).narrow(1, 3, 2), { offset: 3 }), whole.narrow(1, 3, 2))).toBe(0);
    }
  });

  test('sinusoids by the formula', () => {
    const waves = new nn.SinusoidalPositionalEncoding(4).forward(zeros([3, 4])).tolist() as number[][];
    for (let p = 0; p < 3; ++p) {
      expect(waves[p]![2]).toBeCloseTo(Math.sin(p / 100), 6);
      expect(waves[p]![3]).toBeCloseTo(Math.cos(p / 100), 6);
    }
  });

  test('alibi bends scores by the distance from the last key on', () => {
    expect(nn.alibi(2, 1, 3).tolist()).toEqual([[[-0.125, -0.0625, -0]], [[-0.0078125, -0.00390625, -0]]]);
    expect(() => nn.alibi(1, 3, 2)).toThrow(ValueError);
  });

  test('says what does not fit', () => {
    expect(() => new nn.RoPE(3)).toThrow(/wanted an even number/);
    expect(() => new nn.RoPE(4).forward(zeros([2, 3]))).toThrow(/wanted \[..., L, 4 or more\]/);
    expect(() => new nn.RoPE(4).forward(zeros([2, 4], { dtype: 'int32' }))).toThrow(DTypeError);
    expect(() => new nn.RoPE(4).forward(zeros([2, 4]), { offset: -1 })).toThrow(ValueError);
    expect(() => new nn.SinusoidalPositionalEncoding(4).forward(zeros([2, 6]))).toThrow(ShapeError);
  });
});

test('an attention with a cache says which option to write', () => {
  const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
  const x = ones([1, 1, 8]);
  const cache = new nn.KVCache();
  expect(() => attention.forward(x, x, x, { cache })).toThrow(/wanted \{ cache, needWeights: false \}/);
  expect(cache.length).toBe(0);
});
