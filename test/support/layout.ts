import type { Backend, Handle } from '../../lib/backend/backend.js';
import type { DType } from '../../lib/dtype.js';
import { product, toTyped, type CaseInput } from '../cases/case.js';

/**
 * Ways in which a tensor may lie in memory. All show the same values, but `expanded`, which repeats its first entry
 * along dim 0 with stride 0.
 */
export const layouts = ['rowMajor', 'transposed', 'stepped', 'offset', 'channelsLast', 'expanded'] as const;

export type Layout = (typeof layouts)[number];

/** Whether the layout differs from row-major for this shape. */
export function applies(layout: Layout, shape: readonly number[]): boolean {
  switch (layout) {
    case 'rowMajor':
      return true;
    case 'transposed':
      return shape.length >= 2;
    case 'stepped':
    case 'offset':
      return shape.length >= 1;
    case 'channelsLast':
      return shape.length === 4;
    case 'expanded':
      return shape.length >= 1 && shape[0]! > 1;
  }
}

/** Whether one of the inputs can lie in this layout. */
export function hasInput(inputs: readonly CaseInput[], layout: Layout): boolean {
  return inputs.some((input) => {
    if (input === null || typeof input !== 'object') return false;
    return 'kind' in input ? applies(layout, input.shape) : hasInput(input, layout);
  });
}

/** The values that a tensor of this layout shows. */
export function shownValues(
  layout: Layout,
  shape: readonly number[],
  values: readonly number[],
): readonly number[] {
  if (layout !== 'expanded' || !applies(layout, shape)) return values;
  const row = product(shape.slice(1));
  return values.map((_, i) => values[i % row]!);
}

/** A tensor with these values in this layout, as a view of a larger or reordered one. */
export function build<T extends Handle>(
  backend: Backend<T>,
  dtype: DType,
  shape: readonly number[],
  values: readonly number[],
  layout: Layout = 'rowMajor',
): T {
  if (layout === 'rowMajor' || !applies(layout, shape))
    return backend.create(dtype, shape, toTyped(dtype, values));
  const last = shape.length - 1;
  switch (layout) {
    case 'transposed': {
      const order = shape.map((_, i) => last - i);
      return permuted(backend, dtype, shape, values, order);
    }
    case 'channelsLast':
      return permuted(backend, dtype, shape, values, [0, 2, 3, 1]);
    case 'stepped': {
      // Every second element of rows twice as long, with 1s in the gaps.
      const width = shape[last]!;
      const wide = [...shape.slice(0, -1), 2 * width + 1];
      const data = new Array<number>(product(wide)).fill(1);
      values.forEach((value, i) => {
        data[Math.floor(i / width) * (2 * width + 1) + 2 * (i % width) + 1] = value;
      });
      const whole = backend.create(dtype, wide, toTyped(dtype, data));
      return backend.run1('slice', [whole], { dim: last, start: 1, length: width, step: 2 });
    }
    case 'offset': {
      // Starts one row in, so that rows are not aligned.
      const row = product(shape.slice(1));
      const data = [...new Array<number>(row).fill(1), ...values];
      const whole = backend.create(dtype, [shape[0]! + 1, ...shape.slice(1)], toTyped(dtype, data));
      return backend.run1('slice', [whole], { dim: 0, start: 1, length: shape[0]!, step: 1 });
    }
    case 'expanded': {
      const row = values.slice(0, product(shape.slice(1)));
      const whole = backend.create(dtype, [1, ...shape.slice(1)], toTyped(dtype, row));
      return backend.run1('expand', [whole], { shape });
    }
  }
}

/** Lies in memory in the order of dims `order`, and is shown in the order of `shape`. */
function permuted<T extends Handle>(
  backend: Backend<T>,
  dtype: DType,
  shape: readonly number[],
  values: readonly number[],
  order: readonly number[],
): T {
  const strides = shape.map((_, i) => product(shape.slice(i + 1)));
  const stored = order.map((dim) => shape[dim]!);
  const steps = order.map((dim) => strides[dim]!);
  const data = Array.from({ length: values.length }, (_, flat) => {
    let rest = flat;
    let at = 0;
    for (let i = stored.length - 1; i >= 0; --i) {
      at += (rest % stored[i]!) * steps[i]!;
      rest = Math.floor(rest / stored[i]!);
    }
    return values[at]!;
  });
  const back = shape.map((_, dim) => order.indexOf(dim));
  return backend.run1('permute', [backend.create(dtype, stored, toTyped(dtype, data))], { dims: back });
}
