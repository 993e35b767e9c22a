import { ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { numelOf } from '../shape.js';
import type { ReferenceOp } from './op.js';
import { rowMajor } from './window.js';

/** The last dims, as many as there are entries, with `before` elements in front and `after` behind. */
function paddedShape(x: RefTensor, before: readonly number[], after: readonly number[]): number[] {
  if (before.length !== after.length || before.length > x.rank) {
    fail(
      ValueError,
      'padConstant',
      `before ${show(before)} and after ${show(after)} do not fit an input of ${x.rank} dims`,
    );
  }
  const lead = x.rank - before.length;
  return x.shape.map((size, d) => {
    const padded = d < lead ? size : size + before[d - lead]! + after[d - lead]!;
    if (padded < 0) {
      fail(ShapeError, 'padConstant', `padding cuts more than there is, the input is ${show(x.shape)}`);
    }
    return padded;
  });
}

export const padConstant: ReferenceOp<'padConstant'> = {
  infer: ([x], { before, after }) => [fresh(x!.dtype, paddedShape(x!, before, after))],
  forward([x], [out], { before, value }) {
    const source = rowMajor('padConstant', x!);
    const from = source.numbers;
    const to = out!.numbers;
    if (value !== 0) {
      if (out!.data instanceof BigInt64Array) out!.data.fill(BigInt(Math.trunc(value)));
      else to.fill(x!.dtype === 'bool' ? 1 : value);
    }
    const { shape, rank } = source;
    if (source.numel === 0) return;
    const front = shape.map((_, d) => (d < rank - before.length ? 0 : before[d - rank + before.length]!));
    const width = shape[rank - 1] ?? 1;
    const first = front[rank - 1] ?? 0;
    const left = Math.max(0, -first);
    const right = Math.min(width, (out!.shape[rank - 1] ?? 1) - first);
    const rows = numelOf(shape.slice(0, -1));
    for (let row = 0; row < rows; row++) {
      let rest = row;
      let at = 0;
      let step = out!.shape[rank - 1] ?? 1;
      let inside = right > left;
      for (let d = rank - 2; d >= 0; d--) {
        const place = (rest % shape[d]!) + front[d]!;
        rest = Math.floor(rest / shape[d]!);
        inside &&= place >= 0 && place < out!.shape[d]!;
        at += place * step;
        step *= out!.shape[d]!;
      }
      if (!inside) continue;
      const base = source.offset + row * width;
      for (let j = left; j < right; j++) to[at + first + j] = from[base + j]!;
    }
  },
  vjp: (c, g, { before, after }) => [
    c.run('padConstant', [g], { before: before.map((n) => -n), after: after.map((n) => -n), value: 0 }),
  ],
};
