// Ends with many calls in flight.
import { matmul, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { record } from './kit.js';

const a = randn([256, 256]);
const made = [0, 1, 2].map(() =>
  record(
    () => {
      let y: Tensor = a;
      for (let i = 0; i < 100; i++) y = matmul(y, a).tanh();
      return y.sum();
    },
    [],
    { passes: [] }, // or all of it would be hoisted
  ),
);
for (let i = 0; i < 200; i++) for (const { program } of made) void program.runAsync([]);
setTimeout(() => process.exit(0), 20);
