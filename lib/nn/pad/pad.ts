import { checkInts, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import { Module } from '../module.js';

// Layers that put a border around x, one class for each mode and number of directions.

/** One size for both ends, or [left, right]. */
export type Padding1d = number | readonly [left: number, right: number];

/** One size for every side, or [left, right, top, bottom]. */
export type Padding2d = number | readonly [left: number, right: number, top: number, bottom: number];

/** One size for every side, or [left, right, top, bottom, front, back]. */
export type Padding3d =
  number | readonly [left: number, right: number, top: number, bottom: number, front: number, back: number];

/** What the padding layers share. */
export abstract class Pad extends Module {
  /** Sizes before and after, of the last dim first. */
  readonly padding: readonly number[];

  protected constructor(name: string, directions: number, padding: number | readonly number[]) {
    super();
    const sizes: unknown =
      typeof padding === 'number' ? new Array<number>(2 * directions).fill(padding) : padding;
    checkInts(name, 'padding', sizes);
    if (sizes.length !== 2 * directions) {
      throw new ValueError(
        `[${name}] padding: got ${describe(padding)}, wanted a number or ${2 * directions} of them`,
      );
    }
    this.padding = sizes;
  }
}
