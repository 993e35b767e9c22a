import { describe, expect, it } from 'vitest';
import type { OpAttrs, OpName, PrimitiveName } from '../../lib/backend/op-schema.gen.js';
import { opRecords } from '../../lib/backend/op-schema.gen.js';
import { makeKit, numbers, product, type Kit, type T } from './reference-kit.js';

// Every differentiable primitive against central differences in float64: first order, second order, and again on inputs
// that are transposed views.

interface Case {
  readonly op: PrimitiveName;
  /** Shapes of the inputs that are differentiated. */
  readonly shapes: readonly (readonly number[])[];
  /** Maps numbers in [-1, 1) into the domain of the op. */
  readonly domain?: (v: number) => number;
  /** The op on the inputs; by default just the inputs. */
  readonly inputs?: (k: Kit, x: readonly T[]) => readonly (T | readonly T[] | null)[];
  readonly attrs?: unknown;
}

const c = <P extends OpName>(
  op: P & PrimitiveName,
  shapes: Case['shapes'],
  attrs?: OpAttrs[P],
  more: Partial<Case> = {},
): Case => ({
  op,
  shapes,
  attrs: attrs ?? {},
  ...more,
});

const positive = { domain: (v: number): number => 1.5 + v };
// Away from kinks and ties: |v| in [0.2, 1.2).
const split = { domain: (v: number): number => v + (v < 0 ? -0.2 : 0.2) };
const x23: Case['shapes'] = [[2, 3]];
const mixed: Case['shapes'] = [
  [2, 1, 3],
  [4, 1],
];
const plain = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const odd = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 };

