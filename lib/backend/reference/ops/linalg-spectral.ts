import { AutogradError, LinAlgError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import {
  asColumn,
  asRow,
  batchOf,
  checkMatrix,
  checkSquare,
  columnsOf,
  diagonalMask,
  forEachMatrix,
  multiply,
  narrow,
  readMatrix,
  rowsOf,
  solveTriangular,
  transpose,
  transposeOf,
  upper,
  writeMatrix,
  writeVector,
} from './linalg-matrix.js';
import { add, div, full, mul, neg, noAttrs, sub, where, type ReferenceOp, type VjpContext } from './op.js';

/** Householder QR: `a` becomes R; gives the whole Q, [m, m]. */
function factorQr(a: Float64Array, m: number, n: number): Float64Array {
  const q = Float64Array.from({ length: m * m }, (_, i) => (i % (m + 1) === 0 ? 1 : 0));
  const v = new Float64Array(m);
  for (let j = 0; j < Math.min(m, n); j++) {
    let sum = 0;
    for (let i = j + 1; i < m; i++) sum += a[i * n + j]! ** 2;
    if (sum === 0) continue;
    const head = a[j * n + j]!;
    const beta = head > 0 ? -Math.sqrt(sum + head * head) : Math.sqrt(sum + head * head);
    v[j] = 1;
    for (let i = j + 1; i < m; i++) v[i] = a[i * n + j]! / (head - beta);
    const tau = (beta - head) / beta;
    for (let p = j; p < n; p++) {
      let w = 0;
      for (let i = j; i < m; i++) w += v[i]! * a[i * n + p]!;
      for (let i = j; i < m; i++) a[i * n + p]! -= tau * v[i]! * w;
    }
    for (let i = j + 1; i < m; i++) a[i * n + j] = 0;
    for (let r = 0; r < m; r++) {
      let w = 0;
      for (let i = j; i < m; i++) w += q[r * m + i]! * v[i]!;
      for (let i = j; i < m; i++) q[r * m + i]! -= tau * w * v[i]!;
    }
  }
  return q;
}

/** The first `width` columns and `height` rows of a matrix of `n` columns. */
function corner(a: Float64Array, n: number, height: number, width: number): Float64Array {
  return Float64Array.from({ length: height * width }, (_, i) => a[Math.floor(i / width) * n + (i % width)]!);
}

export const qr: ReferenceOp<'qr'> = {
  infer([a], { mode }) {
    checkMatrix('qr', 'a', a!);
    const [m, n] = [rowsOf(a!), columnsOf(a!)];
    const k = mode === 'complete' ? m : Math.min(m, n);
    const batch = batchOf(a!);
    return [fresh(a!.dtype, mode === 'r' ? [0] : [...batch, m, k]), fresh(a!.dtype, [...batch, k, n])];
  },
  forward([a], [q, r], { mode }) {
    const [m, n] = [rowsOf(a!), columnsOf(a!)];
    forEachMatrix(a!, (index) => {
      const values = readMatrix(a!, index);
      const whole = factorQr(values, m, n);
      writeMatrix(r!, index, corner(values, n, rowsOf(r!), n));
      if (mode !== 'r') writeMatrix(q!, index, corner(whole, m, m, columnsOf(q!)));
    });
  },
  saves: { outputs: [0, 1] },
  vjp(c, _g, { mode }) {
    const [q, r] = [c.output(0), c.output(1)];
    if (mode === 'r') fail(AutogradError, 'qr', 'mode r has no gradient: use reduced');
    const [n, m, k] = [columnsOf(r), rowsOf(q), columnsOf(q)];
    if (mode === 'complete' && m > n) {
      fail(
        AutogradError,
        'qr',
        `mode complete has no gradient for more rows than columns, ${m} against ${n}`,
      );
    }
    let gq = c.grad(0);
    const gr = c.grad(1);
    const r1 = narrow(c, r, -1, 0, k);
    let right: RefTensor | undefined;
    if (n > k && gr) {
      const gr2 = narrow(c, gr, -1, k, n - k);
      right = multiply(c, q, gr2);
      const through = multiply(c, multiply(c, q, narrow(c, r, -1, k, n - k)), transpose(c, gr2));
      gq = gq ? add(c, gq, through) : through;
    }
    const fromR = gr && multiply(c, narrow(c, gr, -1, 0, k), transpose(c, r1));
    const fromQ = gq && neg(c, multiply(c, transpose(c, q), gq));
    let w = fromR && fromQ ? add(c, fromR, fromQ) : (fromR ?? fromQ)!;
    w = add(c, upper(c, w), transpose(c, upper(c, w, 1)));
    const inner = multiply(c, q, w);
    const total = gq ? add(c, inner, gq) : inner;
    const ga = solveTriangular(c, transpose(c, r1), total, { upper: false, left: false });
    if (n === k) return [ga];
    right ??= full(c, [...batchOf(q), m, n - k], 0, q.dtype);
    return [c.run('cat', [ga, right], { dim: ga.rank - 1 })];
  },
};

function checkFinite(op: string, values: Float64Array, shape: readonly number[]): void {
  if (!values.every(Number.isFinite))
    fail(LinAlgError, op, `a matrix of shape ${show(shape)} holds NaN or infinity`);
}

/** The rotation that makes the off-diagonal element of [[p, o], [o, q]] zero. */
function jacobi(p: number, q: number, off: number): readonly [number, number] {
  const theta = (q - p) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  return [c, t * c];
}

/** Rows i and j of a matrix: (x, y) becomes (c x - s y, s x + c y). */
function rotateRows(a: Float64Array, width: number, i: number, j: number, c: number, s: number): void {
  for (let p = 0; p < width; p++) {
    const x = a[i * width + p]!;
    const y = a[j * width + p]!;
    a[i * width + p] = c * x - s * y;
    a[j * width + p] = s * x + c * y;
  }
}

/** Jacobi's method: eigenvalues ascending, and vectors as rows. */
function eigen(a: Float64Array, n: number): { values: number[]; rows: Float64Array } {
  const v = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const off = a[i * n + j]!;
        if (Math.abs(off) <= 1e-17 * Math.sqrt(Math.abs(a[i * n + i]! * a[j * n + j]!)) || off === 0)
          continue;
        if (Math.abs(off) < Number.MIN_VALUE * 1e16) continue;
        turned ||= Math.abs(off) > 1e-16 * (Math.abs(a[i * n + i]!) + Math.abs(a[j * n + j]!));
        const [c, s] = jacobi(a[i * n + i]!, a[j * n + j]!, off);
        rotateRows(a, n, i, j, c, s);
        for (let r = 0; r < n; r++) {
          const x = a[r * n + i]!;
          const y = a[r * n + j]!;
          a[r * n + i] = c * x - s * y;
          a[r * n + j] = s * x + c * y;
        }
        rotateRows(v, n, i, j, c, s);
      }
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i]! - a[j * n + j]!);
  return { values: order.map((i) => a[i * n + i]!), rows: sortRows(v, n, order) };
}

