import { describe, expect, it } from 'vitest';
import { dtypes, promoteTypes, type DType } from '../../lib/dtype.js';
import { LanegradError } from '../../lib/errors.js';
import { opRecords, type OpAttrs, type OpName } from '../../lib/backend/op-schema.gen.js';
import type { OpInput } from '../../lib/backend/backend.js';
import { erf } from '../../lib/backend/reference/special.js';
import { Philox } from '../../lib/backend/reference/philox.js';
import { makeKit, numbers, product, type T } from './reference-kit.js';

const k = makeKit();
const dtypeOf = (t: T): DType => k.backend.info(t).dtype;

describe('promotion', () => {
  it.each([
    ['float32', 2, 'float32'],
    ['float32', 2.5, 'float32'],
    ['int32', 2, 'int32'],
    ['int32', 2.5, 'float32'],
    ['bool', 1, 'int64'],
    ['bool', 0.5, 'float32'],
    ['bool', true, 'bool'],
    ['uint8', true, 'uint8'],
    ['float64', 2.5, 'float64'],
  ] as const)('%s and the number %s give %s', (dtype, value, wanted) => {
    expect(dtypeOf(k.run('add', [k.tensor([1, 0], [2], dtype), value]))).toBe(wanted);
  });

  it('orders the dtypes, and lets 0-dim tensors widen the kind only', () => {
    for (const a of dtypes) {
      for (const b of dtypes) {
        const wider = promoteTypes(a, b);
        expect(dtypeOf(k.run('add', [k.tensor([1], [1], a), k.tensor([1], [1], b)]))).toBe(wider);
      }
    }
    expect(dtypeOf(k.run('add', [k.tensor([1], [1], 'float32'), k.tensor([1], [], 'float64')]))).toBe(
      'float32',
    );
    expect(dtypeOf(k.run('add', [k.tensor([1], [1], 'int32'), k.tensor([1], [], 'float64')]))).toBe(
      'float64',
    );
    expect(dtypeOf(k.run('div', [k.tensor([1], [1], 'int32'), 2]))).toBe('float32');
    expect(dtypeOf(k.run('exp', [k.tensor([1], [1], 'bool')]))).toBe('float32');
  });
});

