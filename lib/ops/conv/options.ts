import { checkInt, checkOptions, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import { sizesOf } from '../sizes.js';
import type { Pair, Single, Triple } from '../sizes.js';

export interface ConvOptions<Size> {
  /** Default 1. */
  stride?: Size;
  /**
   * Zeros added on each side; `same` keeps the size at stride 1 (the odd zero of an even kernel goes behind), `valid` is 0.
   * Default 0.
   */
  padding?: Size | 'same' | 'valid';
  /** Distance of kernel elements. Default 1. */
  dilation?: Size;
  /** Groups of channels that see only each other. Default 1. */
  groups?: number;
}

export type Conv1dOptions = ConvOptions<Single>;
export type Conv2dOptions = ConvOptions<Pair>;
export type Conv3dOptions = ConvOptions<Triple>;

/** The attributes of the op. */
export interface ConvAttrs {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** How a convolution runs: its attributes, and zeros to put behind x before. */
export interface ConvPlan {
  readonly attrs: ConvAttrs;
  readonly behind: readonly number[] | null;
}

export function checkGroups(op: string, groups: unknown): asserts groups is number {
  checkInt(op, 'groups', groups);
  if (groups < 1) throw new ValueError(`[${op}] groups: got ${groups}, wanted at least 1`);
}

/** Options as the op takes them, for a kernel of this size. A layer resolves them once. */
export function convPlan(
  op: string,
  kernel: readonly number[],
  options: ConvOptions<Single | Pair | Triple>,
): ConvPlan {
  checkOptions(op, options);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const directions = kernel.length;
  checkGroups(op, groups);
  const steps = sizesOf(op, 'stride', stride, directions, 1);
  const spacing = sizesOf(op, 'dilation', dilation, directions, 1);
  if (typeof padding !== 'string') {
    const around = sizesOf(op, 'padding', padding, directions, 0);
    return { attrs: { stride: steps, padding: around, dilation: spacing, groups }, behind: null };
  }
  const none = kernel.map(() => 0);
  if (padding === 'valid') {
    return { attrs: { stride: steps, padding: none, dilation: spacing, groups }, behind: null };
  }
  if (padding !== 'same') {
    throw new ValueError(`[${op}] padding: got ${describe(padding)}, wanted sizes, same or valid`);
  }
  if (steps.some((step) => step !== 1)) {
    throw new ValueError(`[${op}] padding: got same with a stride other than 1`);
  }
  const total = kernel.map((size, d) => spacing[d]! * (size - 1));
  const around = total.map((zeros) => Math.floor(zeros / 2));
  const behind = total.map((zeros) => zeros % 2);
  return {
    attrs: { stride: steps, padding: around, dilation: spacing, groups },
    behind: behind.some((zeros) => zeros > 0) ? behind : null,
  };
}