function sortRows(rows: Float64Array, width: number, order: readonly number[]): Float64Array {
  const out = new Float64Array(order.length * width);
  order.forEach((from, to) => out.set(rows.subarray(from * width, (from + 1) * width), to * width));
  return out;
}

function symmetric(a: RefTensor, index: number, isUpper: boolean): Float64Array {
  const n = rowsOf(a);
  const values = readMatrix(a, index);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (isUpper) values[i * n + j] = values[j * n + i]!;
      else values[j * n + i] = values[i * n + j]!;
    }
  }
  return values;
}

function eigenOf(op: string, a: RefTensor, index: number, isUpper: boolean): ReturnType<typeof eigen> {
  const values = symmetric(a, index, isUpper);
  checkFinite(op, values, a.shape.slice(-2));
  return eigen(values, rowsOf(a));
}

export const eigh: ReferenceOp<'eigh'> = {
  infer([a]) {
    checkSquare('eigh', 'a', a!);
    return [fresh(a!.dtype, a!.shape.slice(0, -1)), fresh(a!.dtype, a!.shape)];
  },
  forward([a], [values, vectors], attrs) {
    const n = rowsOf(a!);
    forEachMatrix(a!, (index) => {
      const found = eigenOf('eigh', a!, index, attrs.upper);
      writeVector(values!, index, found.values);
      writeMatrix(vectors!, index, transposeOf(found.rows, n, n));
    });
  },
  saves: { outputs: [0, 1] },
  vjp(c) {
    const [l, v] = [c.output(0), c.output(1)];
    const [gl, gv] = [c.grad(0), c.grad(1)];
    const vt = transpose(c, v);
    if (!gv) return [multiply(c, mul(c, v, asRow(c, gl!)), vt)];
    const mask = diagonalMask(c, l.shape.at(-1)!);
    const gaps = where(c, mask, full(c, [], 1, l.dtype), sub(c, asRow(c, l), asColumn(c, l)));
    const product = multiply(c, vt, gv);
    const turned = div(c, mul(c, sub(c, product, transpose(c, product)), 0.5), gaps);
    const inner = where(c, mask, gl ? asRow(c, gl) : full(c, [], 0, l.dtype), turned);
    return [multiply(c, multiply(c, v, inner), vt)];
  },
};

