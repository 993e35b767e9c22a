import { checkDType, describe } from '../check.js';
import { isFloat } from '../dtype.js';
import type { FloatDType } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';

export interface LayerOptions {
  /** Of the parameters. Default float32. */
  dtype?: FloatDType;
}

/** A number of features, channels or rows. */
export function checkSize(op: string, name: string, value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted an integer of at least 1`);
  }
}

export function layerDType(op: string, options: LayerOptions): FloatDType {
  const { dtype = 'float32' } = options;
  checkDType(op, dtype);
  if (!isFloat(dtype)) throw new DTypeError(`[${op}] dtype: got ${String(dtype)}, wanted a floating dtype`);
  return dtype;
}
