import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  checkpoint,
  counters,
  DTypeError,
  grad,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  tensor,
  type Tensor,
} from '../../lib/index.js';
import { flat, pattern } from '../nn/pattern.js';

const block = (): nn.Sequential<[nn.Linear, nn.Tanh, nn.Linear]> => {
  manualSeed(4);
  return new nn.Sequential(new nn.Linear(3, 8), new nn.Tanh(), new nn.Linear(8, 3));
};

const input = (): Tensor => pattern([4, 3], 0, 'float32').requiresGrad_();

/** Gradients of input and parameters, of the squares of what `call` makes. */
function gradientsOf(call: (net: nn.Module, x: Tensor) => Tensor): number[][] {
  const net = block();
  const x = input();
  call(net, x).square().sum().backward();
  return [flat(x.grad!), ...net.parameters().map((p) => flat(p.grad!))];
}

describe('checkpoint', () => {
  const plain = gradientsOf((net, x) => net.forward(x));

  it('gives the gradients of a plain call, to the bit', () => {
    expect(gradientsOf((net, x) => checkpoint(net, x))).toEqual(plain);
    expect(gradientsOf((net, x) => checkpoint((y: Tensor) => net.forward(y), x))).toEqual(plain);
  });

  it('gives parameters their gradients where the input requires none', () => {
    for (const wrap of [false, true]) {
      const net = block();
      const x = input().detach();
      const y = wrap ? checkpoint((each: Tensor) => net.forward(each), x) : checkpoint(net, x);
      y.square().sum().backward();
      expect(net.parameters().map((p) => flat(p.grad!))).toEqual(plain.slice(1));
    }
  });

  it('adds to gradients that are there, and works twice in one tape', () => {
    for (const wrap of [false, true]) {
      const net = block();
      const once = (x: Tensor): Tensor =>
        wrap ? checkpoint((y: Tensor) => net.forward(y), x) : checkpoint(net, x);
      const x = input();
      once(once(x)).square().sum().backward();
      const other = block();
      const z = input();
      other.forward(other.forward(z)).square().sum().backward();
      expect(flat(x.grad!)).toEqual(flat(z.grad!));
      net.parameters().forEach((p, i) => {
        const wanted = flat(other.parameters()[i]!.grad!);
        flat(p.grad!).forEach((value, k) => expect(value).toBeCloseTo(wanted[k]!, 4));
      });
    }
  });

  it('keeps less on the tape', () => {
    const deep = new nn.Sequential(
      ...Array.from({ length: 8 }, () => new nn.Sequential(new nn.Linear(64, 64), new nn.Tanh())),
    );
    const x = ones([512, 64]);
    const cost = (call: () => Tensor): number => {
      const before = counters().savedBytes;
      const y = call();
      const saved = counters().savedBytes - before;
      y.sum().backward();
      return saved;
    };
    const full = cost(() => deep.forward(x));
    expect(cost(() => checkpoint(deep, x))).toBeLessThan(full / 2);
  });

  it('draws the same random numbers in both runs, and goes on as if there were one', () => {
    const net = new nn.Dropout(0.5);
    const x = ones([64], { requiresGrad: true });
    manualSeed(9);
    const y = checkpoint(net, x);
    const next = flat(nn.init.uniform_(ones([2])));
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual(y.tolist());
    manualSeed(9);
    net.forward(ones([64]));
    expect(flat(nn.init.uniform_(ones([2])))).toEqual(next);
  });

  it('takes several tensors and other values, and gives several', () => {
    const a = tensor([2], { dtype: 'float32', requiresGrad: true });
    const b = tensor([5], { dtype: 'float32' });
    const index = tensor([0]);
    const fn = (x: Tensor, power: number, y: Tensor, at: Tensor): [Tensor, Tensor] => [
      x.pow(power).mul(y),
      x.indexSelect(0, at),
    ];
    const [p, q] = checkpoint(fn, a, 3, b, index);
    expect([p.item(), q.item()]).toEqual([40, 2]);
    p.add(q.mul(100)).sum().backward();
    expect(a.grad?.item()).toBe(160);
    const [only] = checkpoint(fn, a, 2, b, index);
    only.sum().backward();
    expect(a.grad?.item()).toBe(180);
  });

  it('serves grad and second derivatives, of a module and of a function of its inputs', () => {
    const net = block().to('float64');
    const x = pattern([2, 3], 0).requiresGrad_();
    const second = (call: (y: Tensor) => Tensor): number[] => {
      const [first] = grad(call(x).square().sum(), x, { createGraph: true });
      return flat(grad(first.square().sum(), x)[0]);
    };
    const close = (actual: number[], expected: number[]): void =>
      actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 9));
    close(
      second((y) => checkpoint(net, y)),
      second((y) => net.forward(y)),
    );
    const pure = (y: Tensor): Tensor => y.tanh().mul(y);
    close(
      second((y) => checkpoint(pure, y)),
      second(pure),
    );
    const weight = net.at(0).weight;
    close(flat(grad(checkpoint(net, x).sum(), weight)[0]), flat(grad(net.forward(x).sum(), weight)[0]));
    const captured = checkpoint((y: Tensor) => net.forward(y), x);
    expect(() => grad(captured.sum(), x)).toThrow(AutogradError);
    expect(() => grad(checkpoint((y: Tensor) => net.forward(y), x).sum(), x)).toThrow(
      /pass the module itself/,
    );
  });

  it('goes back twice where the tape is kept, else says so', () => {
    const x = tensor([3], { dtype: 'float32', requiresGrad: true });
    const y = checkpoint((z: Tensor) => z.square(), x);
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad?.item()).toBe(12);
    expect(() => y.backward()).toThrow(AutogradError);
  });

  it('is a plain call without recording, and refuses what is no tensor', () => {
    expect(noGrad(() => checkpoint(block(), input())).requiresGrad).toBe(false);
    expect(noGrad(() => checkpoint((a: number) => a + 1, 2))).toBe(3);
    expect(() => checkpoint(() => 3 as never)).toThrow(DTypeError);
    expect(() => checkpoint(3 as never)).toThrow(/wanted a function/);
    expect(() => checkpoint(() => Promise.resolve(ones([1])) as never)).toThrow(/returns a promise/);
  });

  it('notices parameters that changed in between', () => {
    const net = block();
    const y = checkpoint(net, input());
    noGrad(() => net.at(0).weight.add_(1));
    expect(() => y.sum().backward()).toThrow(AutogradError);
  });
});

describe('gradient accumulation', () => {
  it('over parts of a batch is one step on the whole', () => {
    const x = pattern([8, 3], 0, 'float32');
    const y = pattern([8, 3], 1, 'float32');
    const whole = block();
    const one = new optim.SGD(whole.parameters(), { lr: 0.1 });
    new nn.MSELoss().forward(whole.forward(x), y).backward();
    one.step();

    const parts = block();
    const other = new optim.SGD(parts.parameters(), { lr: 0.1 });
    const steps = 4;
    other.zeroGrad();
    for (let i = 0; i < steps; ++i) {
      const [xs, ys] = [x.narrow(0, 2 * i, 2), y.narrow(0, 2 * i, 2)];
      // Each part has a mean of its own; their mean is that of the whole.
      new nn.MSELoss().forward(parts.forward(xs), ys).div(steps).backward();
    }
    other.step();
    whole
      .parameters()
      .forEach((p, i) => expect(p.allclose(parts.parameters()[i]!, { atol: 1e-6 })).toBe(true));
  });
});