const cases: Case[] = [
  ...(
    ['neg', 'square', 'exp', 'sin', 'cos', 'tanh', 'sigmoid', 'erf', 'gelu', 'geluTanh', 'silu'] as const
  ).map((op) => c(op, x23)),
  ...(['clone', 'contiguous', 'floor', 'ceil', 'trunc', 'round', 'sign', 'abs', 'relu'] as const).map((op) =>
    c(op, x23, {}, split),
  ),
  ...(['log', 'sqrt', 'rsqrt', 'reciprocal'] as const).map((op) => c(op, x23, {}, positive)),
  ...(['add', 'sub', 'mul', 'maximum', 'minimum'] as const).map((op) => c(op, mixed)),
  c('div', mixed, {}, positive),
  c('pow', mixed, {}, positive),
  c('where', mixed, {}, { inputs: (k, [a, b]) => [k.tensor([1, 0, 1], [3], 'bool'), a!, b!] }),
  c('clamp', x23, { min: -0.5, max: 0.4 }),
  c('to', x23, { dtype: 'float64' }),
  c('copy', [[3, 1]], {}, { inputs: (k, [source]) => [k.tensor(numbers(12, 3), [3, 4]), source!] }),
  c('reshape', [[2, 6]], { shape: [3, -1], strict: false }),
  c('permute', [[2, 3, 2]], { dims: [2, 0, 1] }),
  c('expand', [[3, 1]], { shape: [2, 3, 4] }),
  c('slice', [[5, 3]], { dim: 0, start: 1, length: 2, step: 2 }),
  c('sum', [[2, 3, 2]], { dims: [0, 2], keepdim: false }),
  c('mean', [[2, 3, 2]], { dims: [1], keepdim: true }),
  c('mean', x23, { dims: [], keepdim: false }),
  c('amax', [[2, 3, 2]], { dims: [0, 1], keepdim: false }),
  c('amin', x23, { dims: [1], keepdim: true }),
  c('maxDim', x23, { dim: 1, keepdim: false }),
  c('minDim', x23, { dim: 0, keepdim: true }),
  c('softmax', x23, { dim: 1 }),
  c('logSoftmax', [[2, 3, 2]], { dim: 1 }),
  c('matmul', [
    [2, 3],
    [3, 4],
  ]),
  c('matmul', [
    [2, 1, 3, 2],
    [3, 2, 5],
  ]),
  c(
    'cat',
    [
      [2, 2],
      [2, 3],
    ],
    { dim: 1 },
    { inputs: (_, x) => [x] },
  ),
  c('gather', [[3, 4]], { dim: 1 }, { inputs: (k, [x]) => [x!, k.tensor([0, 3, 3, 1], [2, 2], 'int64')] }),
  c(
    'scatterAdd',
    [
      [3, 4],
      [3, 3],
    ],
    { dim: 1 },
    { inputs: (k, [x, s]) => [x!, k.tensor([0, 3, 3, 1], [2, 2], 'int64'), s!] },
  ),
  c('indexSelect', [[3, 4]], { dim: 1 }, { inputs: (k, [x]) => [x!, k.tensor([0, 3, 3], [3], 'int64')] }),
  c(
    'indexAdd',
    [
      [3, 4],
      [3, 2],
    ],
    { dim: 1 },
    { inputs: (k, [x, s]) => [x!, k.tensor([3, 3], [2], 'int64'), s!] },
  ),
  c('conv2d', [[2, 2, 4, 5], [3, 2, 2, 3], [3]], plain),
  c('conv2d', [[1, 4, 5, 5], [2, 2, 3, 2], [2]], odd),
  c(
    'conv2d',
    [
      [1, 2, 3, 3],
      [2, 2, 2, 2],
    ],
    plain,
    { inputs: (_, [x, w]) => [x!, w!, null] },
  ),
  c(
    'conv2dInputGrad',
    [
      [1, 2, 3, 4],
      [2, 2, 3, 2],
    ],
    { ...odd, inputShape: [1, 4, 5, 2] },
  ),
  c(
    'conv2dWeightGrad',
    [
      [1, 2, 3, 4],
      [1, 4, 5, 2],
    ],
    { ...odd, weightShape: [2, 2, 3, 2] },
  ),
  c('maxPool2d', [[1, 2, 4, 4]], {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    dilation: [1, 1],
    ceilMode: false,
  }),
  c('maxPool2d', [[1, 1, 5, 4]], {
    kernel: [3, 2],
    stride: [2, 1],
    padding: [1, 1],
    dilation: [1, 2],
    ceilMode: true,
  }),
  c('maxPool2d', [[2, 4, 4]], {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    dilation: [1, 1],
    ceilMode: false,
  }),
  c('avgPool2d', [[2, 4, 4]], {
    kernel: [2, 2],
    stride: [1, 2],
    padding: [0, 1],
    ceilMode: false,
    countIncludePad: true,
  }),
  c(
    'maxPool2dBackward',
    [[1, 1, 2, 2]],
    { inputShape: [1, 1, 4, 4] },
    { inputs: (k, [g]) => [g!, k.tensor([0, 3, 3, 15], [1, 1, 2, 2], 'int64')] },
  ),
  c('avgPool2d', [[1, 2, 5, 5]], {
    kernel: [3, 2],
    stride: [2, 2],
    padding: [1, 1],
    ceilMode: true,
    countIncludePad: false,
  }),
  c('avgPool2dBackward', [[1, 2, 3, 3]], {
    inputShape: [1, 2, 5, 5],
    kernel: [3, 2],
    stride: [2, 2],
    padding: [1, 1],
    ceilMode: true,
    countIncludePad: true,
  }),
];

/** A matrix far from singular, with distinct eigenvalues and singular values: x + diag(4, 5, ...). */
const regular = (k: Kit, x: T): T => {
  const n = k.backend.info(x).shape.at(-1)!;
  const diagonal = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 4 + i / n : 0));
  return k.run('add', [x, k.tensor(diagonal, [n, n])]);
};
const symmetric = (k: Kit, x: T): T => {
  const r = regular(k, x);
  return k.run('add', [r, k.run('permute', [r], { dims: [1, 0] })]);
};
const one: Partial<Case> = { inputs: (k, [a]) => [regular(k, a!)] };
const two: Partial<Case> = { inputs: (k, [a, b]) => [regular(k, a!), b!] };
const even: Partial<Case> = { inputs: (k, [a]) => [symmetric(k, a!)] };
const squareMatrix: Case['shapes'] = [[3, 3]];
const system: Case['shapes'] = [
  [3, 3],
  [3, 2],
];

