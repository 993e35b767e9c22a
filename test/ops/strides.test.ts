import { describe, expect, test } from 'vitest';
import { avgPool2d, batchNorm, conv2d, F, grad, info, maxPool2d, randn, where } from '../../lib/index.js';

// What order of dims results have in memory. Their values are the business of layouts.test.ts.

const channelsLast = [144, 1, 24, 4];
const x = randn([2, 6, 6, 4]).permute([0, 3, 1, 2]);
const column = randn([4, 1, 1]);

test('the image is channels-last', () => {
  expect([x.shape, x.strides]).toEqual([[2, 4, 6, 6], channelsLast]);
});

describe('the order of the input is kept', () => {
  test.each(
    Object.entries({
      unary: () => x.exp(),
      'binary with itself': () => x.mul(x),
      'binary with a number': () => x.add(1),
      'binary with a smaller operand': () => x.add(column),
      'binary with a smaller first operand': () => column.add(x),
      comparison: () => x.gt(0),
      where: () => where(x.gt(0), x, 0),
      cast: () => x.to('float64'),
      clone: () => x.clone(),
      'batchNorm, training': () => batchNorm(x, null, null, { training: true }),
      'batchNorm, evaluation': () => batchNorm(x, randn([4]), randn([4]).square()),
    }),
  )('%s', (_name, run) => {
    expect(run().strides).toEqual(channelsLast);
  });

  // Where they run in one piece: their definitions see a group as a row.
  test.runIf(info().name === 'native')('groupNorm and instanceNorm', () => {
    const y = x.detach();
    y.requiresGrad = true;
    for (const out of [F.groupNorm(y, 2), F.instanceNorm(y)]) {
      expect(out.strides).toEqual(channelsLast);
      expect(grad(out.square().sum(), y)[0].strides).toEqual(channelsLast);
    }
  });
});

test('data, reshape and flatten see the logical order', () => {
  const y = x.mul(1);
  const logical = y.contiguous();
  expect(logical.strides).toEqual([144, 36, 6, 1]);
  expect(y.data).toEqual(logical.data);
  expect(y.reshape([-1]).data).toEqual(logical.data);
  expect(y.flatten().data).toEqual(logical.data);
});

describe('convolutions and pools give row-major results', () => {
  test.each(
    Object.entries({
      'conv2d of few channels': () => conv2d(x, randn([4, 4, 3, 3])),
      'conv2d of a row-major image': () => conv2d(x.contiguous(), randn([4, 1, 3, 3]), null, { groups: 4 }),
      'maxPool2d with indices': () => maxPool2d(x, 3, { stride: 1, returnIndices: true }).values,
      avgPool2d: () => avgPool2d(x, 3, { stride: 1 }),
    }),
  )('%s', (_name, run) => {
    expect(run().strides).toEqual([64, 16, 4, 1]);
  });
});

describe.runIf(info().name === 'native')('convolutions keep channels last', () => {
  test.each(
    Object.entries({
      depthwise: () => conv2d(x, randn([4, 1, 3, 3]), null, { padding: 1, groups: 4 }),
      pointwise: () => conv2d(x, randn([4, 4, 1, 1])),
    }),
  )('%s', (_name, run) => {
    expect(run().strides).toEqual(channelsLast);
  });
});

describe.runIf(info().name === 'native')('maxPool2d without indices', () => {
  test('keeps channels last, forward and backward', () => {
    const x = randn([2, 6, 6, 4]).permute([0, 3, 1, 2]).requiresGrad_();
    const y = maxPool2d(x, 3, { stride: 1 });
    expect(y.strides).toEqual([64, 1, 16, 4]);
    const [dx] = grad(y, [x], { gradOutputs: y.detach() });
    expect(dx.strides).toEqual(x.strides);
  });
});
