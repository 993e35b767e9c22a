import {
  checkInt,
  checkListLength,
  checkNumber,
  checkOptions,
  checkRange,
  checkTensor,
  product,
  shapeText,
} from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { lt, mul, where } from '../../ops/binary.js';
import { diagonal } from '../../ops/diagonal.js';
import { qr } from '../../ops/linalg/decompose.js';
import { rand, randn } from '../../ops/random.js';
import { argsort } from '../../ops/sorting.js';
import { sign } from '../../ops/unary.js';
import { reshape, transpose } from '../../ops/view.js';
import { eye } from '../../ops/creation.js';
import { fromNumbers } from '../../tensor.js';
import type { Tensor } from '../../tensor.js';
import { checkFloating, write } from './fill.js';
import type { XavierOptions } from './variance.js';

// Initial values with a structure: identities, orthogonal matrices, mostly zeros.

function checkMatrix(op: string, tensor: Tensor): void {
  checkTensor(op, 'tensor', tensor);
  if (tensor.ndim !== 2) {
    throw new ShapeError(`[${op}] tensor is ${shapeText(tensor.shape)}, wanted two dims [out, in]`);
  }
}

/**
 * The identity matrix: a linear layer that gives what it takes, as far as the sizes let it. Any dtype.
 *
 * tensor: [out, in].
 * @throws ShapeError unless there are two dims.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * nn.init.eye_(zeros([2, 3])).tolist(); // => [[1, 0, 0], [0, 1, 0]]
 */
export function eye_<T extends Tensor>(tensor: T): T {
  checkMatrix('eye_', tensor);
  const [rows, columns] = tensor.shape as [number, number];
  return write(tensor, () => eye(rows, { columns, dtype: tensor.dtype }));
}

export interface DiracOptions {
  /** Groups of channels, each an identity of its own. Default 1. */
  groups?: number;
}

/**
 * The identity of convolutions: channel i of the output is channel i of the input, as far as there are as many.
 *
 * tensor: [out, in, ...kernel] with one to three kernel dims.
 * @throws ShapeError for another number of dims.
 * @throws ValueError if `groups` does not divide the first dim.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * nn.init.dirac_(zeros([1, 2, 3])).tolist(); // => [[[0, 1, 0], [0, 0, 0]]]
 */
export function dirac_<T extends Tensor>(tensor: T, options: DiracOptions = {}): T {
  const op = 'dirac_';
  checkFloating(op, tensor);
  checkOptions(op, options, ['groups']);
  const { groups = 1 } = options;
  checkInt(op, 'groups', groups);
  const { shape } = tensor;
  if (shape.length < 3 || shape.length > 5) {
    throw new ShapeError(
      `[${op}] tensor is ${shapeText(shape)}, wanted [out, in, ...kernel] of three to five dims`,
    );
  }
  const [outs, ins, ...kernel] = shape as [number, number, ...number[]];
  if (groups < 1 || outs % groups !== 0) {
    throw new ValueError(`[${op}] groups: got ${groups}, wanted a divisor of ${outs}`);
  }
  const window = product(kernel);
  const centre = kernel.reduce((at, size) => at * size + Math.floor(size / 2), 0);
  checkListLength(op, outs * ins * window);
  const values = new Array<number>(outs * ins * window).fill(0);
  const perGroup = outs / groups;
  for (let out = 0; out < outs; ++out) {
    const channel = out % perGroup;
    if (channel < ins && window > 0) values[(out * ins + channel) * window + centre] = 1;
  }
  return write(tensor, () => fromNumbers('float32', shape, values));
}

/**
 * A matrix of orthogonal rows or columns, whichever are fewer, times `gain` (Saxe, McClelland and Ganguli, 2014).
 *
 * tensor: [out, ...], taken as a matrix with `out` rows.
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { eye, nn, zeros } from 'lanegrad';
 * const w = nn.init.orthogonal_(zeros([3, 5]));
 * w.matmul(w.t()).sub(eye(3)).abs().amax().item() < 1e-5; // => true
 */
export function orthogonal_<T extends Tensor>(tensor: T, options: XavierOptions = {}): T {
  const op = 'orthogonal_';
  checkFloating(op, tensor);
  checkOptions(op, options, ['gain']);
  const { gain = 1 } = options;
  checkNumber(op, 'gain', gain);
  const { shape } = tensor;
  if (shape.length < 2) {
    throw new ShapeError(`[${op}] tensor is ${shapeText(shape)}, wanted at least two dims [out, ...]`);
  }
  if (tensor.numel() === 0) return tensor;
  const rows = shape[0]!;
  const columns = product(shape.slice(1));
  const tall = rows >= columns;
  return write(tensor, () => {
    const dtype = tensor.dtype === 'float64' ? 'float64' : 'float32';
    const { Q, R } = qr(randn(tall ? [rows, columns] : [columns, rows], { dtype }));
    // With the signs of the diagonal every orthogonal matrix is as likely.
    const even = mul(Q, sign(diagonal(R)));
    return mul(reshape(tall ? even : transpose(even, 0, 1), shape), gain);
  });
}

export interface SparseOptions {
  /** Standard deviation of the values that are not zero. Default 0.01. */
  std?: number;
}

/**
 * Normal values, of which a share in each column is zero: ceil(sparsity * rows) of them (Martens, 2010).
 *
 * tensor: [out, in]. sparsity: in [0, 1].
 * @throws ShapeError unless there are two dims.
 * @throws ValueError for a sparsity outside [0, 1].
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const w = nn.init.sparse_(zeros([10, 3]), 0.7);
 * w.eq(0).sum({ dim: 0 }).tolist(); // => [7, 7, 7]
 */
export function sparse_<T extends Tensor>(tensor: T, sparsity: number, options: SparseOptions = {}): T {
  const op = 'sparse_';
  checkFloating(op, tensor);
  checkMatrix(op, tensor);
  checkRange(op, 'sparsity', sparsity, 0, 1);
  checkOptions(op, options, ['std']);
  const { std = 0.01 } = options;
  checkRange(op, 'std', std, 0, Infinity);
  const [rows, columns] = tensor.shape as [number, number];
  if (tensor.numel() === 0) return tensor;
  return write(tensor, () => {
    const rank = argsort(argsort(rand([rows, columns]), { dim: 0 }), { dim: 0 });
    const values = mul(randn([rows, columns]), std);
    return where(lt(rank, Math.ceil(sparsity * rows)), 0, values);
  });
}
