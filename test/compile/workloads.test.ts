import { expect, it } from 'vitest';
import { agreement } from '../../bench/agreement.js';
import { trainingWorkloads } from '../../bench/models/index.js';
import { records } from './support.js';

/** The networks of the benchmarks at their full size; 50 steps each take minutes: npm run bench:agreement. */
it.skipIf(!records).each(trainingWorkloads.map((workload) => [workload.name, workload] as const))(
  '%s trains the same compiled',
  (_, workload) => {
    const { losses, otherLosses, otherState, worst } = agreement(workload, 3);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(new Set(losses).size).toBe(3);
    expect(otherLosses).toBe(0);
    expect(otherState).toEqual([]);
    expect(worst).toBeLessThan(1e-3);
  },
  120_000,
);
