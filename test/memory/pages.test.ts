import { describe, expect, test } from 'vitest';
import { info, memory, ones } from '../../lib/index.js';

const faults = () => process.resourceUsage().minorPageFault;

// A fresh block of 40 MB costs 20 page faults with huge pages, 10,000 without.
describe.runIf(info().name === 'native')('the pool', () => {
  test('lets go of sizes that nobody uses, not of the one in use', () => {
    const old = [13, 15].map((millions) => ones([millions * 1e6])); // nearly all that the pool keeps
    for (const x of old) x.dispose();
    const again = () => ones([10e6]).dispose();
    for (let i = 0; i < 3; ++i) again();
    const before = faults();
    for (let i = 0; i < 50; ++i) again();
    expect(faults() - before).toBeLessThan(500);
  });

  test('keeps what a step wants again, however little is live at its end', () => {
    const step = () => {
      const made = Array.from({ length: 6 }, () => ones([10e6])); // 240 MB
      for (const x of made) x.dispose();
    };
    for (let i = 0; i < 3; ++i) step();
    const before = faults();
    for (let i = 0; i < 20; ++i) step();
    expect(faults() - before).toBeLessThan(200);
  });

  test('keeps no more than its share of a peak that was long ago', () => {
    const made = Array.from({ length: 6 }, () => ones([10e6]));
    for (const x of made) x.dispose();
    expect(memory().pooledBytes).toBeGreaterThan(200e6);
    for (let i = 0; i < 40_000; ++i) ones([1000]).dispose();
    expect(memory().pooledBytes).toBeLessThanOrEqual(160e6);
  });
});
