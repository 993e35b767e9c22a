import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { data, metrics, nn, ones, optim, snapshot, type Tensor } from '../../lib/index.js';

describe('looking at something never throws', () => {
  class Identity extends nn.Module {
    forward(x: Tensor): Tensor {
      return x;
    }
  }

  it('a module with a field that throws', () => {
    class Odd extends Identity {}
    const odd = new Odd();
    Object.defineProperty(odd, 'trouble', {
      enumerable: true,
      get() {
        throw new TypeError('no such thing');
      },
    });
    expect(inspect(odd)).toBe('Odd(<TypeError: no such thing>)');
    const net = new nn.Sequential(new nn.ReLU(), odd);
    expect(String(net)).toBe('Sequential(\n  (0): ReLU()\n  (1): Odd(<TypeError: no such thing>)\n)');
    expect(() => net.parameters()).toThrow('no such thing');
  });

  it('a module with an extraRepr that throws', () => {
    class Odd extends Identity {
      override extraRepr(): string {
        throw new RangeError('too long');
      }
    }
    expect(String(new Odd())).toBe('Odd(<RangeError: too long>)');
  });

  it('an optimizer with an option that throws', () => {
    const optimizer = new optim.SGD([ones([1], { requiresGrad: true })], { lr: 0.5 });
    const [group] = optimizer.paramGroups;
    group!.lrTensor.dispose();
    expect(() => group!.lr).toThrow();
    expect(inspect(optimizer)).toMatch(
      /^SGD \(\nParameter Group 0\n {4}lr: <DisposedError: .*>\n {4}momentum: 0\n/,
    );
  });
});

describe('what stands there', () => {
  it('of a snapshot', () => {
    const copy = snapshot(new nn.Linear(2, 3));
    expect(inspect(copy)).toBe('Snapshot(Linear(inFeatures=2, outFeatures=3, bias=true))');
    expect(String(copy)).toBe(inspect(copy));
    copy.dispose();
    expect(inspect(copy)).toBe('Snapshot(<disposed>)');
  });

  it('of a metric', () => {
    const accuracy = new metrics.Accuracy();
    expect(String(accuracy)).toBe('Accuracy(NaN)');
    accuracy.update([1, 0, 1], [1, 1, 1]);
    expect(inspect({ accuracy })).toBe('{ accuracy: Accuracy(0.666667) }');
    expect(String(new metrics.Rouge())).toBe('Rouge(...)');
    class Broken extends metrics.Metric<[], number> {
      override update(): void {}
      override reset(): void {}
      override compute(): number {
        throw new Error('nothing yet');
      }
      protected override add(): void {}
    }
    expect(inspect(new Broken())).toBe('Broken()');
    expect(() => new metrics.F1Score(0)).toThrow(/^\[F1Score\] numClasses/);
  });

  it('of a sampler', () => {
    expect(inspect(new data.WeightedRandomSampler([1], 2))).toBe('WeightedRandomSampler { length: 2 }');
  });
});
