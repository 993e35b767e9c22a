import type { Tensor } from '../tensor.js';

/** A place along a direction: the step, the loss there, its gradient, and the gradient along the direction. */
export interface Place {
  readonly t: number;
  readonly loss: number;
  readonly grad: Tensor;
  readonly slope: number;
}

export interface LineSearchOptions {
  /** The largest element of the direction. */
  readonly reach: number;
  /** A bracket whose ends lie closer is not divided. */
  readonly toleranceChange: number;
  readonly maxIter: number;
}

/** How much of the slope at the start the loss must fall by, and what part of it may be left at the end. */
const sufficient = 1e-4;
const flatter = 0.9;

/**
 * A step that fulfils the strong Wolfe conditions (Nocedal and Wright, 2006, algorithms 3.5 and 3.6), by cubic
 * interpolation: first a bracket that holds such a step, then smaller ones.
 */
export function strongWolfe(
  evaluate: (t: number) => Place,
  start: Place,
  first: number,
  { reach, toleranceChange, maxIter }: LineSearchOptions,
): { place: Place; evaluations: number } {
  const tooHigh = ({ t, loss }: Place): boolean => loss > start.loss + sufficient * t * start.slope;
  const isFlat = ({ slope }: Place): boolean => Math.abs(slope) <= -flatter * start.slope;
  let former = start;
  let now = evaluate(first);
  let tries = 0;
  for (; tries < maxIter; ++tries) {
    if (tooHigh(now) || (tries > 1 && now.loss >= former.loss)) break;
    if (isFlat(now)) return { place: now, evaluations: tries + 1 };
    if (now.slope >= 0) break;
    const next = cubicMinimum(former, now, now.t + 0.01 * (now.t - former.t), now.t * 10);
    former = now;
    now = evaluate(next);
  }
  let [low, high] = inOrder(tries === maxIter ? start : former, now);
  let stuck = false;
  while (tries < maxIter && Math.abs(high.t - low.t) * reach >= toleranceChange) {
    const [left, right] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    let t = cubicMinimum(low, high, left, right);
    // Close to an end for the second time, or beyond it: a tenth of the bracket away from that end.
    const margin = 0.1 * (right - left);
    const close = Math.min(right - t, t - left) < margin;
    if (close && (stuck || t >= right || t <= left)) {
      t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
      stuck = false;
    } else {
      stuck = close;
    }
    now = evaluate(t);
    ++tries;
    if (tooHigh(now) || now.loss >= low.loss) {
      [low, high] = inOrder(low, now);
      continue;
    }
    if (isFlat(now)) return { place: now, evaluations: tries + 1 };
    if (now.slope * (high.t - low.t) >= 0) high = low;
    low = now;
  }
  return { place: low, evaluations: tries + 1 };
}

function inOrder(a: Place, b: Place): [low: Place, high: Place] {
  return a.loss <= b.loss ? [a, b] : [b, a];
}

/** Where the cubic through two places with their slopes is least, within bounds; without a minimum, between them. */
function cubicMinimum(a: Place, b: Place, least: number, most: number): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const mean = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = mean * mean - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const root = Math.sqrt(square);
  const part = (right.slope + root - mean) / (right.slope - left.slope + 2 * root);
  return Math.min(Math.max(right.t - (right.t - left.t) * part, least), most);
}
