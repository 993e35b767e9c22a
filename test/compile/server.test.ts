import { expect, it } from 'vitest';
import { nothing, quantiles, serveWhile, training, trainUntil } from '../../bench/server/serve.js';
import { compile, crossEntropy, manualSeed, nn, optim, randint, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

/** A step of some 100 ms, none of whose ops is short. */
function makeStep(): () => Tensor {
  manualSeed(3);
  const model = new nn.Sequential(
    new nn.Linear(1024, 2048),
    new nn.Tanh(),
    new nn.Linear(2048, 2048),
    new nn.Tanh(),
    new nn.Linear(2048, 10),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3 });
  const [x, y] = [randn([1024, 1024]), randint(0, 10, [1024])];
  return () => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

it.skipIf(!records)(
  'a server answers while a model trains',
  async () => {
    const load = { rate: 100, seconds: 2 };
    const step = compile(makeStep());
    for (let i = 0; i < 2; i++) step();
    const alone = quantiles(await trainUntil(step.async, endAfter(1500))).p50;
    const quiet = await serveWhile(nothing, load);
    const both = await serveWhile(training(step.async), load);
    expect(both.requests).toBe(200);
    // If a step held the event loop, half of the requests would wait for more than half of one.
    expect(both.latency.p50).toBeLessThan(Math.max(alone / 8, 4 * quiet.latency.p50));
    expect(both.loopDelay.p99).toBeLessThan(Math.max(alone / 2, 4 * quiet.loopDelay.p99));
    expect(both.steps.length).toBeGreaterThan(2);
    // Other tests run beside this one, and not always the same: npm run bench:server measures what serving costs.
    expect(quantiles(both.steps).p50).toBeLessThan(4 * alone);
  },
  60_000,
);

function endAfter(milliseconds: number): () => boolean {
  const end = performance.now() + milliseconds;
  return () => performance.now() >= end;
}
