import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs, product } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { expand, reshape, select } from '../view.js';

type Attrs = OpAttrs['gridSample'];
type Binary = 'add' | 'sub' | 'mul' | 'div' | 'eq' | 'le' | 'ge';

const run = (op: Binary, a: Tensor, b: Tensor | number): Tensor => backend.run1(op, [a, b], noAttrs);
const floor = (x: Tensor): Tensor => backend.run1('floor', [x], noAttrs);
const from = (value: number, x: Tensor): Tensor => backend.run1('sub', [value, x], noAttrs);

/** One place along a direction for every point, where it counts, and its weight, which is 0 where it does not. */
interface Tap {
  readonly place: Tensor;
  readonly inside: Tensor;
  readonly weight: Tensor;
}

/** Mirrors positions into [twiceLow / 2, twiceHigh / 2]. */
function reflect(at: Tensor, twiceLow: number, twiceHigh: number): Tensor {
  if (twiceLow === twiceHigh) return run('mul', at, 0);
  const low = twiceLow / 2;
  const span = (twiceHigh - twiceLow) / 2;
  const far = backend.run1('abs', [run('sub', at, low)], noAttrs);
  const flips = floor(run('div', far, span));
  const extra = run('sub', far, run('mul', flips, span));
  const half = run('div', flips, 2);
  const even = run('eq', floor(half), half);
  return run('add', backend.run1('where', [even, extra, from(span, extra)], noAttrs), low);
}

function intoImage(at: Tensor, size: number, attrs: Attrs): Tensor {
  if (attrs.paddingMode === 'zeros') return at;
  const mirrored =
    attrs.paddingMode === 'border'
      ? at
      : attrs.alignCorners
        ? reflect(at, 0, 2 * (size - 1))
        : reflect(at, -1, 2 * size - 1);
  return backend.run1('clamp', [mirrored], { min: 0, max: size - 1 });
}

function tapAt(place: Tensor, size: number, weight: Tensor): Tap {
  const inside = backend.run1('mul', [run('ge', place, 0), run('le', place, size - 1)], noAttrs);
  const safe = backend.run1('where', [inside, place, 0], noAttrs);
  return {
    place: backend.run1('to', [safe], { dtype: 'int64' }),
    inside,
    weight: backend.run1('where', [inside, weight, 0], noAttrs),
  };
}

/** Keys' cubic convolution with a = -0.75 at the distance d, in [0, 1] or in [1, 2]. */
function keys(d: Tensor, near: boolean): Tensor {
  const a = -0.75;
  const [c3, c2, c1, c0] = near ? [a + 2, -(a + 3), 0, 1] : [a, -5 * a, 8 * a, -4 * a];
  const times = (sum: Tensor, factor: number) => run('add', run('mul', sum, d), factor);
  return times(times(run('add', run('mul', d, c3), c2), c1), c0);
}

function tapsAlong(coordinate: Tensor, size: number, attrs: Attrs): Tap[] {
  const moved = run('add', coordinate, 1);
  const raw = attrs.alignCorners
    ? run('mul', moved, (size - 1) / 2)
    : run('div', run('sub', run('mul', moved, size), 1), 2);
  const at = attrs.mode === 'bicubic' ? raw : intoImage(raw, size, attrs);
  if (attrs.mode === 'nearest') {
    // The weight is 1 and has the gradient 0, not none.
    return [tapAt(backend.run1('round', [at], noAttrs), size, run('add', run('mul', at, 0), 1))];
  }
  const low = floor(at);
  const t = run('sub', at, low);
  if (attrs.mode === 'bilinear') {
    return [tapAt(low, size, from(1, t)), tapAt(run('add', low, 1), size, t)];
  }
  const distances = [run('add', t, 1), t, from(1, t), from(2, t)];
  return distances.map((distance, k) => {
    const place = intoImage(run('add', low, k - 1), size, attrs);
    return tapAt(place, size, keys(distance, k === 1 || k === 2));
  });
}

/** x: [N, C, ...size] read at the points of grid: [N, ...out, 2 or 3], whose last dim is x, y(, z) in [-1, 1]. */
export function gridSample(inputs: readonly OpInput<Tensor>[], attrs: Attrs): Tensor[] {
  const [x, grid] = inputs as [Tensor, Tensor];
  const sizes = x.shape.slice(2);
  const [images, channels] = x.shape as [number, number];
  const out = grid.shape.slice(1, -1);
  const points = product(out);
  const flat = reshape(x, [images, channels, product(sizes)]);
  const list = reshape(grid, [images, points, sizes.length]);
  // From the last direction, which is the grid's first coordinate.
  let taps: Tap[] | undefined;
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; --d) {
    const size = sizes[d]!;
    const along = tapsAlong(select(list, 2, sizes.length - 1 - d), size, attrs);
    taps =
      taps === undefined ? along : taps.flatMap((inner) => along.map((outer) => join(inner, outer, step)));
    step *= size;
  }
  const parts = taps!.map(({ place, inside, weight }) => {
    const index = expand(reshape(place, [images, 1, points]), [images, channels, points]);
    const values = backend.run1('gather', [flat, index], { dim: 2 });
    const counted = backend.run1('where', [reshape(inside, [images, 1, points]), values, 0], noAttrs);
    return run('mul', counted, reshape(weight, [images, 1, points]));
  });
  return [
    reshape(
      parts.reduce((a, b) => run('add', a, b)),
      [images, channels, ...out],
    ),
  ];
}

function join(inner: Tap, outer: Tap, step: number): Tap {
  const place = run('add', inner.place, run('mul', outer.place, step));
  const inside = run('mul', inner.inside, outer.inside);
  return { place, inside, weight: run('mul', inner.weight, outer.weight) };
}
