import { describe, expect, test } from 'vitest';

import { counters, crossEntropy, info, manualSeed, nn, optim, randint, randn } from '../../lib/index.js';

// A training step under the recorder that only counts, against the least that the step needs.
describe.runIf(info().name === 'native')('a training step costs no more than it must', () => {
  manualSeed(1);
  const model = new nn.Sequential(
    new nn.Linear(16, 64),
    new nn.Tanh(),
    new nn.Linear(64, 64),
    new nn.Tanh(),
    new nn.Linear(64, 4),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const x = randn([32, 16]);
  const y = randint(0, 4, [32]);
  const forward = () => crossEntropy(model.forward(x), y);
  for (let i = 0; i < 3; i++) {
    optimizer.zeroGrad();
    forward().backward();
    optimizer.step();
  }

  /** What `run` adds to the counters; reading them is one crossing. */
  function cost<T>(run: () => T) {
    const before = counters();
    const result = run();
    const after = counters();
    return {
      result,
      ops: after.ops - before.ops,
      crossings: after.crossings - before.crossings - 1,
      allocations: after.allocations - before.allocations,
      handles: after.handlesMade - before.handlesMade,
      tapeNodes: after.tapeNodes - before.tapeNodes,
    };
  }

  test('forward: one op and one node a layer and the loss', () => {
    optimizer.zeroGrad();
    const { ops, tapeNodes, allocations, handles, crossings } = cost(forward);
    expect({ ops, tapeNodes }).toEqual({ ops: 6, tapeNodes: 6 });
    // The loss has a second output, log sum exp.
    expect({ allocations, handles }).toEqual({ allocations: 7, handles: 7 });
    // Six ops, two scopes opened and closed, three looks at shapes.
    expect(crossings).toBeLessThanOrEqual(13);
  });

  test('backward: one crossing, no JavaScript objects, 12 ops', () => {
    optimizer.zeroGrad();
    const loss = forward();
    const { ops, tapeNodes, handles, crossings } = cost(() => loss.backward());
    // The first gradient, the loss, two tanh, three products for weights, three sums for biases, two products for inputs.
    expect({ ops, tapeNodes, handles, crossings }).toEqual({
      ops: 12,
      tapeNodes: 0,
      handles: 0,
      crossings: 1,
    });
  });

  test('the optimizer: one op for all parameters, nothing allocated', () => {
    optimizer.zeroGrad();
    forward().backward();
    const { ops, allocations, handles } = cost(() => optimizer.step());
    expect({ ops, allocations, handles }).toEqual({ ops: 1, allocations: 0, handles: 0 });
  });
});
