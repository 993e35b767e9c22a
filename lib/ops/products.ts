import { autocasting, inFloat32 } from '../autocast-policy.js';
import { checkInt, checkInts, checkOptions, checkTensor, shapeText, wrapDim } from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import { fromNumbers } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { mul, sub } from './binary.js';
import { contractPair, diagonalOf } from './contract.js';
import { indexSelect } from './indexing.js';
import { sum } from './reduction.js';
import { narrow, reshape, unsqueeze } from './view.js';

/**
 * The outer product of two vectors: out[i][j] = a[i] b[j].
 *
 * a: [M], b: [N]; gives [M, N]. dtypes promote.
 * @throws ShapeError unless both have one dim.
 * @example
 * import { outer, tensor } from 'lanegrad';
 * outer(tensor([1, 2]), tensor([3, 4, 5])).tolist(); // => [[3, 4, 5], [6, 8, 10]]
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkTensor('outer', 'a', a);
  checkTensor('outer', 'b', b);
  if (a.shape.length !== 1 || b.shape.length !== 1) {
    throw new ShapeError(
      `[outer] got ${shapeText(a.shape)} and ${shapeText(b.shape)}, wanted tensors of 1 dim`,
    );
  }
  return scoped(() => mul(unsqueeze(a, 1), b));
}

/**
 * Inner products along the last dims: out[i..., j...] is the sum over k of a[i..., k] b[j..., k]. With a 0-dim operand, a b.
 *
 * a: [..., K], b: [..., K], of one dtype.
 * @throws ShapeError if the last sizes differ.
 * @throws DTypeError if the dtypes differ.
 * @example
 * import { inner, tensor } from 'lanegrad';
 * inner(tensor([[1, 2], [3, 4]]), tensor([10, 1])).tolist(); // => [12, 34]
 */
export function inner(a: Tensor, b: Tensor): Tensor {
  checkSameDType('inner', a, b);
  if (a.shape.length === 0 || b.shape.length === 0) return mul(a, b);
  if (a.shape.at(-1) !== b.shape.at(-1)) {
    throw new ShapeError(`[inner] last sizes differ: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`);
  }
  return tensordot(a, b, { dims: [[-1], [-1]] });
}

export interface TensordotOptions {
  /**
   * The dims to sum over: the last n of a with the first n of b, or those named, dims[0][i] of a with dims[1][i] of b.
   * Default 2.
   */
  dims?: number | readonly [readonly number[], readonly number[]];
}

/**
 * The sum of products over pairs of dims; the result has the other dims of a, then those of b.
 *
 * a, b: of one dtype; paired sizes agree, or one of them is 1.
 * @throws ShapeError if paired sizes differ.
 * @throws DTypeError if the dtypes differ.
 * @example
 * import { tensor, tensordot } from 'lanegrad';
 * const a = tensor([[1, 2], [3, 4]]);
 * tensordot(a, a).item(); // => 30
 * tensordot(a, a, { dims: [[0], [0]] }).tolist(); // => [[10, 14], [14, 20]]
 */
export function tensordot(a: Tensor, b: Tensor, options: TensordotOptions = {}): Tensor {
  checkSameDType('tensordot', a, b);
  checkOptions('tensordot', options);
  const [aDims, bDims] = pairedDims(a, b, options.dims ?? 2);
  const aLabels = a.shape.map((_, i) => i);
  const bLabels = b.shape.map((_, i) => aLabels.length + i);
  aDims.forEach((dim, i) => {
    const other = bDims[i]!;
    const [m, n] = [a.shape[dim]!, b.shape[other]!];
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `[tensordot] sizes differ: dim ${dim} of a, ${shapeText(a.shape)}, against dim ${other} of b, ${shapeText(b.shape)}`,
      );
    }
    bLabels[other] = dim;
  });
  return scoped(
    () =>
      contractPair(
        { tensor: a, labels: aLabels },
        { tensor: b, labels: bLabels },
        (label) => !aDims.includes(label),
      ).tensor,
  );
}

function pairedDims(
  a: Tensor,
  b: Tensor,
  dims: number | readonly [readonly number[], readonly number[]],
): readonly [number[], number[]] {
  if (typeof dims === 'number') {
    checkInt('tensordot', 'dims', dims);
    if (dims < 0 || dims > Math.min(a.shape.length, b.shape.length)) {
      throw new ValueError(
        `[tensordot] dims: got ${dims} for tensors of ${a.shape.length} and ${b.shape.length} dims`,
      );
    }
    const first = Array.from({ length: dims }, (_, i) => i);
    return [first.map((i) => a.shape.length - dims + i), first];
  }
  if (!Array.isArray(dims) || dims.length !== 2) {
    throw new ValueError('[tensordot] dims: wanted a number or two arrays of dims');
  }
  const [left, right] = dims.map((list, i) => {
    checkInts('tensordot', `dims[${i}]`, list);
    return list.map((dim) => wrapDim('tensordot', dim, (i === 0 ? a : b).shape.length));
  }) as [number[], number[]];
  if (left.length !== right.length) {
    throw new ValueError(`[tensordot] dims: got ${left.length} dims of a and ${right.length} of b`);
  }
  if (new Set(left).size !== left.length || new Set(right).size !== right.length) {
    throw new ValueError('[tensordot] dims: a dim is named twice');
  }
  return [left, right];
}

