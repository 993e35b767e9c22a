import { ValueError } from '../../../errors.js';
import { fail, fresh } from '../array.js';
import { rowMajorOffsets } from '../walk.js';
import type { ReferenceOp } from './op.js';

/** x, or an error in the name of the function that asks if a value is not in [low, high]. */
export const checkRange: ReferenceOp<'checkRange'> = {
  infer: ([x]) => [fresh(x!.dtype, x!.shape)],
  forward([x], [out], { low, high, takesNaN, caller }) {
    const to = rowMajorOffsets(out!.shape, out!.strides, out!.offset);
    rowMajorOffsets(x!.shape, x!.strides, x!.offset).forEach((offset, i) => {
      const value = x!.data[offset]!;
      const number = Number(value);
      if (!(number >= low && number <= high) && !(takesNaN && Number.isNaN(number))) {
        fail(ValueError, caller, `got ${number}, wanted numbers in [${low}, ${high}]`);
      }
      out!.data[to[i]!] = value;
    });
  },
  vjp: (_, g) => [g],
};
