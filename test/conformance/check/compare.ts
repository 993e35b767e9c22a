import type { Tolerance } from '../read/format.js';
import type { StoredTensor } from '../read/stored.js';

/** What differs between a result and what PyTorch gave, in a sentence, or undefined. */
export function difference(
  got: StoredTensor,
  want: StoredTensor,
  [rtol, atol]: Tolerance = [0, 0],
): string | undefined {
  const kinds = kindDifference(got, want);
  if (kinds !== undefined) return kinds;
  let worst: { at: number; by: number } | undefined;
  let count = 0;
  for (let i = 0; i < want.data.length; ++i) {
    if (near(got.data[i]!, want.data[i]!, rtol, atol)) continue;
    ++count;
    const by = Math.abs(Number(got.data[i]) - Number(want.data[i]));
    if (worst === undefined || by > worst.by) worst = { at: i, by };
  }
  if (worst === undefined) return undefined;
  const { at } = worst;
  return (
    `element ${at} of [${want.shape.join(', ')}]: got ${got.data[at]}, wanted ${want.data[at]}` +
    (count > 1 ? ` (${count} of ${want.data.length} differ)` : '')
  );
}

export function kindDifference(
  got: Pick<StoredTensor, 'dtype' | 'shape'>,
  want: Pick<StoredTensor, 'dtype' | 'shape'>,
): string | undefined {
  if (got.dtype !== want.dtype) return `dtype: got ${got.dtype}, wanted ${want.dtype}`;
  if (got.shape.length !== want.shape.length || got.shape.some((size, i) => size !== want.shape[i]))
    return `shape: got [${got.shape.join(', ')}], wanted [${want.shape.join(', ')}]`;
  return undefined;
}

export function near(a: number | bigint, b: number | bigint, rtol: number, atol: number): boolean {
  if (a === b) return true;
  if (typeof a === 'bigint' || typeof b === 'bigint') return false;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  // An infinity is near nothing but itself.
  return Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= atol + rtol * Math.abs(b);
}

export function allZero({ data }: StoredTensor): boolean {
  return data.every((value: number | bigint) => Number(value) === 0);
}
