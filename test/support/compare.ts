import type { DType, TypedArray } from '../../lib/dtype.js';
import type { Tolerance } from '../cases/case.js';

/** What a test sees of a tensor. */
export interface Seen {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

const bits32 = new Int32Array(1);
const float32 = new Float32Array(bits32.buffer);
const bits64 = new BigInt64Array(1);
const float64 = new Float64Array(bits64.buffer);

/** Units in the last place between two finite numbers of a dtype. */
export function ulpDistance(dtype: DType, a: number, b: number): number {
  if (a === b) return 0;
  if (dtype === 'float32') {
    const ordered = (value: number) => {
      float32[0] = value;
      return bits32[0]! < 0 ? -2147483648 - bits32[0]! : bits32[0]!;
    };
    return Math.abs(ordered(a) - ordered(b));
  }
  const ordered = (value: number) => {
    float64[0] = value;
    return bits64[0]! < 0n ? -9223372036854775808n - bits64[0]! : bits64[0]!;
  };
  const distance = ordered(a) - ordered(b);
  return Number(distance < 0n ? -distance : distance);
}

/** Null if the two agree, else a sentence about the worst element. dtype and shape must be equal. */
export function difference(actual: Seen, expected: Seen, tolerance: Tolerance): string | null {
  if (actual.dtype !== expected.dtype) return `dtype ${actual.dtype}, wanted ${expected.dtype}`;
  if (String(actual.shape) !== String(expected.shape)) {
    return `shape [${actual.shape.join(', ')}], wanted [${expected.shape.join(', ')}]`;
  }
  if (actual.data.length !== expected.data.length) {
    return `${actual.data.length} elements, wanted ${expected.data.length}`;
  }
  const { dtype } = expected;
  const floating = dtype === 'float32' || dtype === 'float64';
  let largest = 0;
  if (floating && 'relative' in tolerance) {
    for (const value of expected.data as Float64Array)
      if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  }
  for (let i = 0; i < expected.data.length; ++i) {
    const got = actual.data[i]!;
    const want = expected.data[i]!;
    if (got === want || (got !== got && want !== want)) continue;
    const where = () => `element ${i} of ${expected.data.length}: ${got}, wanted ${want}`;
    if (!floating || !Number.isFinite(got) || !Number.isFinite(want)) return where();
    const distance = Math.abs((got as number) - (want as number));
    if ('exact' in tolerance) return where();
    if ('ulp' in tolerance) {
      const allowed = dtype === 'float32' ? tolerance.ulp : tolerance.float64Ulp;
      const absolute = (tolerance.absolute ?? 0) * (dtype === 'float32' ? 1 : 2 ** -29);
      const ulps = ulpDistance(dtype, got as number, want as number);
      if (ulps > allowed && distance > absolute) return `${where()} (${ulps} ULP, allowed ${allowed})`;
    } else {
      const allowed = (dtype === 'float32' ? tolerance.relative : tolerance.float64) * largest;
      if (distance > allowed) return `${where()} (off by ${distance}, allowed ${allowed})`;
    }
  }
  return null;
}
