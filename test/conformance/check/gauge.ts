import type { Arguments } from '../call.js';
import { difference, kindDifference } from './compare.js';
import type { Tolerance } from '../read/format.js';
import { isTensor } from '../library.js';
import type { Output } from './results.js';
import type { StoredTensor, StoredTensors } from '../read/stored.js';
import { readTensor } from '../tensors.js';

// Factors that are unique only up to signs or a basis: they must give the matrix back, and be orthogonal.

interface Factors {
  /** What is compared with the matrix. */
  readonly product: (factors: readonly Matrix[]) => Matrix;
  /** Which factors have orthonormal columns (or rows, where those are fewer). */
  readonly orthogonal: readonly number[];
  /** Which are unique, and compared as they are. */
  readonly unique: readonly number[];
}

const factorisations: Readonly<Record<string, Factors>> = {
  'linalg.svd': {
    product: ([u, s, vh]) => multiply(scaleColumns(u!, s!), firstRows(vh!, s!.columns)),
    orthogonal: [0, 2],
    unique: [1],
  },
  'linalg.eigh': {
    product: ([w, v]) => multiply(scaleColumns(v!, w!), transpose(v!)),
    orthogonal: [1],
    unique: [0],
  },
  'linalg.qr': { product: ([q, r]) => multiply(q!, r!), orthogonal: [0], unique: [] },
};

export function checkGauge(
  op: string,
  outputs: readonly Output[],
  args: Arguments,
  stored: StoredTensors,
  tolerance: Tolerance = [1e-5, 1e-5],
): string | undefined {
  const factors = factorisations[op];
  if (factors === undefined) throw new Error(`no reconstruction for ${op}`);
  const found: StoredTensor[] = [];
  for (const [i, { path, got, want }] of outputs.entries()) {
    if (!isTensor(got) || want.t !== 'tensor') return `${path}: wanted a tensor`;
    const mine = readTensor(got);
    const wanted = stored.get(want.ref!)!;
    const wrong = factors.unique.includes(i)
      ? difference(mine, wanted, tolerance)
      : kindDifference(mine, wanted);
    if (wrong !== undefined) return `${path}: ${wrong}`;
    found.push(mine);
  }
  const input = readTensor(args.tensor(args.row.positional[0]!.name));
  const matrix = op === 'linalg.eigh' ? symmetrised(input, args) : input;
  const vectors = (i: number): boolean => op !== 'linalg.qr' && factors.unique.includes(i);
  const batches = matrices(matrix);
  // qr of mode 'r' gives no Q.
  if (found.some((one, i) => !vectors(i) && one.data.length === 0) && matrix.data.length > 0)
    return undefined;
  const parts = found.map((one, i) => (vectors(i) ? rows(one) : matrices(one)));
  for (const [b, wanted] of batches.entries()) {
    const here = parts.map((list) => list[b]!);
    const wrong = compare(factors.product(here), wanted, tolerance);
    if (wrong !== undefined) return `product of the factors, matrix ${b}: ${wrong}`;
    for (const i of factors.orthogonal) {
      const skewed = notOrthogonal(here[i]!, tolerance);
      if (skewed !== undefined) return `${outputs[i]!.path}, matrix ${b}: ${skewed}`;
    }
  }
  return undefined;
}

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  at(i: number, j: number): number;
}

function matrices({ shape, data }: StoredTensor): Matrix[] {
  const [m, n] = shape.slice(-2) as [number, number];
  const count = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, b) => ({
    rows: m,
    columns: n,
    at: (i, j) => Number(data[(b * m + i) * n + j]),
  }));
}

/** A batch of vectors as matrices of one row. */
function rows({ dtype, shape, data }: StoredTensor): Matrix[] {
  return matrices({ dtype, shape: [...shape.slice(0, -1), 1, shape.at(-1)!], data });
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; ++i)
    for (let k = 0; k < Math.min(a.columns, b.rows); ++k)
      for (let j = 0; j < b.columns; ++j) data[i * b.columns + j]! += a.at(i, k) * b.at(k, j);
  return { rows: a.rows, columns: b.columns, at: (i, j) => data[i * b.columns + j]! };
}

const transpose = (a: Matrix): Matrix => ({ rows: a.columns, columns: a.rows, at: (i, j) => a.at(j, i) });

const firstRows = (a: Matrix, count: number): Matrix => ({ ...a, rows: count });

const scaleColumns = (a: Matrix, scale: Matrix): Matrix => ({
  rows: a.rows,
  columns: scale.columns,
  at: (i, j) => a.at(i, j) * scale.at(0, j),
});

/** eigh reads one triangle: what it factorises is that triangle, mirrored. */
function symmetrised(input: StoredTensor, args: Arguments): StoredTensor {
  const upper = ['U', 'u'].includes(args.value('UPLO') as string);
  const n = input.shape.at(-1)!;
  const data = Float64Array.from(input.data as Float64Array, (value, flat) => {
    const j = flat % n;
    const i = Math.floor(flat / n) % n;
    const mirrored = upper ? i > j : i < j;
    return mirrored ? Number(input.data[flat - i * n - j + j * n + i]) : value;
  });
  return { ...input, data };
}

function compare(got: Matrix, want: Matrix, [rtol, atol]: Tolerance): string | undefined {
  // The error of a product of factors grows with the matrix as a whole, not element by element.
  let largest = 0;
  for (let i = 0; i < want.rows; ++i)
    for (let j = 0; j < want.columns; ++j) largest = Math.max(largest, Math.abs(want.at(i, j)));
  const allowed = 10 * (atol + rtol * largest);
  for (let i = 0; i < want.rows; ++i)
    for (let j = 0; j < want.columns; ++j)
      if (!(Math.abs(got.at(i, j) - want.at(i, j)) <= allowed))
        return `at ${i}, ${j}: got ${got.at(i, j)}, wanted ${want.at(i, j)}`;
  return undefined;
}

function notOrthogonal(a: Matrix, tolerance: Tolerance): string | undefined {
  const tall = a.rows >= a.columns ? a : transpose(a);
  const n = tall.columns;
  const unit: Matrix = { rows: n, columns: n, at: (i, j) => (i === j ? 1 : 0) };
  const wrong = compare(multiply(transpose(tall), tall), unit, tolerance);
  return wrong && `not orthogonal: ${wrong}`;
}
