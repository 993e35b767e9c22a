import { backend } from '../backend/current.js';
import { checkInt, checkOptions, checkTensor } from '../check.js';
import type { Tensor } from '../tensor.js';

export interface TriangleOptions {
  /** Which diagonal ends the triangle: 0 the main one, above it positive. Default 0. */
  diagonal?: number;
}

/** Checks the arguments; gives the attributes of the op. */
export function triangleAttrs(op: string, x: Tensor, options: TriangleOptions): { diagonal: number } {
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { diagonal = 0 } = options;
  checkInt(op, 'diagonal', diagonal);
  return { diagonal };
}

/**
 * The lower triangle of matrices, zeros above.
 *
 * x: [..., rows, columns].
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { ones, tril } from 'lanegrad';
 * tril(ones([2, 3])).tolist(); // => [[1, 0, 0], [1, 1, 0]]
 */
export function tril(x: Tensor, options: TriangleOptions = {}): Tensor {
  return backend.run1('tril', [x], triangleAttrs('tril', x, options));
}

/**
 * The upper triangle of matrices, zeros below.
 *
 * x: [..., rows, columns].
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { ones, triu } from 'lanegrad';
 * triu(ones([2, 3]), { diagonal: 1 }).tolist(); // => [[0, 1, 1], [0, 0, 1]]
 */
export function triu(x: Tensor, options: TriangleOptions = {}): Tensor {
  return backend.run1('triu', [x], triangleAttrs('triu', x, options));
}
