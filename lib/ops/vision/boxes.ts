import { checkNumber, checkTensor, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, div, maximum, minimum, mul, sub } from '../binary.js';
import { clampMin } from '../clamp.js';
import { detach, to } from '../convert.js';
import { tensor } from '../from-data.js';
import { argsort } from '../sorting.js';
import { narrow, select, unsqueeze } from '../view.js';

/** Boxes [N, columns] of a floating dtype; integers as float32. */
export function checkBoxes(op: string, name: string, boxes: Tensor, columns: number): void {
  checkTensor(op, name, boxes);
  if (boxes.dtype === 'bool') throw new DTypeError(`[${op}] ${name}: got bool, wanted numbers`);
  if (boxes.ndim !== 2 || boxes.shape[1] !== columns) {
    throw new ShapeError(`[${op}] ${name} is ${shapeText(boxes.shape)}, wanted [N, ${columns}]`);
  }
}

const asFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : to(x, 'float32'));

/** The areas of boxes [N, 4]. */
function areas(boxes: Tensor): Tensor {
  const [x1, y1, x2, y2] = [0, 1, 2, 3].map((column) => select(boxes, 1, column)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return mul(sub(x2, x1), sub(y2, y1));
}

/**
 * How much of two boxes is common to both: the area of their intersection over that of their union, for every pair. Boxes
 * are x1, y1, x2, y2 with x1 <= x2 and y1 <= y2; integers become float32. NaN where both boxes are empty.
 *
 * boxes1: [N, 4], boxes2: [M, 4]; gives [N, M]. PyTorch: torchvision.ops.box_iou.
 *
 * @throws ShapeError unless both are [N, 4].
 * @throws DTypeError for bool.
 * @example
 * import { tensor, vision } from 'lanegrad';
 * vision.boxIou(tensor([[0, 0, 2, 2]]), tensor([[0, 0, 2, 2], [1, 0, 3, 2]])).tolist(); // => [[1, 0.3333]]
 */
export function boxIou(boxes1: Tensor, boxes2: Tensor): Tensor {
  checkBoxes('boxIou', 'boxes1', boxes1, 4);
  checkBoxes('boxIou', 'boxes2', boxes2, 4);
  return scoped(() => {
    const [a, b] = [asFloat(boxes1), asFloat(boxes2)];
    const corner = (x: Tensor, start: number, dim: number): Tensor => unsqueeze(narrow(x, 1, start, 2), dim);
    const low = maximum(corner(a, 0, 1), corner(b, 0, 0));
    const high = minimum(corner(a, 2, 1), corner(b, 2, 0));
    const sides = clampMin(sub(high, low), 0);
    const common = mul(select(sides, 2, 0), select(sides, 2, 1));
    return div(common, sub(add(unsqueeze(areas(a), 1), areas(b)), common));
  });
}

/**
 * Non-maximum suppression: goes through boxes from the highest score down and drops those that overlap a kept one by more
 * than `iouThreshold` (see {@link boxIou}). Gives the indices of what is kept, int64 [K], from the highest score down.
 *
 * boxes: [N, 4] of x1, y1, x2, y2; scores: [N]. Reads values. PyTorch: torchvision.ops.nms.
 *
 * @throws ShapeError unless boxes is [N, 4] and scores [N].
 * @throws DTypeError for boxes of bool.
 * @throws ValueError for a threshold that is NaN.
 * @example
 * import { tensor, vision } from 'lanegrad';
 * const boxes = tensor([[0, 0, 10, 10], [1, 0, 10, 10], [20, 20, 30, 30]]);
 * vision.nms(boxes, tensor([0.5, 0.9, 0.25]), 0.5).tolist(); // => [1, 2]
 */
export function nms(boxes: Tensor, scores: Tensor, iouThreshold: number): Tensor<'int64'> {
  checkBoxes('nms', 'boxes', boxes, 4);
  checkTensor('nms', 'scores', scores);
  checkNumber('nms', 'iouThreshold', iouThreshold);
  if (Number.isNaN(iouThreshold)) throw new ValueError('[nms] iouThreshold: got NaN');
  const count = boxes.shape[0]!;
  if (scores.ndim !== 1 || scores.shape[0] !== count) {
    throw new ShapeError(`[nms] scores is ${shapeText(scores.shape)}, wanted [${count}], one per box`);
  }
  return noGrad(() =>
    scoped(() => {
      const order = argsort(detach(scores), { descending: true, stable: true }).data;
      const sides = to(detach(boxes), 'float64').data;
      return tensor(keptBoxes(sides, Array.from(order, Number), iouThreshold), { dtype: 'int64' });
    }),
  );
}

/** What is kept of boxes in an order, best first. */
function keptBoxes(sides: Float64Array, order: readonly number[], threshold: number): number[] {
  const kept: number[] = [];
  for (const index of order) {
    if (!kept.some((other) => overlap(sides, 4 * other, 4 * index) > threshold)) kept.push(index);
  }
  return kept;
}

function overlap(s: Float64Array, a: number, b: number): number {
  const width = Math.min(s[a + 2]!, s[b + 2]!) - Math.max(s[a]!, s[b]!);
  const height = Math.min(s[a + 3]!, s[b + 3]!) - Math.max(s[a + 1]!, s[b + 1]!);
  const common = Math.max(0, width) * Math.max(0, height);
  const area = (at: number): number => (s[at + 2]! - s[at]!) * (s[at + 3]! - s[at + 1]!);
  return common / (area(a) + area(b) - common);
}