/**
 * The Kronecker product: each element of a times all of b, in blocks. The tensor of fewer dims gets leading ones.
 *
 * a: [A0, A1, ...], b: [B0, B1, ...]; gives [A0 B0, A1 B1, ...]. dtypes promote.
 * @example
 * import { kron, tensor } from 'lanegrad';
 * kron(tensor([[1, 2]]), tensor([[1], [10]])).tolist(); // => [[1, 2], [10, 20]]
 */
export function kron(a: Tensor, b: Tensor): Tensor {
  checkTensor('kron', 'a', a);
  checkTensor('kron', 'b', b);
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizes = (x: Tensor): number[] => [
    ...Array.from({ length: rank - x.shape.length }, () => 1),
    ...x.shape,
  ];
  const left = sizes(a);
  const right = sizes(b);
  return scoped(() => {
    const spreadA = reshape(
      a,
      left.flatMap((size) => [size, 1]),
    );
    const spreadB = reshape(
      b,
      right.flatMap((size) => [1, size]),
    );
    return reshape(
      mul(spreadA, spreadB),
      left.map((size, i) => size * right[i]!),
    );
  });
}

export interface CrossOptions {
  /** The dim of size 3. Default: the first one of that size. */
  dim?: number;
}

/**
 * The cross product of vectors of three elements along a dim; the other dims broadcast. `linalg.cross` takes the last dim
 * by default.
 *
 * a, b: [..., 3, ...].
 * @throws ShapeError if no dim, or not the named one, has size 3, or the ranks differ.
 * @example
 * import { cross, tensor } from 'lanegrad';
 * cross(tensor([1, 0, 0]), tensor([0, 1, 0])).tolist(); // => [0, 0, 1]
 */
export function cross(a: Tensor, b: Tensor, options: CrossOptions = {}): Tensor {
  return crossProduct('cross', a, b, options);
}

/** Behind `cross` and `linalg.cross`. */
export function crossProduct(op: string, a: Tensor, b: Tensor, options: CrossOptions): Tensor {
  checkTensor(op, 'a', a);
  checkTensor(op, 'b', b);
  checkOptions(op, options);
  const shapes = `a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`;
  if (a.shape.length !== b.shape.length) throw new ShapeError(`[${op}] ranks differ: ${shapes}`);
  const found = options.dim ?? a.shape.findIndex((size, i) => size === 3 && b.shape[i] === 3);
  if (options.dim === undefined && found < 0) {
    throw new ShapeError(`[${op}] no dim has size 3: ${shapes}`);
  }
  const dim = wrapDim(op, found, a.shape.length);
  if (a.shape[dim] !== 3 || b.shape[dim] !== 3) {
    throw new ShapeError(`[${op}] dim ${found} must have size 3: ${shapes}`);
  }
  return scoped(() => {
    const next = fromNumbers('int64', [3], [1, 2, 0]);
    const last = fromNumbers('int64', [3], [2, 0, 1]);
    const at = (x: Tensor, order: Tensor) => indexSelect(x, dim, order);
    return sub(mul(at(a, next), at(b, last)), mul(at(a, last), at(b, next)));
  });
}

/**
 * The sum of the elements on the diagonal of a matrix; of integers, int64.
 *
 * x: [M, N]; gives [].
 * @throws ShapeError unless x has two dims.
 * @throws DTypeError for bool.
 * @example
 * import { tensor, trace } from 'lanegrad';
 * trace(tensor([[1, 2], [3, 4]])).item(); // => 5
 */
export function trace(x: Tensor): Tensor {
  if (autocasting()) return inFloat32(trace, x);
  checkTensor('trace', 'x', x);
  if (x.shape.length !== 2) throw new ShapeError(`[trace] got ${shapeText(x.shape)}, wanted a matrix`);
  if (x.dtype === 'bool') throw new DTypeError('[trace] got bool, wanted numbers: cast it first');
  const size = Math.min(...x.shape);
  return scoped(() => sum(diagonalOf(narrow(narrow(x, 0, 0, size), 1, 0, size), 0, 1)));
}

function checkSameDType(op: string, a: Tensor, b: Tensor): void {
  checkTensor(op, 'a', a);
  checkTensor(op, 'b', b);
  if (a.dtype !== b.dtype) {
    throw new DTypeError(`[${op}] got ${a.dtype} and ${b.dtype}, wanted one dtype: cast one of them first`);
  }
}
