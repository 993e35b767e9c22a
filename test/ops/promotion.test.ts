import { describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import { isFloat } from '../../lib/dtype.js';
import { dtypes, type DType, type Tensor } from '../../lib/index.js';

// Which dtype comes out, as PyTorch 2.13 gives it. Rows are the left operand, columns the right one, in the order
// of `dtypes`: bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64.

const table = (...rows: readonly string[]) => rows.map((row) => row.split(' ') as DType[]);

const common = table(
  'bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'uint8 uint8 int16 int16 int32 int64 float16 bfloat16 float32 float64',
  'int8 int16 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'int16 int16 int16 int16 int32 int64 float16 bfloat16 float32 float64',
  'int32 int32 int32 int32 int32 int64 float16 bfloat16 float32 float64',
  'int64 int64 int64 int64 int64 int64 float16 bfloat16 float32 float64',
  'float16 float16 float16 float16 float16 float16 float16 float32 float32 float64',
  'bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 float32 bfloat16 float32 float64',
  'float32 float32 float32 float32 float32 float32 float32 float32 float32 float64',
  'float64 float64 float64 float64 float64 float64 float64 float64 float64 float64',
);

/** A 0-dim tensor on the left: it counts only if it is of a higher kind. */
const zeroDim = table(
  'bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'uint8 uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'int8 uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'int16 uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'int32 uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'int64 uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64',
  'float16 float16 float16 float16 float16 float16 float16 bfloat16 float32 float64',
  'bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 float16 bfloat16 float32 float64',
  'float32 float32 float32 float32 float32 float32 float16 bfloat16 float32 float64',
  'float64 float64 float64 float64 float64 float64 float16 bfloat16 float32 float64',
);

/** With true, 2 and 2.5. */
const numbers = table(
  'bool int64 float32',
  'uint8 uint8 float32',
  'int8 int8 float32',
  'int16 int16 float32',
  'int32 int32 float32',
  'int64 int64 float32',
  'float16 float16 float16',
  'bfloat16 bfloat16 bfloat16',
  'float32 float32 float32',
  'float64 float64 float64',
);

const floating = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'float32');
const two = (dtype: DType): Tensor => lg.ones([2], { dtype });
const zero = (dtype: DType): Tensor => lg.ones([], { dtype });

const pairs = dtypes.flatMap((a, i) => dtypes.map((b, j) => [a, b, i, j] as const));

describe('two tensors', () => {
  test.each(pairs)('%s with %s', (a, b, i, j) => {
    const wanted = common[i]![j]!;
    expect(lg.add(two(a), two(b)).dtype).toBe(wanted);
    expect(lg.mul(two(a), two(b)).dtype).toBe(wanted);
    expect(lg.maximum(two(a), two(b)).dtype).toBe(wanted);
    expect(lg.where(lg.tensor([true, false]), two(a), two(b)).dtype).toBe(wanted);
    expect(lg.cat([two(a), two(b)]).dtype).toBe(wanted);
    expect(lg.div(two(a), two(b)).dtype).toBe(floating(wanted));
    expect(lg.eq(two(a), two(b)).dtype).toBe('bool');
    // PyTorch subtracts no bool, whatever the other is.
    if (a === 'bool' || b === 'bool') expect(() => lg.sub(two(a), two(b))).toThrow(lg.DTypeError);
    else expect(lg.sub(two(a), two(b)).dtype).toBe(wanted);
    if (wanted !== 'bool') {
      expect(lg.pow(two(a), two(b)).dtype).toBe(wanted);
      expect(lg.matmul(two(a).reshape([1, 2]), two(b).reshape([2, 1])).dtype).toBe(wanted);
    }
  });

  test.each(pairs)('0-dim %s with %s', (a, b, i, j) => {
    expect(lg.add(zero(a), two(b)).dtype).toBe(zeroDim[i]![j]!);
    expect(lg.add(two(b), zero(a)).dtype).toBe(zeroDim[i]![j]!);
    expect(lg.add(zero(a), zero(b)).dtype).toBe(common[i]![j]!);
  });
});

describe('a tensor and a number', () => {
  test.each(dtypes.map((dtype, i) => [dtype, i] as const))('%s', (dtype, i) => {
    [true, 2, 2.5].forEach((number, j) => {
      expect(lg.mul(two(dtype), number).dtype).toBe(numbers[i]![j]!);
      expect(lg.mul(number, two(dtype)).dtype).toBe(numbers[i]![j]!);
      expect(lg.mul(zero(dtype), number).dtype).toBe(numbers[i]![j]!);
      expect(lg.div(two(dtype), number).dtype).toBe(floating(numbers[i]![j]!));
    });
    expect(lg.add(two(dtype), lg.float(2)).dtype).toBe(floating(dtype));
  });

  test('values: an integer number stays exact', () => {
    expect(lg.tensor([2n ** 53n + 1n]).add(1).data).toEqual(BigInt64Array.of(2n ** 53n + 2n));
    expect(lg.tensor([1, 2, 3]).mul(0.5).tolist()).toEqual([0.5, 1, 1.5]);
    expect(lg.tensor(Uint8Array.of(250)).add(10).tolist()).toEqual([4]);
  });
});

describe('one tensor', () => {
  // '-': refused. The argmax of bool, which PyTorch refuses too, is the first true.
  const table: readonly [string, (x: Tensor) => Tensor, string][] = [
    ['exp', lg.exp, 'float32 float32 float32 float32 float32 float32 float16 bfloat16 float32 float64'],
    ['sqrt', lg.sqrt, 'float32 float32 float32 float32 float32 float32 float16 bfloat16 float32 float64'],
    [
      'sigmoid',
      lg.sigmoid,
      'float32 float32 float32 float32 float32 float32 float16 bfloat16 float32 float64',
    ],
    ['neg', lg.neg, '- uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64'],
    ['abs', lg.abs, '- uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64'],
    ['relu', lg.relu, '- uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64'],
    ['floor', lg.floor, '- uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64'],
    ['sign', lg.sign, 'bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64'],
    ['isnan', lg.isnan, 'bool bool bool bool bool bool bool bool bool bool'],
    ['sum', (x) => lg.sum(x), 'int64 int64 int64 int64 int64 int64 float16 bfloat16 float32 float64'],
    ['mean', (x) => lg.mean(x), '- - - - - - float16 bfloat16 float32 float64'],
    ['amax', (x) => lg.amax(x), 'bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64'],
    ['argmax', (x) => lg.argmax(x), 'int64 int64 int64 int64 int64 int64 int64 int64 int64 int64'],
    ['variance', (x) => lg.variance(x), '- - - - - - float16 bfloat16 float32 float64'],
    ['any', (x) => lg.any(x), 'bool uint8 bool bool bool bool bool bool bool bool'],
  ];
  test.each(table)('%s', (_name, op, wanted) => {
    dtypes.forEach((dtype, i) => {
      const out = wanted.split(' ')[i];
      if (out === '-') expect(() => op(two(dtype))).toThrow(lg.DTypeError);
      else expect(op(two(dtype)).dtype).toBe(out);
    });
  });
});

describe('in place', () => {
  test.each(pairs)('%s takes %s', (a, b) => {
    const target = two(a);
    const kind = (dtype: DType) => (dtype === 'bool' ? 0 : isFloat(dtype) ? 2 : 1);
    if (kind(b) > kind(a)) {
      expect(() => target.add_(two(b))).toThrow(lg.DTypeError);
    } else {
      target.add_(two(b));
      expect(target.dtype).toBe(a);
    }
    // copy_ casts.
    expect(two(a).copy_(two(b)).dtype).toBe(a);
  });
});