export const eigvalsh: ReferenceOp<'eigvalsh'> = {
  infer([a]) {
    checkSquare('eigvalsh', 'a', a!);
    return [fresh(a!.dtype, a!.shape.slice(0, -1))];
  },
  forward([a], [out], attrs) {
    forEachMatrix(a!, (index) =>
      writeVector(out!, index, eigenOf('eigvalsh', a!, index, attrs.upper).values),
    );
  },
  saves: { inputs: [0] },
  vjp(c, g, attrs) {
    const v = c.runAll('eigh', [c.input(0)], attrs)[1]!;
    return [multiply(c, mul(c, v, asRow(c, g)), transpose(c, v))];
  },
};

/**
 * One-sided Jacobi on the columns of a tall matrix, here rows of its transpose `w`, [k, m]: values descending, `width` left
 * and k right vectors, all as rows.
 */
function decompose(w: Float64Array, k: number, m: number, width: number) {
  const v = Float64Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0));
  const dot = (i: number, j: number): number => {
    let sum = 0;
    for (let p = 0; p < m; p++) sum += w[i * m + p]! * w[j * m + p]!;
    return sum;
  };
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let i = 0; i < k; i++) {
      for (let j = i + 1; j < k; j++) {
        const [p, q, off] = [dot(i, i), dot(j, j), dot(i, j)];
        if (off === 0 || Math.abs(off) <= 1e-15 * Math.sqrt(p * q)) continue;
        turned = true;
        const [c, s] = jacobi(p, q, off);
        rotateRows(w, m, i, j, c, s);
        rotateRows(v, k, i, j, c, s);
      }
    }
  }
  const sizes = Array.from({ length: k }, (_, i) => Math.sqrt(dot(i, i)));
  const order = sizes.map((_, i) => i).sort((i, j) => sizes[j]! - sizes[i]!);
  const values = order.map((i) => sizes[i]!);
  const rank = values.filter((s) => s > 1e-14 * values[0]!).length;
  const left = new Float64Array(width * m);
  const columns = new Float64Array(m * rank);
  for (let i = 0; i < rank; i++) {
    for (let p = 0; p < m; p++) {
      columns[p * rank + i] = left[i * m + p] = w[order[i]! * m + p]! / values[i]!;
    }
  }
  // Directions without a singular value: what completes the others to a basis.
  const basis = rank < width ? factorQr(columns, m, rank) : columns;
  for (let i = rank; i < width; i++) for (let p = 0; p < m; p++) left[i * m + p] = basis[p * m + i]!;
  return { values, left, right: sortRows(v, k, order) };
}

export function decomposeOf(op: string, a: RefTensor, index: number, whole: boolean) {
  const [m, n] = [rowsOf(a), columnsOf(a)];
  const values = readMatrix(a, index);
  checkFinite(op, values, a.shape.slice(-2));
  const [k, tall] = [Math.min(m, n), Math.max(m, n)];
  // A wide matrix is its own transpose's transpose.
  return decompose(m >= n ? transposeOf(values, m, n) : values, k, tall, whole ? tall : k);
}

