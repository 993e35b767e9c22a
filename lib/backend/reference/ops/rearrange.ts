import { ShapeError, ValueError } from '../../../errors.js';
import { fail, show, RefTensor } from '../array.js';
import { copyInto } from '../cast.js';
import { denseStridesLike, normalizeDim } from '../shape.js';
import { planLoops, walk } from '../walk.js';
import type { ReferenceOp } from './op.js';

export const flip: ReferenceOp<'flip'> = {
  infer([x], { dims }) {
    const flipped = dims.map((dim) => normalizeDim('flip', dim, x!.rank));
    const twice = flipped.find((d, i) => flipped.indexOf(d) !== i);
    if (twice !== undefined) fail(ValueError, 'flip', `dim ${twice} is given twice in ${show(dims)}`);
    return [{ dtype: x!.dtype, shape: x!.shape, strides: denseStridesLike(x!.shape, x!.strides) }];
  },
  forward([x], [out], { dims }) {
    if (x!.numel === 0 || x!.rank === 0) return copyInto(out!, x!);
    const strides = x!.strides.slice();
    let offset = x!.offset;
    for (const dim of dims) {
      const d = normalizeDim('flip', dim, x!.rank);
      offset += (x!.shape[d]! - 1) * strides[d]!;
      strides[d] = -strides[d]!;
    }
    copyInto(out!, new RefTensor(x!.dtype, x!.shape, strides, offset, x!.storage));
  },
  vjp: (c, g, attrs) => [c.run('flip', [g], attrs)],
};

function triangle<Name extends 'tril' | 'triu'>(op: Name): ReferenceOp<Name> {
  const entry: ReferenceOp<'tril'> = {
    infer([x]) {
      if (x!.rank < 2) fail(ShapeError, op, `wants a tensor of at least two dims, got ${show(x!.shape)}`);
      return [{ dtype: x!.dtype, shape: x!.shape, strides: denseStridesLike(x!.shape, x!.strides) }];
    },
    forward([x], [out], { diagonal }) {
      const [rows, columns] = x!.shape.slice(-2) as [number, number];
      const row = x!.rank - 2;
      const [to, from] = [out!.numbers, x!.numbers];
      const zero = (x!.dtype === 'int64' ? 0n : 0) as number;
      const [os, xs] = [out!.strides[row + 1]!, x!.strides[row + 1]!];
      const plan = planLoops(x!.shape.slice(0, row), [out!.strides.slice(0, row), x!.strides.slice(0, row)]);
      const last = plan.sizes.length - 1;
      const matrix = (oo: number, xo: number): void => {
        for (let i = 0; i < rows; i++, oo += out!.strides[row]!, xo += x!.strides[row]!) {
          for (let j = 0; j < columns; j++) {
            const kept = op === 'tril' ? j <= i + diagonal : j >= i + diagonal;
            to[oo + j * os] = kept ? from[xo + j * xs]! : zero;
          }
        }
      };
      walk(plan, [out!.offset, x!.offset], (at) => {
        for (let i = 0; i < plan.sizes[last]!; i++) {
          matrix(at[0]! + i * plan.strides[0]![last]!, at[1]! + i * plan.strides[1]![last]!);
        }
      });
    },
    vjp: (c, g, attrs) => [c.run(op, [g], attrs)],
  };
  return entry;
}

export const tril = triangle('tril');
export const triu = triangle('triu');
