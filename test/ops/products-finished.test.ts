import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import { F, info, manualSeed, randn, setNumThreads, type FloatDType, type Tensor } from '../../lib/index.js';

// linearFinished is a layer, an activation and a sum in one pass, and linearPack makes the weight that it reads instead of
// packing one each time: what a compiled step fuses and hoists. Both give the bits of the ops one by one.

const activations = {
  none: (x: Tensor) => x,
  relu: (x: Tensor) => x.relu(),
  gelu: (x: Tensor) => F.gelu(x),
  geluTanh: (x: Tensor) => F.gelu(x, { approximate: 'tanh' }),
  silu: (x: Tensor) => F.silu(x),
  sigmoid: (x: Tensor) => x.sigmoid(),
  tanh: (x: Tensor) => x.tanh(),
} as const;

type Activation = keyof typeof activations;

interface Extras {
  readonly bias?: Tensor;
  readonly residual?: Tensor;
  readonly packed?: Tensor;
}

function finished(x: Tensor, weight: Tensor, activation: Activation, extras: Extras = {}): Tensor {
  const { bias = null, residual = null, packed = null } = extras;
  return backend.run('linearFinished', [x, weight, bias, residual, packed], { activation })[0]!;
}
const pack = (weight: Tensor): Tensor => backend.run('linearPack', [weight], {})[0]!;

// Rows, columns and depths: dot products, few rows, columns packed by each thread, packed whole, in turns, long sums.
const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 70, 300],
  [1, 1, 40],
  [3, 33, 20],
  [12, 50, 200],
  [12, 50, 30],
  [70, 300, 40],
  [100, 300, 600],
  [300, 1, 30],
  [300, 40, 20],
  [300, 200, 700],
  [1100, 1100, 300],
  [40, 33, 9000],
];
const dtypes: readonly FloatDType[] = ['float32', 'float64', 'bfloat16', 'float16'];

function expectSame(actual: Tensor, expected: Tensor): void {
  expect(actual.dtype).toBe(expected.dtype);
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.eq(expected).all().item()).toBe(true);
}

describe.runIf(info().name === 'native').each(dtypes)('%s', (dtype) => {
  describe.each(shapes)('[%i, %i] of depth %i', (m, n, k) => {
    const make = () => {
      manualSeed(1);
      const x = randn([m, k], { dtype });
      const weight = randn([n, k], { dtype }).mul(k ** -0.5);
      return { x, weight, bias: randn([n], { dtype }), residual: randn([m, n], { dtype }) };
    };

    test.each(Object.keys(activations) as Activation[])('%s', (activation) => {
      const { x, weight, bias, residual } = make();
      const after = activations[activation];
      expectSame(finished(x, weight, activation), after(F.linear(x, weight)));
      expectSame(finished(x, weight, activation, { bias }), after(F.linear(x, weight, bias)));
      const expected = after(F.linear(x, weight, bias)).add(residual);
      expectSame(finished(x, weight, activation, { bias, residual }), expected);
    });

    test('a packed weight', () => {
      const { x, weight, bias, residual } = make();
      const packed = pack(weight);
      const expected = F.linear(x, weight, bias);
      expectSame(finished(x, weight, 'none', { bias, packed }), expected);
      expectSame(finished(x, weight, 'silu', { bias, residual, packed }), F.silu(expected).add(residual));
      const turned = weight.t().contiguous().t();
      expectSame(pack(turned), packed);
      const few = x.slice(0, { stop: Math.ceil(m / 2) });
      expectSame(finished(few, weight, 'none', { packed }), F.linear(few, weight));
    });
  });

  test('any number of threads', () => {
    const threads = info().threads;
    const [x, weight, residual] = [
      randn([300, 700], { dtype }),
      randn([200, 700], { dtype }),
      randn([300, 200], { dtype }),
    ] as const;
    const run = (count: number) => {
      setNumThreads(count);
      return finished(x, weight, 'gelu', { residual, packed: pack(weight) });
    };
    const first = run(1);
    for (const count of [2, 3, 7, 16]) expectSame(run(count), first);
    setNumThreads(threads);
  });

  test('a batch, a vector', () => {
    const [x, weight] = [randn([3, 5, 20], { dtype }), randn([8, 20], { dtype })];
    expectSame(finished(x, weight, 'relu'), F.linear(x, weight).relu());
    const row = x.select(0, 0).select(0, 0);
    expectSame(finished(row, weight, 'relu', { packed: pack(weight) }), F.linear(row, weight).relu());
  });

  test('operands that do not fit are refused', () => {
    const [x, weight] = [randn([4, 20], { dtype }), randn([8, 20], { dtype })];
    expect(() => finished(x, weight, 'none', { residual: randn([4, 9], { dtype }) })).toThrow(
      /\[linearFinished\] residual must be a row-major/,
    );
    expect(() => finished(x, weight, 'none', { residual: randn([8, 4], { dtype }).t() })).toThrow(/residual/);
    expect(() => finished(x, weight, 'none', { packed: pack(randn([21, 9], { dtype })) })).toThrow(
      /\[linearFinished\] packed must be what linearPack made/,
    );
    expect(() => pack(randn([8], { dtype }))).toThrow(/\[linearPack\] weight must be \[out, in\]/);
  });
});
