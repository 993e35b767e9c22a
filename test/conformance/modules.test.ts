import { expect, test } from 'vitest';
import { testAsPyTorch } from './as-pytorch.js';
import { modules } from './kinds/modules.js';
import { layers } from './layers/index.js';

// Every reference case of PyTorch's modules on the active backend: results, gradients of inputs and parameters, running
// statistics.

const { names } = testAsPyTorch('modules', modules);

test('every row of the table names a module that has cases', () => {
  const without = ['MaxUnpool1d', 'MaxUnpool3d'];
  expect(Object.keys(layers).filter((name) => !names.includes(`nn.${name}`))).toEqual(without);
});
