import { describe, expect, it } from 'vitest';
import { nn, ShapeError, tensor, ValueError, zeros, type Tensor } from '../../lib/index.js';

describe('summary', () => {
  it('lists layers, shapes, parameters and bytes', () => {
    const net = new nn.Sequential(
      new nn.Conv2d(1, 8, 3, { padding: 1 }),
      new nn.BatchNorm2d(8),
      new nn.Sequential(new nn.ReLU(), new nn.MaxPool2d(2)),
      new nn.Flatten(),
      new nn.Linear(1568, 10),
    );
    net.at(0).weight.requiresGrad = false;
    net.at(1).train();
    expect(net.summary([2, 1, 28, 28])).toBe(
      [
        'Layer               Output shape    Parameters   Bytes  Multiply-adds',
        '---------------------------------------------------------------------',
        'Sequential          [2, 10]                  -       -              -',
        '  0: Conv2d         [2, 8, 28, 28]          80     320        112,896',
        '  1: BatchNorm2d    [2, 8, 28, 28]          16     136              -',
        '  2: Sequential     [2, 8, 14, 14]           -       -              -',
        '    2.0: ReLU       [2, 8, 28, 28]           -       -              -',
        '    2.1: MaxPool2d  [2, 8, 14, 14]           -       -              -',
        '  3: Flatten        [2, 1568]                -       -              -',
        '  4: Linear         [2, 10]             15,690  62,760         31,360',
        '---------------------------------------------------------------------',
        '15,786 parameters, 15,714 trainable; 63,216 bytes with buffers; outputs 175,696 bytes; 144,256 multiply-adds',
      ].join('\n'),
    );
    expect(net.at(1).numBatchesTracked?.item()).toBe(0);
    expect(net.modules().every((m) => m.training)).toBe(true);
    expect(net.modules().every((m) => !Object.hasOwn(m, 'forward'))).toBe(true);
  });

  it('takes tensors, several inputs and outputs, and counts shared tensors once', () => {
    class Pairs extends nn.Module<[Tensor, Tensor], [Tensor, Tensor]> {
      readonly table = new nn.Embedding(5, 3);
      readonly same = this.table.weight;
      readonly unused = new nn.Identity();
      forward(index: Tensor, x: Tensor): [Tensor, Tensor] {
        return [this.table.forward(index), x];
      }
    }
    const lines = new Pairs().summary(tensor([1, 2]), [4, 4]).split('\n');
    expect(lines[2]).toMatch(/^Pairs +\[2, 3\], \[4, 4\] +- +- +-$/);
    expect(lines[3]).toMatch(/^ {2}table: Embedding +\[2, 3\] +15 +60 +-$/);
    expect(lines[4]).toMatch(/^ {2}unused: Identity +- +- +- +-$/);
    expect(lines.at(-1)).toMatch(/^15 parameters, 15 trainable; 60 bytes/);
  });

  it('puts everything back when forward throws', () => {
    const net = new nn.Sequential(new nn.Linear(3, 2), new nn.Dropout());
    expect(() => net.summary([1, 4])).toThrow(ShapeError);
    expect(net.at(0).training && net.at(1).training).toBe(true);
    expect(Object.hasOwn(net, 'forward')).toBe(false);
    expect(net.forward(zeros([1, 3])).requiresGrad).toBe(true);
    expect(() => net.summary('x' as never)).toThrow(ValueError);
  });
});
