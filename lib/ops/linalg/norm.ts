import { backend } from '../../backend/current.js';
import {
  checkFlag,
  checkInts,
  checkOptions,
  checkTensor,
  describe,
  noAttrs,
  shapeText,
  wrapDim,
} from '../../check.js';
import type { DType } from '../../dtype.js';
import { IndexError, ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { amax, amin, sum } from '../reduction.js';
import { abs } from '../unary.js';
import { permute, reshape } from '../view.js';
import { castForNorm, normOver, vectorNormOf } from './vector-norm.js';

/** `fro`: Frobenius, `nuc`: nuclear, else the operator norm that belongs to the vector norm. */
export type MatrixOrd = 'fro' | 'nuc' | number;

export interface MatrixNormOptions {
  /** `fro`, `nuc`, 1, -1, 2, -2, Infinity or -Infinity. Default `fro`. */
  ord?: MatrixOrd;
  /** The two dims of the matrices. Default [-2, -1]. */
  dim?: readonly number[];
  /** Keep the two dims with size 1. Default false. */
  keepdim?: boolean;
  /** Cast to this floating dtype first; it may not be narrower. */
  dtype?: DType;
}

/**
 * The norm of matrices: `fro` the root of the sum of squares, `nuc` the sum of singular values, 2 (-2) the largest (smallest)
 * of them, 1 (-1) the largest (smallest) sum of |x| of a column, Infinity (-Infinity) of a row.
 *
 * x: [..., M, N], float32 or float64; gives [...].
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers and bool, or a narrower dtype.
 * @throws ValueError for another ord.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * const x = tensor([[3, 0], [-4, 0.5]]);
 * linalg.matrixNorm(x, { ord: 1 }).item(); // => 7
 * linalg.matrixNorm(x, { ord: Infinity }).item(); // => 4.5
 */
export function matrixNorm(x: Tensor, options: MatrixNormOptions = {}): Tensor {
  checkTensor('linalg.matrixNorm', 'x', x);
  checkOptions('linalg.matrixNorm', options);
  const { ord = 'fro', dim = [-2, -1], dtype } = options;
  const keepdim = checkFlag('linalg.matrixNorm', 'keepdim', options.keepdim);
  return matrixNormOf('linalg.matrixNorm', x, ord, dim, keepdim, dtype);
}

function matrixNormOf(
  op: string,
  x: Tensor,
  ord: unknown,
  dim: readonly number[],
  keepdim: boolean,
  dtype: DType | undefined,
): Tensor {
  checkInts(op, 'dim', dim);
  if (dim.length !== 2) throw new ValueError(`[${op}] dim: got [${dim.join(', ')}], wanted two dims`);
  if (x.shape.length < 2) throw new ShapeError(`[${op}] got ${shapeText(x.shape)}, wanted at least 2 dims`);
  const cast = castForNorm(op, x, dtype);
  const [row, column] = dim.map((entry) => wrapDim(op, entry, x.shape.length)) as [number, number];
  if (row === column) throw new IndexError(`[${op}] dim: got [${dim.join(', ')}], which are the same`);
  switch (ord) {
    case 'fro':
      return scoped(() => normOver(cast(), 2, { dim: [row, column], keepdim }));
    case 'nuc':
    case 2:
    case -2:
      return scoped(() => spectral(cast(), ord, row, column, keepdim));
    case 1:
    case -1:
    case Infinity:
    case -Infinity: {
      const byColumn = Math.abs(ord) === 1;
      const extreme = ord > 0 ? amax : amin;
      return scoped(() => {
        const sums = sum(abs(cast()), { dim: byColumn ? row : column, keepdim: true });
        return extreme(reshapeKept(sums, byColumn ? row : column, keepdim), {
          dim: keepdim
            ? byColumn
              ? column
              : row
            : placeWithout(byColumn ? column : row, byColumn ? row : column),
          keepdim,
        });
      });
    }
    default:
      throw new ValueError(
        `[${op}] ord: got ${describe(ord)}, wanted fro, nuc, 1, -1, 2, -2, Infinity or -Infinity for matrices`,
      );
  }
}

/** Where a dim is after another one was dropped. */
function placeWithout(dim: number, dropped: number): number {
  return dim > dropped ? dim - 1 : dim;
}

function reshapeKept(sums: Tensor, dim: number, keepdim: boolean): Tensor {
  return keepdim ? sums : reshape(sums, sums.shape.toSpliced(dim, 1));
}

/** Norms of the singular values. */
function spectral(x: Tensor, ord: 'nuc' | 2 | -2, row: number, column: number, keepdim: boolean): Tensor {
  const rest = x.shape.map((_, i) => i).filter((i) => i !== row && i !== column);
  const values = backend.run1('svdvals', [permute(x, [...rest, row, column])], noAttrs);
  const over = { dim: -1 };
  const norm = ord === 'nuc' ? sum(values, over) : ord === 2 ? amax(values, over) : amin(values, over);
  if (!keepdim) return norm;
  return reshape(
    norm,
    x.shape.map((size, i) => (i === row || i === column ? 1 : size)),
  );
}

export interface NormOptions {
  /** Of vectors a number, of matrices see {@link MatrixNormOptions}. Default: 2 of all elements, or over `dim`. */
  ord?: MatrixOrd;
  /** One dim: norms of vectors; two: of matrices. Default: all, as one vector if `ord` is not given. */
  dim?: number | readonly number[];
  /** Keep the dims with size 1. Default false. */
  keepdim?: boolean;
  /** Cast to this floating dtype first; it may not be narrower. */
  dtype?: DType;
}

/**
 * The norm of vectors or matrices: {@link vectorNorm} over one dim, of a tensor of one dim, or without `ord`; else
 * {@link matrixNorm}. The gradient is 0 where the norm is.
 *
 * @throws ShapeError if `ord` is given without `dim` for more than 2 dims.
 * @throws DTypeError for integers and bool, or a narrower dtype.
 * @throws ValueError for an ord that does not fit, or more than 2 dims.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * const x = tensor([[3, 4], [0, 0.5]]);
 * linalg.norm(x, { dim: 1 }).tolist(); // => [5, 0.5]
 * linalg.norm(x, { ord: Infinity }).item(); // => 7
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  const op = 'linalg.norm';
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { ord, dim, dtype } = options;
  const keepdim = checkFlag(op, 'keepdim', options.keepdim);
  const dims = dim === undefined ? undefined : typeof dim === 'number' ? [dim] : dim;
  if (ord === undefined) {
    return vectorNormOf(op, x, 2, dims === undefined ? { keepdim } : { dim: dims, keepdim }, dtype);
  }
  if (dims === undefined && x.shape.length !== 1 && x.shape.length !== 2) {
    throw new ShapeError(`[${op}] ord without dim wants 1 or 2 dims, got ${shapeText(x.shape)}`);
  }
  const over = dims ?? x.shape.map((_, i) => i);
  if (over.length === 1) return vectorNormOf(op, x, ord, { dim: over, keepdim }, dtype);
  if (over.length !== 2) throw new ValueError(`[${op}] dim: got [${over.join(', ')}], wanted one dim or two`);
  return matrixNormOf(op, x, ord, over, keepdim, dtype);
}

export interface PNormOptions extends Omit<NormOptions, 'ord'> {
  /** A number: of the elements over `dim`, as one vector; `fro` is 2; `nuc`: of matrices. Default `fro`. */
  p?: MatrixOrd;
}

/**
 * PyTorch's older norm, which takes the elements as one vector over any number of dims, but for `nuc`. See
 * {@link linalg.norm}, whose `ord` is of matrices where there are two dims.
 *
 * @throws DTypeError for integers and bool, or a narrower dtype.
 * @example
 * import { norm, tensor } from 'lanegrad';
 * norm(tensor([[3, 0], [0, 4.5]]), { p: 1 }).item(); // => 7.5
 */
export function pNorm(x: Tensor, options: PNormOptions = {}): Tensor {
  checkTensor('norm', 'x', x);
  checkOptions('norm', options);
  const { p = 'fro', dim, dtype } = options;
  const keepdim = checkFlag('norm', 'keepdim', options.keepdim);
  if (p === 'nuc') {
    const dims = dim ?? (x.shape.length === 2 ? [0, 1] : []);
    return matrixNormOf('norm', x, p, typeof dims === 'number' ? [dims] : dims, keepdim, dtype);
  }
  const over = dim === undefined ? { keepdim } : { dim, keepdim };
  return vectorNormOf('norm', x, p === 'fro' ? 2 : p, over, dtype);
}
