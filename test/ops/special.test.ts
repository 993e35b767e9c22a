import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import '../../lib/index.js';
import type { OpName } from '../../lib/backend/op-schema.gen.js';
import { rowList } from '../cases/index.js';
import { ulpDistance } from '../support/compare.js';
import { invoke } from '../support/invoke.js';

// NaN, infinities, zeros, denormals and the largest numbers through every elementwise op, in float32: what PyTorch 2.13
// gives. special.json beside this file holds its inputs and results.

type Encoded = number | 'nan' | 'inf' | '-inf';

interface Special {
  readonly values: readonly Encoded[];
  readonly unary: Readonly<Record<string, readonly Encoded[]>>;
  readonly pairs: readonly Encoded[];
  readonly binary: Readonly<Record<string, readonly Encoded[]>>;
}

const special = JSON.parse(readFileSync(new URL('./special.json', import.meta.url), 'utf8')) as Special;

const decode = (value: Encoded): number =>
  value === 'nan' ? NaN : value === 'inf' ? Infinity : value === '-inf' ? -Infinity : value;

/**
 * Where the library differs from PyTorch on purpose: no NaN or infinity comes of a limit that exists, and
 * results that are representable are exact.
 */
const otherwise: Readonly<Record<string, number>> = {
  'fmod(3.0000000054977558e+38, 9.999999350456404e-39)': 4.466392226505633e-39,
  'remainder(3.0000000054977558e+38, 9.999999350456404e-39)': 4.466392226505633e-39,
  'hardswish(3.3999999521443642e+38)': 3.3999999521443642e38,
  'logaddexp2(-1, -1)': 0,
  'gelu(Infinity)': Infinity,
  'gelu(3.3999999521443642e+38)': 3.3999999521443642e38,
};

const attrsOf: Readonly<Record<string, object>> = {
  clamp: { min: -1, max: 2 },
  elu: { alpha: 1, inputScale: 1 },
  hardshrink: { lambd: 0.5 },
  hardtanh: { min: -1, max: 1 },
  leakyRelu: { negativeSlope: Math.fround(0.01) },
  softplus: { beta: 1, threshold: 20 },
  softshrink: { lambd: 0.5 },
  threshold: { threshold: 0.5, value: -3.5 },
};

function check(
  op: string,
  got: ArrayLike<number | bigint>,
  want: readonly Encoded[],
  inputs: (i: number) => string,
): void {
  const row = rowList.find(([name]) => name === op)![1];
  want.map(decode).forEach((torch, i) => {
    const value = otherwise[`${op}(${inputs(i)})`] ?? torch;
    const actual = Number(got[i]);
    const allowed = 'ulp' in row.tolerance ? row.tolerance.ulp + 1 : 0;
    const absolute = 'ulp' in row.tolerance ? (row.tolerance.absolute ?? 0) : 0;
    // Results below the smallest normal number may be flushed to zero.
    const tiny = Math.abs(value) < 1.2e-38 && Math.abs(actual) < 1.2e-38;
    const same = Object.is(actual, value) || actual === value || tiny;
    const near =
      Number.isFinite(actual) &&
      Number.isFinite(value) &&
      (ulpDistance('float32', actual, value) <= allowed || Math.abs(actual - value) <= absolute);
    expect(same || near, `${op}(${inputs(i)}) = ${actual}, wanted ${value}`).toBe(true);
  });
}

describe('one operand', () => {
  const values = special.values.map(decode);
  test.each(Object.entries(special.unary))('%s', (op, want) => {
    // Twice over, so that the values pass through whole vectors and through the tail.
    const x = backend.create(
      'float32',
      [2 * values.length + 3],
      Float32Array.from([...values, ...values, 1, 1, 1]),
    );
    const [out] = invoke(op as OpName, [x], (attrsOf[op] ?? {}) as Record<string, never>);
    const got = Array.from(backend.read(out!) as Float32Array);
    check(op, got, want, (i) => String(values[i]));
    check(op, got.slice(values.length), want, (i) => String(values[i]));
  });
});

describe('two operands', () => {
  const values = special.pairs.map(decode);
  const count = values.length;
  test.each(Object.entries(special.binary))('%s', (op, want) => {
    const column = backend.create('float32', [count, 1], Float32Array.from(values));
    const row = backend.create('float32', [1, count], Float32Array.from(values));
    const inputs = (i: number) => `${values[Math.floor(i / count)]}, ${values[i % count]}`;
    const [out] = invoke(op as OpName, [column, row], {});
    check(op, backend.read(out!), want, inputs);
    // The same pairs, dense.
    const wide = (x: typeof column) =>
      backend.run1('clone', [backend.run1('expand', [x], { shape: [count, count] })], {});
    const [dense] = invoke(op as OpName, [wide(column), wide(row)], {});
    check(op, backend.read(dense!), want, inputs);
  });
});

test('every elementwise row that claims special values is in the file', () => {
  const known = new Set([...Object.keys(special.unary), ...Object.keys(special.binary)]);
  const claimed = rowList.filter(([, row]) => row.special > 0).map(([op]) => op);
  expect(claimed.filter((op) => !known.has(op))).toEqual([]);
});
