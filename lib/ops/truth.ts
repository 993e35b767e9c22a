import { backend } from '../backend/current.js';
import { checkFlag, checkOptions, checkRange, checkTensor, noAttrs, product } from '../check.js';
import { isFloat } from '../dtype.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite1 } from './composite.js';
import { to } from './convert.js';
import { isclose } from './logic.js';
import { reduceAttrs, type ReduceOptions } from './reduction.js';

// Whether elements hold, and whether two tensors agree.

/**
 * Whether any element is nonzero. Gives bool; of uint8, as in PyTorch, uint8.
 *
 * @example
 * import { any, tensor } from 'lanegrad';
 * any(tensor([0, 2])).item(); // => true
 */
export function any(x: Tensor<'uint8'>, options?: ReduceOptions): Tensor<'uint8'>;
export function any(x: Tensor, options?: ReduceOptions): Tensor<'bool'>;
export function any(x: Tensor, options?: ReduceOptions): Tensor {
  checkTensor('any', 'x', x);
  const result = truth('any', x, options);
  return x.dtype === 'uint8' ? scoped(() => to(result, 'uint8')) : result;
}

/**
 * Whether all elements are nonzero; of none: true. Gives bool; of uint8, as in PyTorch, uint8.
 *
 * @example
 * import { all, tensor } from 'lanegrad';
 * all(tensor([0, 2])).item(); // => false
 */
export function all(x: Tensor<'uint8'>, options?: ReduceOptions): Tensor<'uint8'>;
export function all(x: Tensor, options?: ReduceOptions): Tensor<'bool'>;
export function all(x: Tensor, options?: ReduceOptions): Tensor {
  checkTensor('all', 'x', x);
  const result = truth('all', x, options);
  return x.dtype === 'uint8' ? scoped(() => to(result, 'uint8')) : result;
}

// By counting, since an extremum over nothing is an error.
function truth(op: 'any' | 'all', x: Tensor, options: ReduceOptions | undefined): Tensor<'bool'> {
  checkTensor(op, 'x', x);
  const attrs = reduceAttrs(op, options);
  return scoped(() => {
    const hits = runComposite1('countNonzero', [x], attrs);
    if (op === 'any') return backend.run1('ne', [hits, 0], noAttrs) as Tensor<'bool'>;
    const { dims } = attrs;
    const all = product(dims.length === 0 ? x.shape : dims.map((dim) => x.shape.at(dim) ?? 1));
    return backend.run1('eq', [hits, all], noAttrs) as Tensor<'bool'>;
  });
}

/**
 * Whether all elements agree: |a - b| <= atol + rtol |b|. NaN differs from everything, unless `equalNan` is set.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { allclose, tensor } from 'lanegrad';
 * allclose(tensor([1.0]), tensor([1.0000001])); // => true
 */
export function allclose(
  a: Tensor,
  b: Tensor,
  options: { atol?: number; rtol?: number; equalNan?: boolean } = {},
): boolean {
  checkTensor('allclose', 'a', a);
  checkTensor('allclose', 'b', b);
  checkOptions('allclose', options);
  const { atol = 1e-8, rtol = 1e-5 } = options;
  checkRange('allclose', 'atol', atol, 0, Infinity);
  checkRange('allclose', 'rtol', rtol, 0, Infinity);
  const equalNan = checkFlag('allclose', 'equalNan', options.equalNan);
  const former = backend.setGradMode(false);
  try {
    return scoped(() => {
      if (a.dtype === b.dtype && isFloat(a.dtype)) {
        return truth('all', isclose(a, b, { rtol, atol, equalNan }), undefined).item();
      }
      const left = to(a, 'float64');
      const right = to(b, 'float64');
      const same = backend.run1('eq', [left, right], noAttrs);
      const distance = backend.run1('abs', [backend.run1('sub', [left, right], noAttrs)], noAttrs);
      const scaled = backend.run1('mul', [backend.run1('abs', [right], noAttrs), rtol], noAttrs);
      const near = backend.run1('le', [distance, backend.run1('add', [scaled, atol], noAttrs)], noAttrs);
      // An infinity is near its equal only; the tolerance around one is infinite.
      const finite = backend.run1('lt', [distance, Infinity], noAttrs);
      let close = backend.run1('add', [same, backend.run1('mul', [near, finite], noAttrs)], noAttrs);
      if (equalNan) {
        const bothNaN = [left, right].map((x) => backend.run1('isnan', [x], noAttrs));
        close = backend.run1('add', [close, backend.run1('mul', bothNaN, noAttrs)], noAttrs);
      }
      return truth('all', close, undefined).item();
    });
  } finally {
    backend.setGradMode(former);
  }
}

/**
 * Whether two tensors have the same shape and the same values.
 *
 * @example
 * import { equal, tensor } from 'lanegrad';
 * equal(tensor([1, 2]), tensor([1, 2])); // => true
 * equal(tensor([1, 2]), tensor([[1, 2]])); // => false
 */
export function equal(a: Tensor, b: Tensor): boolean {
  checkTensor('equal', 'a', a);
  checkTensor('equal', 'b', b);
  const left = a.shape;
  const right = b.shape;
  if (left.length !== right.length || left.some((size, i) => size !== right[i])) return false;
  return scoped(() => truth('all', backend.run1('eq', [a, b], noAttrs), undefined).item());
}
