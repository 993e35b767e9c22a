import { checkInt, describe, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';

/** One number, for a single direction. */
export type Single = number | readonly [number];

/** One number for both directions, or [height, width]. */
export type Pair = number | readonly [number, number];

/** One number for all directions, or [depth, height, width]. */
export type Triple = number | readonly [number, number, number];

export const directionNames = ['', 'L', 'H, W', 'D, H, W'] as const;

/** A number or a list of them as one size for each direction, each at least `least`. */
export function sizesOf(
  op: string,
  name: string,
  value: unknown,
  directions: number,
  least: number,
): readonly number[] {
  const list: unknown = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(list) || (list.length !== directions && list.length !== 1)) {
    throw new ValueError(
      `[${op}] ${name}: got ${describe(value)}, wanted a number or an array of ${directions}`,
    );
  }
  for (const entry of list as unknown[]) {
    checkInt(op, name, entry);
    if (entry < least) {
      throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted at least ${least}`);
    }
  }
  const sizes = list as readonly number[];
  return sizes.length === directions ? sizes : new Array<number>(directions).fill(sizes[0]!);
}

/**
 * Checks that x is [N, C, ...] or [C, ...] with so many directions, and says whether there is a batch. `elements`: every
 * dim but the batch must have some.
 */
export function checkImage(op: string, x: Tensor, directions: number, elements: boolean): boolean {
  const { shape } = x;
  const batched = shape.length === directions + 2;
  if (!batched && shape.length !== directions + 1) {
    const dims = directionNames[directions]!;
    throw new ShapeError(`[${op}] x: got ${shapeText(shape)}, wanted [N, C, ${dims}] or [C, ${dims}]`);
  }
  if (elements && shape.includes(0, batched ? 1 : 0)) {
    throw new ShapeError(
      `[${op}] x: got ${shapeText(shape)}, wanted elements in every dim${batched ? ' but the batch' : ''}`,
    );
  }
  return batched;
}