cases.push(
  c('cholesky', squareMatrix, { upper: false }, even),
  c('cholesky', squareMatrix, { upper: true }, even),
  c('solveTriangular', system, { upper: true, left: true, unit: false }, two),
  c('solve', system, {}, two),
  c('inv', squareMatrix, { check: true }, one),
  c('det', squareMatrix, {}, one),
  c('luFactor', squareMatrix, { pivot: true }, one),
  c('luFactor', [[4, 2]], { pivot: true }),
  c('luFactor', [[2, 4]], { pivot: true }),
  c('slogdet', squareMatrix, {}, one),
  c('qr', squareMatrix, { mode: 'reduced' }, one),
  c('qr', [[4, 2]], { mode: 'reduced' }),
  c('eigh', squareMatrix, { upper: false }, even),
  c('eigvalsh', squareMatrix, { upper: true }, even),
  c('svd', [[4, 2]], { fullMatrices: false }),
  c('svdvals', squareMatrix, {}, one),
);

function call(k: Kit, item: Case, x: readonly T[]): T {
  const inputs = item.inputs ? item.inputs(k, x) : x;
  return k.backend.run1(item.op, inputs, item.attrs as OpAttrs[typeof item.op]);
}

/** A number that depends on all outputs, each with another weight. */
function weigh(k: Kit, t: T, seed: number): T {
  const { shape } = k.backend.info(t);
  return k.sum(k.run('mul', [t, k.tensor(numbers(product(shape), seed), shape)]));
}

/** Gradients by backward against central differences of `f`. */
function check(
  k: Kit,
  f: (x: readonly T[]) => T,
  data: readonly (readonly number[])[],
  shapes: Case['shapes'],
): void {
  const make = (values: readonly (readonly number[])[]): T[] => values.map((v, i) => k.leaf(v, shapes[i]));
  const leaves = make(data);
  const result = f(leaves);
  const zero = k.backend.requiresGrad(result)
    ? k.backend.grad([result], leaves, [null], { retainGraph: false, createGraph: false })
    : leaves.map(() => null);
  const step = 1e-5;
  data.forEach((values, i) => {
    const got = zero[i] ? k.values(zero[i]) : values.map(() => 0);
    values.forEach((v, j) => {
      const at = (shift: number): number => {
        const moved = data.map((d, n) => (n === i ? d.map((w, m) => (m === j ? v + shift : w)) : d));
        return k.values(f(make(moved)))[0]!;
      };
      const wanted = (at(step) - at(-step)) / (2 * step);
      expect(
        Math.abs(got[j]! - wanted),
        `input ${i}, element ${j}: ${got[j]} against ${wanted}`,
      ).toBeLessThan(2e-6 * Math.max(1, Math.abs(wanted)));
    });
  });
}

describe.each(['row-major', 'transposed'] as const)('gradients, %s inputs', (layout) => {
  cases.forEach((item, n) => {
    const k = makeKit();
    const { shapes } = item;
    const domain = item.domain ?? ((v: number): number => v);
    const data = shapes.map((shape, i) => numbers(product(shape), n * 7 + i + 1).map(domain));
    const stored = layout === 'row-major' ? shapes : shapes.map((s) => [...s].reverse());
    const arrange = (x: readonly T[]): readonly T[] =>
      layout === 'row-major'
        ? x
        : x.map((t, i) =>
            k.run('permute', [t], { dims: shapes[i]!.map((_, d) => shapes[i]!.length - 1 - d) }),
          );
    const f = (x: readonly T[]): T => weigh(k, call(k, item, arrange(x)), 5);

    it(`${item.op} #${n}, first order`, () => check(k, f, data, stored));

    it(`${item.op} #${n}, second order`, () => {
      const slope = (x: readonly T[]): T => {
        const found = k.backend.grad([f(x)], x, [null], { retainGraph: true, createGraph: true });
        const parts = found.flatMap((g, i) => (g ? [weigh(k, g, 11 + i)] : []));
        return parts.reduce((a, b) => k.run('add', [a, b]), k.tensor([0], []));
      };
      check(k, slope, data, stored);
    });
  });
});

it('every differentiable primitive has a case', () => {
  const without: PrimitiveName[] = ['detach'];
  const missing = Object.entries(opRecords)
    .filter(([, r]) => r.flags.includes('primitive') && r.outputs[0]?.differentiable !== false)
    .filter(([, r]) => r.inputs.some((i) => i.differentiable !== false))
    .map(([name]) => name)
    .filter((name) => !cases.some((item) => item.op === name) && !without.includes(name as PrimitiveName));
  expect(missing).toEqual([]);
});
