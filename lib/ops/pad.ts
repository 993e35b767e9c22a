import { autocasting, inFloat32 } from '../autocast-policy.js';
import { backend } from '../backend/current.js';
import { checkChoice, checkInts, checkNumber, checkOptions, checkTensor, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import { fromNumbers } from '../tensor.js';
import type { Tensor } from '../tensor.js';

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Places of all padded dims: each is an index that is kept. */
const mostPlaces = 2 ** 26;

const padModes: readonly PadMode[] = ['constant', 'reflect', 'replicate', 'circular'];

export interface PadOptions {
  /**
   * What the border is made of: `value`; the inside mirrored at the edge, without the edge; the edge; the other end.
   * Default `constant`.
   */
  mode?: PadMode;
  /** Of a constant border. Default 0. */
  value?: number | boolean | null;
}

/**
 * Puts a border around x, or cuts one off where a size is negative.
 *
 * x: [...]; pad: pairs [before, after], for the last dim first: [left, right], [left, right, top, bottom] and so on. `constant`
 * takes any dims and dtypes; the others pad the last one, two or three dims of [N, C, ...] or [C, ...], and a border no wider than
 * the inside (`reflect`: narrower).
 * @throws ShapeError if the border is wider than the mode can make it, or more is cut than there is.
 * @throws ValueError for an odd number of sizes.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.pad(tensor([1, 2, 3]), [1, 2]).tolist(); // => [0, 1, 2, 3, 0, 0]
 * F.pad(tensor([[[1, 2, 3]]]), [2, 1], { mode: 'reflect' }).tolist(); // => [[[3, 2, 1, 2, 3, 2]]]
 * F.pad(tensor([[[1, 2, 3]]]), [-1, 1], { mode: 'circular' }).tolist(); // => [[[2, 3, 2]]]
 */
export function pad(x: Tensor, pad: readonly number[], options: PadOptions = {}): Tensor {
  checkTensor('pad', 'x', x);
  checkInts('pad', 'pad', pad);
  checkOptions('pad', options);
  const { mode = 'constant', value } = options;
  checkChoice('pad', 'mode', mode, padModes);
  const dims = pad.length / 2;
  if (!Number.isInteger(dims) || dims > x.shape.length) {
    throw new ValueError(
      `[pad] pad: got ${shapeText(pad)}, wanted two sizes for each of at most ${x.shape.length} dims`,
    );
  }
  const before = Array.from({ length: dims }, (_, d) => pad[2 * (dims - 1 - d)]!);
  const after = Array.from({ length: dims }, (_, d) => pad[2 * (dims - 1 - d) + 1]!);
  if (mode === 'constant') {
    const filler = typeof value === 'boolean' ? Number(value) : (value ?? 0);
    checkNumber('pad', 'value', filler);
    return backend.run1('padConstant', [x], { before, after, value: filler });
  }
  if (value != null && Number(value) !== 0) {
    throw new ValueError(`[pad] value: got ${value}, which mode ${mode} does not take`);
  }
  // PyTorch's list has these, and not the mirrored border of volumes or the circular one.
  const listed = mode === 'replicate' || (mode === 'reflect' && dims < 3);
  if (listed && autocasting()) return inFloat32(padByIndex, x, before, after, mode);
  return padByIndex(x, before, after, mode);
}

function padByIndex(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  mode: 'reflect' | 'replicate' | 'circular',
): Tensor {
  const dims = before.length;
  const { shape } = x;
  if (dims < 1 || dims > 3 || (shape.length !== dims + 1 && shape.length !== dims + 2)) {
    throw new ShapeError(
      `[pad] x: got ${shapeText(shape)}, of which mode ${mode} pads the last one, two or three dims but one or two, not ${dims}`,
    );
  }
  const sizes: number[] = [];
  const index: number[] = [];
  let places = 0;
  for (let d = 0; d < dims; ++d) {
    const size = shape[shape.length - dims + d]!;
    const [front, back] = [before[d]!, after[d]!];
    const most = mode === 'reflect' ? size - 1 : mode === 'circular' ? size : Infinity;
    const total = size + front + back;
    // What a negative size cuts is not there for `circular` to come round to.
    const start = Math.max(-front, 0);
    const kept = size - start - Math.max(-back, 0);
    const tooMuch = mode === 'circular' && kept < 1 && total > 0;
    if (front > most || back > most || size < 1 || total < 0 || tooMuch) {
      throw new ShapeError(`[pad] pad: got ${front} and ${back} for a dim of ${size}, too much for ${mode}`);
    }
    sizes.push(total);
    places += total;
    if (places > mostPlaces) {
      throw new ShapeError(
        `[pad] pad: got ${front} and ${back}, with which a dim has ${total} places, wanted at most ${mostPlaces}`,
      );
    }
    for (let i = 0; i < total; ++i) {
      const at = i - front;
      if (mode === 'circular') index.push(start + ((((at - start) % kept) + kept) % kept));
      else index.push(mode === 'replicate' ? Math.min(Math.max(at, 0), size - 1) : mirrored(at, size));
    }
  }
  if (sizes.every((size) => size === 0)) {
    throw new ShapeError(
      `[pad] pad: got ${shapeText([...before, ...after])}, which cuts all of ${shapeText(shape)}`,
    );
  }
  return scoped(() =>
    backend.run1('outerIndex', [x, fromNumbers('int32', [index.length], index)], { sizes }),
  );
}

/** The place inside [0, size) whose mirror image lies at `at`. */
function mirrored(at: number, size: number): number {
  const turned = Math.abs(at);
  return turned < size ? turned : 2 * (size - 1) - turned;
}
