import { isFloat, type DType, type TypedArray } from '../../dtype.js';
import type { RefTensor } from './array.js';
import { broadcastStrides } from './shape.js';
import { planLoops, walk } from './walk.js';

type Cast = (
  from: TypedArray,
  fo: number,
  fs: number,
  to: TypedArray,
  at: number,
  ts: number,
  n: number,
) => void;

/** Writes `from`, broadcast to the shape of `to` and cast to its dtype. */
export function copyInto(to: RefTensor, from: RefTensor): void {
  const plan = planLoops(to.shape, [to.strides, broadcastStrides(from.shape, from.strides, to.shape)]);
  const last = plan.sizes.length - 1;
  const n = plan.sizes[last]!;
  const ts = plan.strides[0]![last]!;
  const fs = plan.strides[1]![last]!;
  const target = to.data;
  const source = from.data;
  const cast = castLoop(from.dtype, to.dtype);
  walk(plan, [to.offset, from.offset], (at) => cast(source, at[1]!, fs, target, at[0]!, ts, n));
}

function castLoop(from: DType, to: DType): Cast {
  if (from === to) return moveRun;
  if (to === 'bool') return eachTo((v) => (v ? 1 : v !== v ? 1 : 0));
  if (from === 'int64') {
    if (isFloat(to)) return eachTo((v) => Number(v));
    return eachTo((v) => Number(BigInt.asIntN(32, v as unknown as bigint)));
  }
  if (to === 'int64') {
    return eachTo((v) => toInt64(v) as unknown as number);
  }
  if (!isFloat(from) || isFloat(to)) return convertRun;
  return to === 'int32' ? eachTo((v) => saturate(v, -2147483648, 2147483647)) : eachTo(lowBits);
}

const moveRun: Cast = (from, fo, fs, to, at, ts, n) => {
  if (fs === 1 && ts === 1) {
    (to as Float64Array).set(from.subarray(fo, fo + n) as Float64Array, at);
    return;
  }
  convertRun(from, fo, fs, to, at, ts, n);
};

const convertRun: Cast = (from, fo, fs, to, at, ts, n) => {
  const x = from as Float64Array;
  const o = to as Float64Array;
  for (let i = 0; i < n; i++, fo += fs, at += ts) o[at] = x[fo]!;
};

function eachTo(convert: (value: number) => number): Cast {
  return (from, fo, fs, to, at, ts, n) => {
    const x = from as Float64Array;
    const o = to as Float64Array;
    for (let i = 0; i < n; i++, fo += fs, at += ts) o[at] = convert(x[fo]!);
  };
}

function saturate(v: number, low: number, high: number): number {
  return v !== v ? 0 : v <= low ? low : v >= high ? high : Math.trunc(v);
}

/** What the array of a smaller integer keeps the low bits of: its value as an int64. */
function lowBits(v: number): number {
  return v >= 2 ** 63 ? -1 : v <= -(2 ** 63) ? 0 : Math.trunc(v) || 0;
}

/** Truncates, saturates at the ends of int64, and makes 0 of NaN. */
export function toInt64(v: number): bigint {
  if (v !== v) return 0n;
  if (v >= 2 ** 63) return 2n ** 63n - 1n;
  if (v < -(2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(v));
}

/** A number as an element of `dtype` (a bigint for int64). */
export function castNumber(value: number, dtype: DType): number | bigint {
  switch (dtype) {
    case 'bool':
      return value !== 0 ? 1 : 0;
    case 'uint8':
    case 'int8':
    case 'int16':
      return lowBits(value);
    case 'int32':
      return saturate(value, -2147483648, 2147483647);
    case 'int64':
      return toInt64(value);
    default:
      return value;
  }
}