export const svd: ReferenceOp<'svd'> = {
  infer([a], { fullMatrices }) {
    checkMatrix('svd', 'a', a!);
    const [m, n] = [rowsOf(a!), columnsOf(a!)];
    const k = Math.min(m, n);
    const batch = batchOf(a!);
    return [
      fresh(a!.dtype, [...batch, m, fullMatrices ? m : k]),
      fresh(a!.dtype, [...batch, k]),
      fresh(a!.dtype, [...batch, fullMatrices ? n : k, n]),
    ];
  },
  forward([a], [u, s, vh], { fullMatrices }) {
    const [m, n] = [rowsOf(a!), columnsOf(a!)];
    forEachMatrix(a!, (index) => {
      const { values, left, right } = decomposeOf('svd', a!, index, fullMatrices);
      writeVector(s!, index, values);
      const [forU, forV] = m >= n ? [left, right] : [right, left];
      writeMatrix(u!, index, transposeOf(forU, columnsOf(u!), m));
      writeMatrix(vh!, index, forV);
    });
  },
  saves: { outputs: [0, 1, 2] },
  vjp(c) {
    const s = c.output(1);
    const k = s.shape.at(-1)!;
    const u = narrow(c, c.output(0), -1, 0, k);
    const vh = narrow(c, c.output(2), -2, 0, k);
    const gs = c.grad(1);
    const [allU, allVh] = [c.grad(0), c.grad(2)];
    if (!allU && !allVh) return [multiply(c, mul(c, u, asRow(c, gs!)), vh)];
    const gu = allU && narrow(c, allU, -1, 0, k);
    const gvh = allVh && narrow(c, allVh, -2, 0, k);
    return [svdGradient(c, { u, s, vh, gu, gs, gvh })];
  },
};

interface SvdGradients {
  readonly u: RefTensor;
  readonly s: RefTensor;
  readonly vh: RefTensor;
  readonly gu: RefTensor | undefined;
  readonly gs: RefTensor | undefined;
  readonly gvh: RefTensor | undefined;
}

/** The formula stands in native/ops/linalg/svd.cc. */
function svdGradient(c: VjpContext, { u, s, vh, gu, gs, gvh }: SvdGradients): RefTensor {
  const k = s.shape.at(-1)!;
  const [ut, v] = [transpose(c, u), transpose(c, vh)];
  const [row, column] = [asRow(c, s), asColumn(c, s)];
  const mask = diagonalMask(c, k);
  const square = (x: RefTensor) => c.run('square', [x], noAttrs);
  const gaps = where(c, mask, full(c, [], 1, s.dtype), sub(c, square(row), square(column)));
  const skew = (x: RefTensor) => div(c, sub(c, x, transpose(c, x)), gaps);
  const terms: RefTensor[] = [];
  if (gu) terms.push(mul(c, skew(multiply(c, ut, gu)), row));
  if (gvh) terms.push(mul(c, skew(multiply(c, vh, transpose(c, gvh))), column));
  if (gs) terms.push(where(c, mask, asRow(c, gs), 0));
  const inner = terms.reduce((sum, term) => add(c, sum, term));
  let ga = multiply(c, multiply(c, u, inner), vh);
  if (rowsOf(u) > k && gu) {
    const scaled = div(c, gu, row);
    const outside = sub(c, scaled, multiply(c, u, multiply(c, ut, scaled)));
    ga = add(c, ga, multiply(c, outside, vh));
  }
  if (columnsOf(vh) > k && gvh) {
    const scaled = div(c, gvh, column);
    const outside = sub(c, scaled, multiply(c, multiply(c, scaled, v), vh));
    ga = add(c, ga, multiply(c, u, outside));
  }
  return ga;
}

export const svdvals: ReferenceOp<'svdvals'> = {
  infer([a]) {
    checkMatrix('svdvals', 'a', a!);
    return [fresh(a!.dtype, [...batchOf(a!), Math.min(rowsOf(a!), columnsOf(a!))])];
  },
  forward([a], [out]) {
    forEachMatrix(a!, (index) => writeVector(out!, index, decomposeOf('svdvals', a!, index, false).values));
  },
  saves: { inputs: [0] },
  vjp(c, g) {
    const [u, , vh] = c.runAll('svd', [c.input(0)], { fullMatrices: false }) as [
      RefTensor,
      RefTensor,
      RefTensor,
    ];
    return [multiply(c, mul(c, u, asRow(c, g)), vh)];
  },
};