describe('values', () => {
  it('integers wrap and stay exact', () => {
    const big = k.backend.create('int64', [2], BigInt64Array.of(2n ** 62n, -3n));
    expect(Array.from(k.backend.read(k.run('mul', [big, 4])) as BigInt64Array)).toEqual([0n, -12n]);
    expect(Array.from(k.backend.read(k.run('pow', [big, 3])) as BigInt64Array)).toEqual([0n, -27n]);
    const x = k.tensor([2147483647, -5], [2], 'int32');
    expect(k.values(k.run('mul', [x, x]))).toEqual([1, 25]);
    expect(k.values(k.run('add', [x, 1]))).toEqual([-2147483648, -4]);
    expect(k.values(k.run('sum', [x], { dims: [], keepdim: false }))).toEqual([2147483642]);
    expect(k.values(k.run('neg', [k.tensor([1], [1], 'uint8')]))).toEqual([255]);
    expect(k.values(k.run('add', [k.tensor([1], [1], 'uint8'), -3]))).toEqual([254]);
    expect(() => k.run('pow', [x, -1])).toThrow(/negative power/);
    const a = k.tensor([1, 2, 3, 4], [2, 2], 'int64');
    expect(k.values(k.run('matmul', [a, a]))).toEqual([7, 10, 15, 22]);
    const narrow = k.run('to', [a], { dtype: 'int32' });
    expect(k.values(k.run('matmul', [narrow, narrow]))).toEqual([7, 10, 15, 22]);
    for (const op of ['abs', 'sign', 'relu', 'square', 'floor', 'clone'] as const) {
      const out = k.backend.read(k.run(op, [big])) as BigInt64Array;
      expect(out[1]).toBe({ abs: 3n, sign: -1n, relu: 0n, square: 9n, floor: -3n, clone: -3n }[op]);
    }
    expect(k.values(k.run('clamp', [a], { min: 1.9, max: 3 }))).toEqual([1, 2, 3, 3]);
    expect(k.values(k.run('amax', [a], { dims: [0], keepdim: false }))).toEqual([3, 4]);
  });

  it('bool: add is or, mul is and, sub is refused', () => {
    const a = k.tensor([0, 0, 1, 1], [4], 'bool');
    const b = k.tensor([0, 1, 0, 1], [4], 'bool');
    expect(k.values(k.run('add', [a, b]))).toEqual([0, 1, 1, 1]);
    expect(k.values(k.run('mul', [a, b]))).toEqual([0, 0, 0, 1]);
    expect(k.values(k.run('maximum', [a, b]))).toEqual([0, 1, 1, 1]);
    const index = k.tensor([1, 2, 1, 2], [4], 'int64');
    expect(k.values(k.run('scatterAdd', [a, index, b], { dim: 0 }))).toEqual([0, 0, 1, 1]);
    expect(k.values(k.run('indexAdd', [a, index, b], { dim: 0 }))).toEqual([0, 0, 1, 1]);
    expect(k.values(k.run('logicalNot', [k.tensor([0, NaN, 2])]))).toEqual([1, 0, 0]);
    expect(() => k.run('sub', [a, b])).toThrow(/bool/);
    expect(() => k.run('neg', [a])).toThrow(/bool/);
  });

  it('NaN and infinities', () => {
    const x = k.tensor([NaN, -Infinity, Infinity, -0, 2.5, -1.5]);
    expect(k.values(k.run('relu', [x]))).toEqual([NaN, 0, Infinity, -0, 2.5, 0]);
    expect(k.values(k.run('sign', [x]))).toEqual([0, -1, 1, 0, 1, -1]);
    expect(k.values(k.run('round', [x])).slice(4)).toEqual([2, -2]);
    expect(k.values(k.run('clamp', [x], { min: -1, max: 1 }))).toEqual([NaN, -1, 1, -0, 1, -1]);
    expect(k.values(k.run('isnan', [x]))).toEqual([1, 0, 0, 0, 0, 0]);
    expect(k.values(k.run('maximum', [x, 0]))[0]).toBeNaN();
    expect(k.values(k.run('minimum', [0, x]))[0]).toBeNaN();
    expect(k.values(k.run('eq', [x, x]))).toEqual([0, 1, 1, 1, 1, 1]);
    expect(k.values(k.run('ne', [x, x]))[0]).toBe(1);
    expect(k.values(k.run('argmax', [x], { dim: 0, keepdim: false }))).toEqual([0]);
    expect(k.values(k.run('amin', [x], { dims: [], keepdim: false }))).toEqual([NaN]);
    expect(k.values(k.run('to', [k.tensor([NaN, 1e10, -1e10, -1.7])], { dtype: 'int32' }))).toEqual([
      0, 2147483647, -2147483648, -1,
    ]);
    expect(k.values(k.run('to', [k.tensor([NaN, 0, 0.5])], { dtype: 'bool' }))).toEqual([1, 0, 1]);
    expect(k.values(k.run('softmax', [k.tensor([-Infinity, -Infinity])], { dim: 0 }))).toEqual([NaN, NaN]);
    expect(k.values(k.run('logSoftmax', [k.tensor([1000, 1000])], { dim: 0 }))[0]).toBeCloseTo(-Math.LN2, 12);
    expect(k.values(k.run('pow', [k.tensor([1, -1]), NaN]))[0]).toBe(1);
  });

  it('empty tensors', () => {
    const x = k.tensor([], [0, 3]);
    expect(k.values(k.sum(x))).toEqual([0]);
    expect(k.values(k.run('mean', [x], { dims: [], keepdim: false }))).toEqual([NaN]);
    expect(k.values(k.run('sum', [x], { dims: [0], keepdim: false }))).toEqual([0, 0, 0]);
    expect(() => k.run('amax', [x], { dims: [0], keepdim: false })).toThrow(LanegradError);
    expect(() => k.run('argmax', [x], { dim: 0, keepdim: false })).toThrow(LanegradError);
    expect(k.values(k.run('amax', [x], { dims: [1], keepdim: false }))).toEqual([]);
    expect(k.values(k.run('matmul', [k.tensor([], [2, 0]), k.tensor([], [0, 2])]))).toEqual([0, 0, 0, 0]);
    expect(k.values(k.run('add', [x, 1]))).toEqual([]);
    expect(k.values(k.run('softmax', [x], { dim: 0 }))).toEqual([]);
    expect(k.values(k.run('cat', [[x, k.tensor([1, 2, 3], [1, 3]), k.tensor([], [0])]], { dim: 0 }))).toEqual(
      [1, 2, 3],
    );
    expect(k.backend.info(k.run('reshape', [x], { shape: [3, 0], strict: false })).shape).toEqual([3, 0]);
  });

  it('matmul against the sum by hand, for odd sizes and transposed views', () => {
    for (const [m, n, d] of [
      [1, 1, 1],
      [5, 7, 9],
      [8, 4, 3],
      [17, 13, 33],
    ] as const) {
      const a = numbers(m * d, 1);
      const b = numbers(d * n, 2);
      const wanted = Array.from({ length: m * n }, (_, i) => {
        let s = 0;
        for (let p = 0; p < d; p++) s += a[Math.floor(i / n) * d + p]! * b[p * n + (i % n)]!;
        return s;
      });
      const ta = k.tensor(a, [m, d]);
      const tb = k.run('contiguous', [k.run('permute', [k.tensor(b, [d, n])], { dims: [1, 0] })]);
      const out = k.values(k.run('matmul', [ta, k.run('permute', [tb], { dims: [1, 0] })]));
      out.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 12));
    }
  });

  it('elementwise outputs keep the dim order of their input', () => {
    const x = k.run('permute', [k.tensor(numbers(24, 1), [2, 3, 4])], { dims: [0, 2, 1] });
    const y = k.run('exp', [x]);
    expect(k.backend.info(y).strides).toEqual([12, 1, 4]);
    expect(k.values(y)).toEqual(k.values(x).map(Math.exp));
    expect(k.values(k.run('add', [x, k.tensor([1, 2, 3])]))).toEqual(
      k.values(x).map((v, i) => v + 1 + (i % 3)),
    );
  });

  it('views alias, and strict reshape says what to do', () => {
    const x = k.tensor(numbers(6, 1), [2, 3]);
    const t = k.run('permute', [x], { dims: [1, 0] });
    expect(() => k.run('reshape', [t], { shape: [6], strict: true })).toThrow(/use reshape/);
    const part = k.run('slice', [x], { dim: 1, start: 1, length: 2, step: 1 });
    const flat = k.run('reshape', [part], { shape: [2, 1, 2, 1], strict: true });
    k.inPlace('copy', [flat, 9]);
    expect(k.values(x).filter((v) => v === 9)).toHaveLength(4);
  });

  it('erf', () => {
    const known = [
      [0, 0], [0.1, 0.1124629160182849], [0.5, 0.5204998778130465], [1, 0.8427007929497149], [2, 0.9953222650189527],
      [3.5, 0.9999992569016276], [4.5, 0.9999999998033839], [7, 1], [-1, -0.8427007929497149],
    ] as const; // prettier-ignore
    for (const [x, y] of known) expect(Math.abs(erf(x) - y)).toBeLessThan(3e-16);
    expect(erf(NaN)).toBeNaN();
    expect(erf(-Infinity)).toBe(-1);
  });
});

