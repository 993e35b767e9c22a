import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { checkChoice, checkFlag, checkOptions, checkTensor, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { runComposite1 } from '../composite.js';

export interface GridSampleOptions {
  /** How an element between others is read: a blend of 2, the nearest, or of 4 along each direction. Default `bilinear`. */
  mode?: 'bilinear' | 'nearest' | 'bicubic';
  /** What lies outside: zeros, the nearest element of the border, or the image mirrored at it. Default `zeros`. */
  paddingMode?: 'zeros' | 'border' | 'reflection';
  /** Whether -1 and 1 are the centres of the corner elements instead of the corners of the image. Default false. */
  alignCorners?: boolean | null;
}

/**
 * Reads images at the points of a grid: the spatial transformer's sampler (Jaderberg et al., 2015).
 *
 * x: [N, C, H, W] or [N, C, D, H, W]; grid: [N, H', W', 2] or [N, D', H', W', 3] of x, y(, z) in [-1, 1], the left to the right end, the top
 * to the bottom; gives [N, C, H', W'] or [N, C, D', H', W']. Floating dtypes.
 * @throws ShapeError if the grid does not fit x.
 * @throws ValueError for bicubic over three directions.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const image = tensor([[[[1.5, 2.5], [3.5, 4.5]]]]);
 * F.gridSample(image, tensor([[[[0.5, -0.5], [0.0, 0.0]]]], { dtype: 'float32' })).tolist(); // => [[[[2.5, 3]]]]
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  if (autocasting()) return inFloat32(gridSample, x, grid, options);
  checkTensor('gridSample', 'x', x);
  checkTensor('gridSample', 'grid', grid);
  checkOptions('gridSample', options);
  const { mode = 'bilinear', paddingMode = 'zeros', alignCorners } = options;
  checkChoice('gridSample', 'mode', mode, ['bilinear', 'nearest', 'bicubic']);
  checkChoice('gridSample', 'paddingMode', paddingMode, ['zeros', 'border', 'reflection']);
  if (!isFloat(x.dtype)) throw new DTypeError(`[gridSample] x: got ${x.dtype}, wanted a floating dtype`);
  if (grid.dtype !== x.dtype) {
    throw new DTypeError(`[gridSample] grid: got ${grid.dtype}, wanted the dtype of x, ${x.dtype}`);
  }
  const { shape } = x;
  const directions = shape.length - 2;
  if ((directions !== 2 && directions !== 3) || shape.includes(0, 2)) {
    throw new ShapeError(
      `[gridSample] x: got ${shapeText(shape)}, wanted [N, C, H, W] or [N, C, D, H, W] with elements`,
    );
  }
  if (grid.shape.length !== shape.length || grid.shape[0] !== shape[0] || grid.shape.at(-1) !== directions) {
    throw new ShapeError(
      `[gridSample] grid: got ${shapeText(grid.shape)}, wanted [${shape[0]}, ...out, ${directions}] for x of ${shapeText(shape)}`,
    );
  }
  if (directions === 3 && mode === 'bicubic') {
    throw new ValueError('[gridSample] mode: got bicubic for three directions, wanted bilinear or nearest');
  }
  const corners = checkFlag('gridSample', 'alignCorners', alignCorners ?? undefined);
  return runComposite1('gridSample', [x, grid], { mode, paddingMode, alignCorners: corners });
}
