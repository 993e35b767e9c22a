import { isFloat } from '../dtype.js';
import type { DType } from '../dtype.js';
import { ValueError } from '../errors.js';

// Which numbers a dtype can hold, so that a value is never silently another one.

const largest: Readonly<Record<DType, number>> = {
  bool: Infinity,
  uint8: 255,
  int8: 127,
  int16: 32767,
  int32: 2147483647,
  int64: 9223372036854775807,
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
  float64: Infinity,
};

/**
 * Throws for a number that a dtype cannot hold. As in PyTorch a fraction is dropped by integers, NaN and infinities belong
 * to the floats, and a negative integer wraps around in uint8.
 */
export function checkFits(op: string, value: number, dtype: DType): void {
  if (dtype === 'bool' || (isFloat(dtype) && !Number.isFinite(value))) return;
  const high = largest[dtype];
  let low = isFloat(dtype) ? -high : -high - 1;
  if (dtype === 'uint8') low = Number.isInteger(value) ? -high : 0;
  if (value >= low && value <= high) return;
  throw new ValueError(`[${op}] value: got ${value}, which ${dtype} cannot hold`);
}
