import { isHalf } from '../../dtype.js';
import type { RefTensor } from './array.js';

// The 16-bit floats stand in a Float32Array here: every value that is written is rounded to what 16 bits hold, ties to
// even, so that results are those of 16-bit storage computed in float32.

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Rounds what an op wrote. The whole storage: the rest of it is rounded already, and stays as it is. */
export function roundHalves(outputs: readonly RefTensor[]): void {
  for (const { dtype, numbers: x } of outputs) {
    if (!isHalf(dtype)) continue;
    const round = dtype === 'float16' ? toFloat16 : toBFloat16;
    for (let i = 0; i < x.length; i++) x[i] = round(x[i]!);
  }
}

/** The upper 16 bits of a float32, rounded. */
function toBFloat16(value: number): number {
  float[0] = value;
  const wide = bits[0]!;
  if ((wide & 0x7fffffff) > 0x7f800000) return NaN;
  bits[0] = (wide + 0x7fff + ((wide >>> 16) & 1)) & 0xffff0000;
  return float[0];
}

/** Multiples of 2^-24 below 2^-14, 11 significant bits above, infinite from 65520 on. */
function toFloat16(value: number): number {
  const x = Math.fround(value);
  const magnitude = Math.abs(x);
  if (!(magnitude < 65520)) return magnitude === magnitude ? Math.sign(x) * Infinity : NaN;
  if (magnitude < 2 ** -14) {
    // Adding 1.5 * 2^-1 to a float32 leaves no bits below 2^-24: the addition rounds.
    return Math.fround(Math.fround(x + 0.75) - 0.75) || x * 0;
  }
  float[0] = x;
  bits[0] = (bits[0]! + 0xfff + ((bits[0]! >>> 13) & 1)) & 0xffffe000;
  return float[0];
}
