import { backend } from './backend/current.js';
import { describe } from './check.js';
import { ValueError } from './errors.js';

// How exactly products of float32 matrices are computed.

/** How exactly products of float32 matrices are computed. See {@link setFloat32MatmulPrecision}. */
export type Float32MatmulPrecision = 'highest' | 'high' | 'medium';

const partsOf: Readonly<Record<Float32MatmulPrecision, number>> = { highest: 3, high: 2, medium: 1 };

/**
 * Sets how exactly products of float32 matrices are computed by a processor with a matrix unit for bfloat16 (Intel AMX,
 * level `amx` of `info()`), for the whole process. Each float32 is split into bfloat16 parts, 8 bits of fraction each:
 *
 * | precision | parts | products of parts | error of one product of numbers, at most |
 * |---|---|---|---|
 * | `highest`, the default | 3 | 6 of 9 | 2^-25 of it: sums are as exact as those of float32 multiply-adds, or more |
 * | `high` | 2 | 3 of 4 | 2^-16 |
 * | `medium` | 1 | 1 | 2^-8 |
 *
 * Infinities, NaNs and numbers so large or small that parts of them would be lost are computed in float32 at each
 * precision. Other processors compute in float32 always. PyTorch: `set_float32_matmul_precision`.
 *
 * @throws ValueError for any other word.
 * @example
 * import { getFloat32MatmulPrecision, setFloat32MatmulPrecision } from 'lanegrad';
 * setFloat32MatmulPrecision('high');
 * getFloat32MatmulPrecision(); // => 'high'
 * setFloat32MatmulPrecision('highest');
 */
export function setFloat32MatmulPrecision(precision: Float32MatmulPrecision): void {
  if (typeof precision !== 'string' || !Object.hasOwn(partsOf, precision)) {
    const wanted = Object.keys(partsOf).join(', ');
    throw new ValueError(
      `[setFloat32MatmulPrecision] precision: got ${describe(precision)}, wanted one of ${wanted}`,
    );
  }
  parts = partsOf[precision];
  backend.setMatmulParts(parts);
}

let parts: number | undefined;

/** The number of parts as this thread set it last: part of the key of compiled functions. */
export function matmulParts(): number {
  return (parts ??= backend.matmulParts());
}

/** Runs `fn` with this number of parts in force. */
export function withMatmulParts<T>(wanted: number, fn: () => T): T {
  const former = matmulParts();
  if (wanted === former) return fn();
  backend.setMatmulParts((parts = wanted));
  try {
    return fn();
  } finally {
    backend.setMatmulParts((parts = former));
  }
}

/**
 * How exactly products of float32 matrices are computed. See {@link setFloat32MatmulPrecision}. PyTorch:
 * `get_float32_matmul_precision`.
 *
 * @example
 * import { getFloat32MatmulPrecision } from 'lanegrad';
 * getFloat32MatmulPrecision(); // => 'highest'
 */
export function getFloat32MatmulPrecision(): Float32MatmulPrecision {
  const now = backend.matmulParts();
  return now === 3 ? 'highest' : now === 2 ? 'high' : 'medium';
}
