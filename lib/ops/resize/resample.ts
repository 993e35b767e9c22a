import { backend } from '../../backend/current.js';
import { scoped } from '../../scope.js';
import { fromNumbers } from '../../tensor.js';
import type { Tensor } from '../../tensor.js';
import { to } from '../convert.js';
import type { Taps } from './source.js';
import { clamp } from '../clamp.js';
import { floor } from '../unary.js';
import { noAttrs } from '../../check.js';

/** The last dims of x made anew, each by its table. */
export function resample(x: Tensor, tables: readonly Taps[]): Tensor {
  const index = tables.flatMap((table) => table.index);
  const weights = tables.flatMap((table) => table.weights);
  return backend.run1(
    'resample',
    [x, fromNumbers('int32', [index.length], index), fromNumbers('float64', [weights.length], weights)],
    {
      sizes: tables.map((table) => table.index.length / table.taps),
      taps: tables.map((table) => table.taps),
    },
  );
}

/**
 * The same for uint8, as PyTorch has it: weights of 16 bits, one direction after the other from the last, each rounded to
 * whole numbers.
 */
export function resampleBytes(x: Tensor, tables: readonly Taps[]): Tensor {
  const rank = x.shape.length;
  return scoped(() => {
    let wide: Tensor = to(x, 'float64');
    for (let d = tables.length - 1; d >= 0; --d) {
      const size = x.shape[rank - tables.length + d]!;
      const table = tables[d]!;
      if (table.index.length / table.taps === size) continue;
      const same = tables.map((_, other): Taps => {
        if (other === d) return quantized(table);
        const length = wide.shape[rank - tables.length + other]!;
        return {
          taps: 1,
          index: Array.from({ length }, (_, i) => i),
          weights: new Array<number>(length).fill(1),
        };
      });
      const blended = backend.run1('add', [resample(wide, same), 0.5], noAttrs);
      wide = clamp(floor(blended), { min: 0, max: 255 });
    }
    return to(wide, 'uint8');
  });
}

/** Weights as multiples of a power of two that are below 2^15 of them; those of one place are added up first. */
function quantized({ taps, index, weights }: Taps): Taps {
  const merged = weights.slice();
  for (let i = 0; i < merged.length; ++i) {
    const first = index.indexOf(index[i]!, i - (i % taps));
    if (first === i) continue;
    merged[first] = merged[first]! + merged[i]!;
    merged[i] = 0;
  }
  const largest = Math.max(...merged);
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 2 ** 15) ++bits;
  const unit = 2 ** bits;
  return {
    taps,
    index,
    weights: merged.map((weight) => Math.trunc(weight * unit + Math.sign(weight) * 0.5) / unit),
  };
}
