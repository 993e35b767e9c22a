import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { add, div, eq, ge, lt, mul, ne, sub, where } from '../binary.js';
import { clampMin } from '../clamp.js';
import { to } from '../convert.js';
import { ones, zeros } from '../creation.js';
import { cumsum } from '../cumulative.js';
import { gather, indexAdd, indexSelect, scatterAdd } from '../indexing.js';
import { lookUp } from '../lookup.js';
import { arange } from '../ranges.js';
import { amax } from '../reduction.js';
import { narrow, reshape, squeeze, unsqueeze } from '../view.js';

/** Where each bag starts, and the end of the last; checked against the number of indices. */
function boundaries(index: Tensor, offsets: Tensor | null, last: boolean): readonly number[] {
  if (offsets === null) {
    const [bags, size] = index.shape as [number, number];
    return Array.from({ length: bags + 1 }, (_, i) => i * size);
  }
  const count = index.shape[0]!;
  const starts = Array.from(backend.read(offsets), Number);
  if (last && starts.length === 0) {
    throw new ValueError('[embeddingBag] got no offsets, wanted the end of the last bag');
  }
  if (!last) {
    if (starts.length === 0) return [0];
    starts.push(count);
  }
  const rising = starts.every((start, i) => start <= count && start >= (i === 0 ? 0 : starts[i - 1]!));
  if (starts[0] !== 0 || !rising) {
    throw new ValueError(
      `[embeddingBag] offsets: wanted them rising from 0 to at most ${count}, the number of indices`,
    );
  }
  return starts;
}

/** The number of the bag of each place before the end of the last. */
function bagOfEach(ends: readonly number[]): Tensor {
  const total = ends.at(-1)!;
  const begins = zeros([total + 1], { dtype: 'int64' });
  const starts = offsetsTensor(ends.slice(0, -1));
  const marks = scatterAdd(begins, 0, starts, ones(starts.shape, { dtype: 'int64' }));
  return sub(cumsum(narrow(marks, 0, 0, total), 0), 1);
}

function offsetsTensor(values: readonly number[]): Tensor {
  return backend.create('int64', [values.length], BigInt64Array.from(values, BigInt));
}

/** The largest of each bag, in every column; 0 for an empty one. */
function largest(rows: Tensor, ends: readonly number[], counts: Tensor | null): Tensor {
  const bags = ends.length - 1;
  const width = rows.shape[1]!;
  const sizes = ends.slice(1).map((end, i) => end - ends[i]!);
  const size = Math.max(0, ...sizes);
  if (size === 0) return zeros([bags, width], { dtype: rows.dtype });
  const lane = arange(size);
  const inside = lt(lane, unsqueeze(offsetsTensor(sizes), 1));
  const places = where(inside, add(unsqueeze(offsetsTensor(ends.slice(0, -1)), 1), lane), 0);
  const flat = reshape(places, [bags * size]);
  const there = counts ? mul(to(inside, 'int64'), reshape(gather(counts, 0, flat), [bags, size])) : inside;
  const mask = unsqueeze(ne(there, 0), 2);
  const table = where(mask, reshape(indexSelect(rows, 0, flat), [bags, size, width]), -Infinity);
  const { indices } = table.max({ dim: 1, keepdim: true });
  const values = squeeze(gather(table, 1, indices), 1);
  return where(eq(amax(to(mask, 'int64'), { dim: 1 }), 0), 0, values);
}

/** The sum, mean or maximum of each bag of rows of weight: [N, D]; index: [B, L], or [K] with offsets: [B]. */
export function embeddingBag(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['embeddingBag']): Tensor[] {
  const [weight, index, offsets, scales] = inputs as [Tensor, Tensor, Tensor | null, Tensor | null];
  const { mode, paddingIdx } = attrs;
  const ends = boundaries(index, offsets, attrs.includeLastOffset);
  const total = ends.at(-1)!;
  const bags = ends.length - 1;
  const inBags = (x: Tensor) => narrow(reshape(x, [index.numel()]), 0, 0, total);
  const flat = inBags(index);
  const rows = lookUp(flat, weight, attrs.scaleGradByFreq);
  const counted = paddingIdx < 0 ? null : to(ne(flat, paddingIdx), 'int64');
  if (mode === 'max') return [largest(rows, ends, counted)];
  // 16 bits are too few to sum up in.
  const wide = rows.dtype === 'float64' ? rows : to(rows, 'float32');
  let terms = scales ? mul(wide, unsqueeze(inBags(scales), 1)) : wide;
  if (counted) terms = where(unsqueeze(ge(counted, 1), 1), terms, 0);
  const bagOf = bagOfEach(ends);
  const sums = indexAdd(zeros([bags, weight.shape[1]!], { dtype: terms.dtype }), 0, bagOf, terms);
  if (mode === 'sum') return [to(sums, weight.dtype)];
  const members = counted ?? ones([total], { dtype: 'int64' });
  const sizes = indexAdd(zeros([bags], { dtype: 'int64' }), 0, bagOf, members);
  return [to(div(sums, unsqueeze(clampMin(sizes, 1), 1)), weight.dtype)];
}
