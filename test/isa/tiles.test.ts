import { afterAll, expect, test } from 'vitest';
import {
  getFloat32MatmulPrecision,
  info,
  matmul,
  randn,
  setFloat32MatmulPrecision,
  setNumThreads,
  tensor,
  type Tensor,
} from '../../lib/index.js';
import { matmulError, productCase } from '../support/product-errors.js';

// Products on a unit for bfloat16 (amx, avx512-bf16), and what the precision means everywhere.

const hasTiles = info().isa.startsWith('amx');
const threads = info().threads;

afterAll(() => {
  setFloat32MatmulPrecision('highest');
  setNumThreads(threads);
});

test('the precision is remembered, and any other word refused', () => {
  expect(getFloat32MatmulPrecision()).toBe('highest');
  for (const precision of ['high', 'medium', 'highest'] as const) {
    setFloat32MatmulPrecision(precision);
    expect(getFloat32MatmulPrecision()).toBe(precision);
  }
  for (const wrong of ['tf32', '', 3, null, 'toString']) {
    expect(() => setFloat32MatmulPrecision(wrong as 'high')).toThrow(
      /setFloat32MatmulPrecision.*wanted one of highest/,
    );
  }
});

test('each precision costs what it says', () => {
  const given = productCase('normal', 64, 512, 64);
  const errors = (['highest', 'high', 'medium'] as const).map((precision) => {
    setFloat32MatmulPrecision(precision);
    return matmulError(given).greatest;
  });
  setFloat32MatmulPrecision('highest');
  expect(errors[0]).toBeLessThan(2 ** -22);
  if (!hasTiles) return expect(errors).toEqual([errors[0], errors[0], errors[0]]);
  expect(errors[1]).toBeGreaterThan(2 ** -24);
  expect(errors[1]).toBeLessThan(2 ** -16);
  expect(errors[2]).toBeGreaterThan(2 ** -16);
  expect(errors[2]).toBeLessThan(2 ** -8);
});

const shapes = [
  [64, 64, 64],
  [100, 300, 70],
  [33, 1000, 17],
  [16, 64, 300],
  [257, 513, 129],
] as const;
const layouts: readonly ((rows: number, columns: number) => Tensor)[] = [
  (rows, columns) => randn([rows, columns]),
  (rows, columns) => randn([columns, rows]).transpose(0, 1),
  (rows, columns) => randn([rows, 2 * columns]).slice(1, { step: 2 }),
];

test.each(shapes)('%i x %i x %i in every layout, against float64', (m, k, n) => {
  for (const left of layouts) {
    for (const right of layouts) {
      const a = left(m, k);
      const b = right(k, n);
      const error = matmul(a, b)
        .to('float64')
        .sub(matmul(a.to('float64'), b.to('float64')))
        .abs();
      const scale = matmul(a.abs().to('float64'), b.abs().to('float64'));
      expect(error.div(scale).max().item()).toBeLessThan(2 ** -21);
    }
  }
});

const ranges: Readonly<Record<string, readonly number[]>> = {
  'greatest finite numbers': [3.4028234663852886e38, -3.4e38, 1e38],
  infinities: [Infinity, -Infinity],
  NaN: [NaN],
  denormals: [1e-45, -1e-40, 1.1754942e-38],
  'tiny numbers': [1e-30, -3e-34, 2e-37],
  'huge numbers': [1e25, -1e30],
};

test.each(Object.keys(ranges))('%s in one place: as multiply-adds give it', (name) => {
  for (const value of ranges[name]!) {
    for (const partner of [1, 1e-8, 1e10]) {
      const a = randn([40, 96]).mul(partner);
      const b = randn([96, 40]);
      a.select(0, 5).select(0, 7).fill_(value);
      b.select(0, 50).select(0, 9).fill_(value);
      const wide = matmul(a.to('float64'), b.to('float64'));
      const scale = matmul(a.abs().to('float64'), b.abs().to('float64'));
      const ours = matmul(a, b).to('float64').data;
      const exact = wide.data as Float64Array;
      const scales = scale.data as Float64Array;
      for (let i = 0; i < exact.length; i++) {
        const want = exact[i]!;
        if (Number.isNaN(want)) expect(ours[i]).toBeNaN();
        else if (!Number.isFinite(want)) expect(ours[i]).toBe(want);
        // On the way to a sum beyond the range the other infinity may come first.
        else if (Math.abs(want) > 3.5e38) expect(ours[i]).not.toSatisfy(Number.isFinite);
        else if (scales[i]! < 3e38) {
          expect(Math.abs(ours[i]! - want)).toBeLessThanOrEqual(scales[i]! * 2 ** -21 + 1e-44);
        }
      }
    }
  }
});

test('products of tiny numbers alone are not lost', () => {
  const a = randn([64, 128]).mul(1e-25);
  const b = randn([128, 64]).mul(1e-12);
  const wide = matmul(a.to('float64'), b.to('float64'));
  const scale = matmul(a.abs().to('float64'), b.abs().to('float64'));
  const relative = matmul(a, b).to('float64').sub(wide).abs().div(scale).max();
  expect(relative.item()).toBeLessThan(2 ** -21);
});

test('the same bits with any number of threads, at each precision', () => {
  const a = randn([300, 700]);
  const b = randn([700, 310]);
  for (const precision of ['highest', 'high', 'medium'] as const) {
    setFloat32MatmulPrecision(precision);
    setNumThreads(1);
    const bits = (): Buffer => Buffer.from(matmul(a, b).data.buffer);
    const first = bits();
    for (const count of [2, 3, 7, 16]) {
      setNumThreads(count);
      expect(bits().equals(first)).toBe(true);
    }
  }
  setFloat32MatmulPrecision('highest');
});

test('factors of few bits: exact, and with others the same bits as ever', () => {
  const a = randn([80, 300]).mul(4).round();
  const b = randn([300, 70]).mul(4).round();
  expect(matmul(a, b).data).toEqual(matmul(a.to('float64'), b.to('float64')).to('float32').data);
  const halves = randn([80, 300]).to('bfloat16').to('float32');
  const others = randn([300, 70]);
  const both = matmul(halves, others);
  // One value that needs all parts, in a row that is left out afterwards.
  const spoiled = halves.clone();
  spoiled.select(0, 0).fill_(1 / 3);
  expect(matmul(spoiled, others).narrow(0, 1, 79).data).toEqual(both.narrow(0, 1, 79).data);
  const exact = matmul(halves, others.to('bfloat16').to('float32'));
  const wide = matmul(spoiled, others.to('bfloat16').to('float32'));
  expect(wide.narrow(0, 1, 79).data).toEqual(exact.narrow(0, 1, 79).data);
});

test('a row of zeros, and nothing at all', () => {
  const a = tensor(new Float32Array(64 * 64)).reshape([64, 64]);
  expect(
    matmul(a, randn([64, 64]))
      .abs()
      .max()
      .item(),
  ).toBe(0);
  expect(matmul(randn([0, 64]), randn([64, 64])).shape).toEqual([0, 64]);
});
