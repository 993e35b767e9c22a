import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import { isFloat, type DType } from '../../lib/dtype.js';
import { nextafter, tensor, to } from '../../lib/index.js';
import type { Tensor } from '../../lib/tensor.js';
import { exact, isLarge } from '../cases/case.js';
import { rowList } from '../cases/index.js';
import { difference } from '../support/compare.js';
import { invoke } from '../support/invoke.js';
import type { Layout } from '../support/layout.js';
import { reference } from '../support/reference.js';
import { buildInputs, isPrimitive, see } from '../support/run-case.js';

// int8, int16 and the 16-bit floats are stored, and computed in int32 and float32: an op on them is the op on the wide
// values, rounded once at the end. That is checked to the last bit.

const narrow = [
  ['int8', 'int32'],
  ['int16', 'int32'],
  ['float16', 'float32'],
  ['bfloat16', 'float32'],
] as const;

const isNarrow = (dtype: DType) => narrow.some(([name]) => name === dtype);

// An op whose result depends on the range of its dtype, and not on its values alone.
const ownRange: readonly string[] = ['clamp', 'nextafter'];

/** Whether the op runs as one step here: a composite rounds after each of its steps. */
const isOneStep = (op: (typeof rowList)[number][0]) => isPrimitive(op) || backend.name === 'native';

const tested = rowList.filter(
  ([op, row]) =>
    isOneStep(op) &&
    !ownRange.includes(op) &&
    row.cases[0]!.inputs.length > 0 &&
    narrow.some(([, wide]) => row.dtypes.includes(wide)),
);

describe.each(tested)('%s', (op, row) => {
  const cases = row.cases.filter((entry) => !isLarge(entry));

  test.each(narrow.filter(([, wide]) => row.dtypes.includes(wide)))('%s is %s, rounded', (dtype, wide) => {
    for (const entry of cases) {
      for (const layout of ['rowMajor', 'transposed', 'stepped'] satisfies Layout[]) {
        const { inputs } = buildInputs(backend, op, entry, { dtype, layout });
        if (
          !inputs.flat().some((x) => typeof x === 'object' && x !== null && 'dtype' in x && x.dtype === dtype)
        )
          continue;
        const widen = (x: (typeof inputs)[number]): (typeof inputs)[number] =>
          typeof x === 'object' && x !== null && 'dtype' in x && x.dtype === dtype ? to(x, wide) : x;
        const expected = invoke(
          op,
          inputs.map((x) => (Array.isArray(x) ? (x as Tensor[]).map((t) => widen(t) as Tensor) : widen(x))),
          entry.attrs as never,
        );
        const actual = invoke(op, inputs, entry.attrs as never);
        actual.forEach((output, j) => {
          const wanted = isNarrow(output.dtype) ? to(expected[j]!, output.dtype) : expected[j]!;
          const label = `${entry.name}, ${layout}, output ${j}`;
          expect(difference(see(backend, output), see(backend, wanted), exact), label).toBeNull();
        });
      }
    }
  });
});

