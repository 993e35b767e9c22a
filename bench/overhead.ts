// What one call costs: a.add(b) on 16 elements, gradients off, in a plain loop; the collection of the results included.
import { parseArgs } from 'node:util';
import type * as Library from '../lib/index.js';

// The built package, as users run it: the sources through a loader cost a call a fifth more. `npm run build:dist` makes it.
const built = new URL('../dist/index.js', import.meta.url).href;
const { collect, info, noGrad, ones } = (await import(built)) as typeof Library;

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } },
});
const calls = Number(values.calls);

const nanoseconds = noGrad(() => {
  const a = ones([16]);
  const b = ones([16]);
  const round = (count: number): number => {
    const start = performance.now();
    for (let i = 0; i < count; i++) a.add(b);
    collect();
    return ((performance.now() - start) * 1e6) / count;
  };
  round(Math.min(calls, 50_000));
  return Array.from({ length: Number(values.rounds) }, () => round(calls)).sort((x, y) => x - y);
});

const { name, isa } = info();
console.log(
  JSON.stringify({
    case: 'a.add(b), 16 elements, float32, gradients off, collection included',
    backend: name,
    isa,
    calls,
    median_ns: Math.round(nanoseconds[nanoseconds.length >> 1] ?? NaN),
    min_ns: Math.round(nanoseconds[0] ?? NaN),
  }),
);
