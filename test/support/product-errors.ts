import { matmul, tensor, type Tensor } from '../../lib/index.js';

// How far products of float32 matrices are from the truth, against a plain chain of fused multiply-adds.

/** Of |C - A B| / (|A| |B|), elementwise. */
export interface ProductError {
  readonly greatest: number;
  readonly rms: number;
}

export interface ProductCase {
  readonly kind: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

// A small generator: the cases must be the same on every backend and level.
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

function normals(next: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

/** Values of A (or B, transposed) at depth p of line i, by kind. */
const kinds: Readonly<Record<string, (value: () => number, p: number, isB: boolean) => number>> = {
  normal: (value) => value(),
  // Both factors positive: sums only grow.
  uniform: (value) => Math.abs(value()) + 0.1,
  // From 2^-20 to 2^20 along the depth, and the other way round in B.
  graded: (value, p, isB) => value() * 2 ** ((isB ? -1 : 1) * ((p % 41) - 20)),
  // Neighbours nearly cancel: what is left is small against |A| |B|.
  cancelling: (value, p, isB) => (isB && p % 2 === 1 ? -1 : 1) * (1 + value() * 2 ** -12),
};
export const productKinds = Object.keys(kinds);

export function productCase(kind: string, m: number, k: number, n: number): ProductCase {
  const value = normals(uniforms(m * 31 + k * 7 + n));
  const fill = (lines: number, isB: boolean): Float32Array =>
    Float32Array.from({ length: lines * k }, (_, i) => kinds[kind]!(value, i % k, isB));
  const a = fill(m, false);
  const turned = fill(n, true);
  const b = new Float32Array(k * n);
  for (let j = 0; j < n; j++) for (let p = 0; p < k; p++) b[p * n + j] = turned[j * k + p]!;
  return { kind, m, k, n, a, b };
}

function errorOf(c: ArrayLike<number>, { m, k, n, a, b }: ProductCase): ProductError {
  let greatest = 0;
  let squares = 0;
  const exact = new Float64Array(n);
  const scale = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    exact.fill(0);
    scale.fill(0);
    for (let p = 0; p < k; p++) {
      const x = a[i * k + p]!;
      for (let j = 0; j < n; j++) {
        const product = x * b[p * n + j]!;
        exact[j] = exact[j]! + product;
        scale[j] = scale[j]! + Math.abs(product);
      }
    }
    for (let j = 0; j < n; j++) {
      const error = Math.abs(c[i * n + j]! - exact[j]!) / scale[j]!;
      greatest = Math.max(greatest, error);
      squares += error * error;
    }
  }
  return { greatest, rms: Math.sqrt(squares / (m * n)) };
}

/** Of one chain of fused multiply-adds an element, in ascending p. A product of floats is exact in float64. */
export function chainError(given: ProductCase): ProductError {
  const { m, k, n, a, b } = given;
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const x = a[i * k + p]!;
      for (let j = 0; j < n; j++) c[i * n + j] = x * b[p * n + j]! + c[i * n + j]!;
    }
  }
  return errorOf(c, given);
}

/** Of {@link matmul}. */
export function matmulError(given: ProductCase): ProductError {
  const { m, k, n, a, b } = given;
  const c: Tensor = matmul(tensor(a).reshape([m, k]), tensor(b).reshape([k, n]));
  return errorOf(c.data as Float32Array, given);
}
