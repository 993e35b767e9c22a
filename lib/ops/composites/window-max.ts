import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { to } from '../convert.js';
import { arange } from '../ranges.js';
import { reshape } from '../view.js';

/**
 * Maxima of sliding windows; x: [..., sizes]. Gives out and, of the same shape, uint8 places: the row-major number in its
 * window of the element that each came from.
 */
export function windowMax(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['windowMax']): Tensor[] {
  const [x] = inputs as [Tensor];
  const [out, indices] = backend.run('maxPool', [x], attrs) as [Tensor, Tensor];
  const lead = x.shape.length - attrs.kernel.length;
  // From the last direction to the first: the coordinate in the input, then the one in the window.
  let rest = indices;
  let place: Tensor | null = null;
  let weight = 1;
  for (let d = attrs.kernel.length - 1; d >= 0; --d) {
    const size = x.shape[lead + d]!;
    const at = backend.run1('remainder', [rest, size], noAttrs);
    rest = backend.run1('floorDivide', [rest, size], noAttrs);
    const count = out.shape[lead + d]!;
    const starts = arange(-attrs.padding[d]!, attrs.stride[d]! * count - attrs.padding[d]!, {
      step: attrs.stride[d]!,
      dtype: 'int64',
    });
    const column = reshape(starts, [count, ...attrs.kernel.slice(d + 1).map(() => 1)]);
    const offset = backend.run1('sub', [at, column], noAttrs);
    const step = backend.run1('floorDivide', [offset, attrs.dilation[d]!], noAttrs);
    const share = backend.run1('mul', [step, weight], noAttrs);
    place = place ? backend.run1('add', [place, share], noAttrs) : share;
    weight *= attrs.kernel[d]!;
  }
  return [out, to(place!, 'uint8')];
}
