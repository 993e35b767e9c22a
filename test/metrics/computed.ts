import { expect } from 'vitest';
import type { metrics } from '../../lib/index.js';

/** In two batches, in another order merged, and after a reset: the same. */
export function computed<In extends unknown[], Out>(
  make: () => metrics.Metric<In, Out>,
  ...batches: In[]
): Out {
  const metric = make();
  for (const batch of batches) metric.update(...batch);
  const value = metric.compute();
  const merged = make();
  for (const batch of [...batches].reverse()) {
    const part = make();
    part.update(...batch);
    merged.merge(part);
  }
  const close = (a: unknown, b: unknown): void => {
    const finite = typeof a === 'number' && typeof b === 'number' && !Number.isNaN(b);
    if (finite) expect(a).toBeCloseTo(b, 12);
    else expect(a).toEqual(b);
  };
  close(merged.compute(), value);
  metric.reset();
  expect(metric.merge(make()).compute()).toEqual(make().compute());
  for (const batch of batches) metric.update(...batch);
  expect(metric.compute()).toEqual(value);
  return value;
}
