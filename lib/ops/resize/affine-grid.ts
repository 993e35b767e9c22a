import { backend } from '../../backend/current.js';
import {
  checkFlag,
  checkListLength,
  checkOptions,
  checkShape,
  checkTensor,
  product,
  shapeText,
} from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError } from '../../errors.js';
import { scoped } from '../../scope.js';
import { fromNumbers } from '../../tensor.js';
import type { Tensor } from '../../tensor.js';
import { bmm } from '../matmul.js';
import { expand, reshape, transpose } from '../view.js';

/** Coordinates in [-1, 1]: the centres of n elements, or n from end to end. */
function centres(n: number, alignCorners: boolean): number[] {
  checkListLength('affineGrid', n);
  return Array.from({ length: n }, (_, i) => {
    if (n === 1) return 0;
    return alignCorners ? (2 * i) / (n - 1) - 1 : (2 * i + 1) / n - 1;
  });
}

/**
 * The grid of points at which an affine transformation reads its input, for {@link gridSample}.
 *
 * theta: [N, 2, 3] or [N, 3, 4]: (x', y') = theta (x, y, 1); size: that of the output, [N, C, H, W] or [N, C, D, H, W]; gives
 * [N, H, W, 2] or [N, D, H, W, 3]. Floating dtypes.
 * alignCorners: whether -1 and 1 are the centres of the corner elements. Default false.
 * @throws ShapeError if theta and size do not fit.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const mirror = tensor([[[-1, 0, 0], [0, 1, 0]]], { dtype: 'float32' });
 * F.affineGrid(mirror, [1, 1, 1, 2]).tolist(); // => [[[[0.5, 0], [-0.5, 0]]]]
 */
export function affineGrid(
  theta: Tensor,
  size: readonly number[],
  options: { alignCorners?: boolean | null } = {},
): Tensor {
  checkTensor('affineGrid', 'theta', theta);
  checkOptions('affineGrid', options);
  const shape = checkShape('affineGrid', size);
  const alignCorners = checkFlag('affineGrid', 'alignCorners', options.alignCorners ?? undefined);
  if (!isFloat(theta.dtype)) {
    throw new DTypeError(`[affineGrid] theta: got ${theta.dtype}, wanted a floating dtype`);
  }
  const directions = shape.length - 2;
  const [images, rows, columns] = theta.shape;
  const fits = theta.shape.length === 3 && images === shape[0] && rows === directions && columns === rows + 1;
  if (!fits || directions < 2 || directions > 3 || shape.includes(0)) {
    throw new ShapeError(
      `[affineGrid] theta ${shapeText(theta.shape)} and size ${shapeText(shape)} do not fit, wanted [N, 2, 3] for [N, C, H, W] or [N, 3, 4] for [N, C, D, H, W]`,
    );
  }
  const out = shape.slice(2);
  const points = product(out);
  return scoped(() => {
    const coordinates = out.map((n, d) => {
      const line = fromNumbers(theta.dtype, [n], centres(n, alignCorners));
      const along = reshape(line, [n, ...out.slice(d + 1).map(() => 1)]);
      return reshape(expand(along, out), [points, 1]);
    });
    const one = backend.run1('full', [], { shape: [points, 1], value: 1, dtype: theta.dtype });
    const base = backend.run1('cat', [[...coordinates.reverse(), one]], { dim: 1 });
    const all = expand(reshape(base, [1, points, directions + 1]), [shape[0]!, points, directions + 1]);
    return reshape(bmm(all, transpose(theta, 1, 2)), [shape[0]!, ...out, directions]);
  });
}
