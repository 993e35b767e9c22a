import { describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';

// What is made of other functions fails in one of them. The error says what was called, and where inside it failed.

const { F, linalg, nn, ones, tidy } = lg;
const [a23, a45, v5] = [ones([2, 3]), ones([4, 5]), ones([5])];
const gone = ones([2, 2]);
gone.dispose();

describe('an error names the function that was called', () => {
  test.each([
    ['addmm', () => lg.addmm(a23, a45, v5), /^\[addmm\] mm: got \[4, 5\] and \[5\]/],
    ['addbmm', () => lg.addbmm(a23, a45, v5), /^\[addbmm\] bmm: got/],
    ['allclose', () => lg.allclose(a23, v5), /^\[allclose\] \w+: shapes do not broadcast/],
    ['any', () => lg.any(a23, { dim: 9 }), /^\[any\] \w+: dim 9 is out of range/],
    ['dstack', () => lg.dstack([a23, a45]), /^\[dstack\] cat: /],
    ['dist', () => lg.dist(a23, a45), /^\[dist\] sub: shapes do not broadcast/],
    ['std', () => lg.std(a23, { dim: 9 }), /^\[std\] /],
    ['F.huberLoss', () => F.huberLoss(a23, a45), /^\[huberLoss\] /],
    ['F.avgPool2d', () => F.avgPool2d(ones([1, 1, 2, 2]), 9), /^\[avgPool2d\] avgPool: /],
    ['linalg.multiDot', () => linalg.multiDot([a23, a45]), /^\[linalg.multiDot\] sizes/],
    ['a method', () => a23.addmm(a45, v5), /^\[addmm\] mm: got/],
    ['a freed tensor', () => lg.conv2d(gone, gone), /^\[conv2d\] .*freed/],
    ['an in-place method', () => a23.add_(a45), /^\[add_\] shapes do not broadcast/],
    ['one of another op', () => ones([2], { requiresGrad: true }).zero_(), /^\[zero_\] a leaf that/],
    ['one of an op without operand', () => lg.tensor([1]).sqrt_(), /^\[sqrt_\] a float32 result cannot/],
    ['one of several steps', () => v5.indexFill_(0, lg.tensor([9]), 1), /^\[indexFill_\] index 9 is out of/],
    ['an init', () => nn.init.xavierUniform_(gone), /^\[xavierUniform_\] .*freed/],
  ])('%s', (_, run, wanted) => {
    expect(run).toThrow(lg.LanegradError);
    expect(run).toThrow(wanted);
  });
});

describe('an error of a freed tensor names the property or method', () => {
  test.each<[string, () => unknown]>([
    ['shape', () => gone.shape],
    ['dtype', () => gone.dtype],
    ['strides', () => gone.strides],
    ['ndim', () => gone.ndim],
    ['numel', () => gone.numel()],
    ['size', () => gone.size(0)],
    ['isContiguous', () => gone.isContiguous()],
    ['data', () => gone.data],
    ['item', () => gone.item()],
    ['tolist', () => gone.tolist()],
    ['toJSON', () => JSON.stringify(gone)],
    ['toString', () => String(gone)],
    ['toString', () => gone.toString()],
    ['toString', () => `${gone as unknown as string}`],
  ])('%s', (name, run) => {
    expect(run).toThrow(lg.DisposedError);
    expect(run).toThrow(new RegExp(`^\\[${name}\\] .*was freed`));
  });

  test('read', async () => {
    await expect(gone.read()).rejects.toThrow(/^\[read\] .*was freed/);
  });
});

describe('and no other', () => {
  test.each([
    ['itself', () => a23.add(a45), /^\[add\] shapes/],
    [
      'a scope around a function of the caller',
      () => tidy(() => lg.noGrad(() => a23.add(a45))),
      /^\[add\] shapes/,
    ],
    ['a layer', () => new nn.Sequential(new nn.Linear(7, 2)).forward(a23), /^\[Linear\] 0: x is \[2, 3\]/],
    ['a function of the caller of that name', () => addmm(a23, a45), /^\[add\] shapes/],
    ['what has its name already', () => lg.logsumexp(a23, { dim: 9 }), /^\[logsumexp\] dim/],
  ])('%s', (_, run, wanted) => {
    expect(run).toThrow(wanted);
  });

  function addmm(x: lg.Tensor, y: lg.Tensor): lg.Tensor {
    return x.add(y);
  }
});

test('the stack begins with the message, and the limit of frames is as before', () => {
  const limit = Error.stackTraceLimit;
  try {
    lg.addmm(a23, a45, v5);
  } catch (error) {
    expect((error as Error).stack).toMatch(/^ShapeError: \[addmm\] mm: |^Error: \[addmm\] mm: /);
  }
  expect(Error.stackTraceLimit).toBe(limit);
  expect.assertions(2);
});

test('own errors of callers are not touched', () => {
  expect(new lg.ValueError('[mine] as it is').message).toBe('[mine] as it is');
  expect(new lg.ValueError().message).toBe('');
});