describe('random numbers', () => {
  it('Philox gives the words of the published test vectors', () => {
    expect([...new Philox(0n, 0n).block(0)]).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  });

  it('a counter gives the same numbers again, and the next one others', () => {
    const generator = k.backend.create('int64', [2], BigInt64Array.of(42n, 0n));
    const counter = k.run('nextCounter', [generator], { count: 3 });
    expect([...(k.backend.read(generator) as BigInt64Array)]).toEqual([42n, 3n]);
    expect([...(k.backend.read(counter) as BigInt64Array)]).toEqual([42n, 0n]);
    const attrs = { shape: [10], dtype: 'float32' } as const;
    const a = k.values(k.run('uniform', [counter], attrs));
    expect(k.values(k.run('uniform', [counter], attrs))).toEqual(a);
    const later = k.run('nextCounter', [generator], { count: 1 });
    expect(k.values(k.run('uniform', [later], attrs))).not.toEqual(a);
    const all = k.values(k.run('uniform', [counter], { shape: [16], dtype: 'float32' }));
    expect(k.values(k.run('uniform', [later], { shape: [4], dtype: 'float32' }))).toEqual(all.slice(12));
    for (const v of a) expect(v >= 0 && v < 1).toBe(true);
  });

  it('normal has the right moments, randint the right range', () => {
    const counter = k.backend.create('int64', [2], BigInt64Array.of(-7n, 1n << 40n));
    for (const dtype of ['float32', 'float64'] as const) {
      const v = k.values(k.run('normal', [counter], { shape: [20001], dtype }));
      const mean = v.reduce((a, b) => a + b) / v.length;
      const variance = v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length;
      expect(Math.abs(mean)).toBeLessThan(0.03);
      expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    }
    const v = k.values(k.run('randint', [counter], { shape: [1000], low: -3, high: 4, dtype: 'int64' }));
    expect([...new Set(v)].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    expect(() => k.run('randint', [counter], { shape: [1], low: 1, high: 1, dtype: 'int64' })).toThrow(
      /high/,
    );
  });
});

describe('bad input', () => {
  it.each([
    [
      'sum',
      [k.tensor([1])],
      { dims: 'x', keepdim: false },
      '[sum] attribute dims wants a list of integers, got "x"',
    ],
    ['add', [k.tensor([1]), 'x'], {}, '[add] input b wants a tensor or number, got string'],
    ['add', [k.tensor([1]), null], {}, '[add] input b wants a tensor or number, got null'],
    ['full', [], { shape: [2 ** 20, 2 ** 20], value: 0, dtype: 'float32' }, 'needs'],
    [
      'full',
      [],
      { shape: [NaN], value: 0, dtype: 'float32' },
      '[full] attribute shape wants a list of integers, got [NaN]',
    ],
    ['full', [], { shape: [-1], value: 0, dtype: 'float32' }, '[full] sizes must not be negative, got [-1]'],
    ['full', [], { shape: [2], value: 0, dtype: 'half' }, '[full] wants a dtype (bool, uint8'],
    ['full', [], { shape: new Array(13).fill(1), value: 0, dtype: 'bool' }, 'at most 12 integers'],
    [
      'matmul',
      [k.tensor(numbers(6, 1), [2, 3]), k.tensor(numbers(8, 1), [2, 4])],
      {},
      '[matmul] inner dimensions differ: a is [2, 3], b is [2, 4] (3 against 2)',
    ],
  ] as const)('%s', (op, inputs, attrs, message) => {
    expect(() => k.backend.run1(op, inputs as unknown as T[], attrs as never)).toThrow(message);
  });

  it('whatever comes, every op answers or throws an error of ours', () => {
    const tensors: OpInput<T>[] = [];
    for (const dtype of dtypes) {
      for (const shape of [[], [0], [2], [2, 3], [1, 2, 3, 3]]) {
        tensors.push(
          k.tensor(
            numbers(product(shape), 1).map((v) => Math.round(v * 2)),
            shape,
            dtype,
          ),
        );
      }
    }
    const inputs: unknown[] = [
      ...tensors,
      2,
      -1.5,
      NaN,
      true,
      null,
      undefined,
      'x',
      {},
      [],
      [tensors[3]],
      [tensors[1], tensors[2]],
      3n,
    ];
    const scalars: unknown[] = [
      0,
      1,
      -1,
      2,
      0.5,
      NaN,
      Infinity,
      -Infinity,
      2 ** 53,
      2 ** 60,
      -(2 ** 31),
      undefined,
      null,
      'x',
      true,
      [1],
      {},
    ];
    const lists: unknown[] = [
      [],
      [1],
      [1, 1],
      [2, 2],
      [0, 0],
      [-1],
      [0, 1],
      [1, 2, 3, 3],
      [1, 2, 4, 4],
      [2 ** 40, 2 ** 40],
      [2 ** 53 - 1],
      [NaN],
      [1.5],
      'x',
      null,
      new Array(13).fill(1),
    ];
    let state = 1;
    const pick = (list: readonly unknown[]): unknown => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return list[(state >>> 8) % list.length];
    };
    const mostlyGood = (type: string): unknown => {
      if ((state >>> 12) % 8 === 0) return pick(scalars);
      if (type === 'ints') return pick(lists);
      if (type === 'dtype') return pick(dtypes);
      if (type === 'bool') return pick([true, false]);
      if (type === 'int') return pick([0, 1, 2, -1, -2, 3, 2 ** 40, -(2 ** 53) + 1]);
      return pick(scalars);
    };
    for (const [op, record] of Object.entries(opRecords) as [OpName, (typeof opRecords)[OpName]][]) {
      for (let round = 0; round < 400; round++) {
        const args = record.inputs.map((def) =>
          def.kind === 'list'
            ? pick([[tensors[3]], [tensors[2], tensors[3]], ...inputs])
            : pick(round % 2 ? tensors : inputs),
        );
        const attrs = Object.fromEntries(
          record.attrs.map((def) => [def.name, mostlyGood(def.type)]),
        ) as OpAttrs[OpName];
        const call = (): unknown =>
          round % 4 === 3
            ? k.backend.runInPlace(op, args as T[], attrs)
            : k.backend.run(op, args as T[], attrs);
        try {
          call();
        } catch (error) {
          if (
            !(error instanceof LanegradError) ||
            error.name === 'InternalError' ||
            !error.message.startsWith(`[${op}] `)
          ) {
            throw new Error(
              `${op} with ${JSON.stringify(attrs)}: ${String(error)}\n${(error as Error).stack}`,
              { cause: error },
            );
          }
        }
      }
    }
  }, 60_000);
});
