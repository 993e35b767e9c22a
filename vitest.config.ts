import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One process per test file: the addon keeps its state, its threads and its counters to itself.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