describe('rounding to 16 bits', () => {
  // Every exponent and sign, with fractions around the places where rounding turns; then NaN, infinities, zeros.
  const bits = new Uint32Array(256 * 2 * 64 + 6);
  let count = 0;
  for (let high = 0; high < 512; ++high) {
    for (let i = 0; i < 64; ++i) {
      const fraction = (Math.imul(i, 0x9e3779b1) >>> 9) & ~((1 << (i % 15)) - 1);
      bits[count++] = ((high << 23) | (i < 32 ? fraction : fraction | 0x1000 | ((i % 2) << 15))) >>> 0;
    }
  }
  bits.set([0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 0x477fefff, 0x477ff000], count);
  const values = new Float32Array(bits.buffer);

  test.each(['float16', 'bfloat16'] as const)('%s equals the TypeScript backend', (dtype) => {
    const native = to(tensor(values), dtype);
    const own = reference.run('to', [reference.create('float32', [values.length], values)], { dtype })[0]!;
    expect(difference(see(backend, native), see(reference, own), exact)).toBeNull();
  });

  test.each([
    ['float16', 1 + 2 ** -11, 1],
    ['float16', 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ['float16', 65519, 65504],
    ['float16', 65520, Infinity],
    ['float16', 2 ** -25, 0],
    ['float16', 3 * 2 ** -26, 2 ** -24],
    ['bfloat16', 1 + 2 ** -8, 1],
    ['bfloat16', 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    ['bfloat16', 3.4e38, Infinity],
  ] as const)('%s of %d is %d', (dtype, value, rounded) => {
    expect(tensor([value], { dtype }).item()).toBe(rounded);
  });
});

describe('integers wrap where a narrower one cannot hold them', () => {
  test.each([
    ['int8', [127, 128, 255, -129], [127, -128, -1, 127]],
    ['int16', [32767, 32768, -32769], [32767, -32768, 32767]],
    ['uint8', [255, 256, -1], [255, 0, 255]],
  ] as const)('%s', (dtype, values, wrapped) => {
    expect(to(tensor(values), dtype).tolist()).toEqual(wrapped);
    expect(to(tensor(values, { dtype: 'float64' }), dtype).tolist()).toEqual(wrapped);
  });

  test('in arithmetic too', () => {
    expect(tensor([100], { dtype: 'int8' }).add(100).tolist()).toEqual([-56]);
    expect(tensor([100], { dtype: 'int8' }).add_(100).tolist()).toEqual([-56]);
  });
});

describe('promotion', () => {
  test.each([
    ['uint8', 'int8', 'int16'],
    ['int8', 'int16', 'int16'],
    ['float16', 'bfloat16', 'float32'],
    ['bfloat16', 'float32', 'float32'],
    ['int64', 'float16', 'float16'],
    ['bool', 'int8', 'int8'],
  ] as const)('%s and %s meet in %s', (a, b, c) => {
    const ones = (dtype: DType) => tensor([1], { dtype });
    expect(ones(a).add(ones(b)).dtype).toBe(c);
    expect(ones(b).add(ones(a)).dtype).toBe(c);
  });

  test('a number does not widen', () => {
    for (const dtype of ['float16', 'bfloat16', 'int8', 'int16'] as const) {
      expect(tensor([1], { dtype }).mul(2).dtype).toBe(dtype);
      expect(tensor([1], { dtype }).mul(2.5).dtype).toBe(isFloat(dtype) ? dtype : 'float32');
    }
  });
});

describe('nextafter moves by one unit of the narrow dtype', () => {
  const from = [0, -0, 1, -1, 2 ** -14, 2 ** -14, -(2 ** -24), 1, NaN, 1, Infinity, -Infinity];
  const towards = [1, -1, 2, -2, 0, 1, 1, 1, 1, NaN, 0, Infinity];
  // PyTorch 2.13.
  test.each([
    [
      'float16',
      [2 ** -24, -(2 ** -24), 1 + 2 ** -10, -1 - 2 ** -10, 2 ** -14 - 2 ** -24, 2 ** -14 + 2 ** -24, -0],
      65504,
    ],
    [
      'bfloat16',
      [
        2 ** -133,
        -(2 ** -133),
        1 + 2 ** -7,
        -1 - 2 ** -7,
        2 ** -14 - 2 ** -22,
        2 ** -14 + 2 ** -21,
        -(2 ** -24) + 2 ** -32,
      ],
      2 ** 128 - 2 ** 120,
    ],
  ] as const)('%s', (dtype, moved, largest) => {
    const next = (a: readonly number[], b: readonly number[]) =>
      nextafter(tensor([...a], { dtype }), tensor([...b], { dtype })).tolist();
    expect(next(from, towards)).toEqual([...moved, 1, NaN, NaN, largest, -largest]);
    expect(next([largest, -largest], [Infinity, -Infinity])).toEqual([Infinity, -Infinity]);
  });
});
