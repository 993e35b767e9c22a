import { describe, expect, it } from 'vitest';
import { compile, F, keep, nn, noGrad, ones, RecordingError, tensor, zeros } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

// Changes to modules and tensors of outside that make another program of a call.

class Flexible extends nn.Module<[Tensor], Tensor> {
  options = { by: 2, nested: { plus: 0 } };
  factors = new Map<string, number>([['a', 1]]);
  flags = new Set<string>();
  extra?: number;
  forward(x: Tensor): Tensor {
    let y = x.mul(this.options.by).add(this.options.nested.plus);
    for (const factor of this.factors.values()) y = y.mul(factor);
    if (this.flags.has('negative')) y = y.neg();
    return y.add(this.extra ?? 0);
  }
}

describe('a program notices', () => {
  const changes: Record<string, (model: Flexible) => void> = {
    'a number in a plain object of a module': (model) => (model.options.by = 5),
    'one deeper': (model) => (model.options.nested.plus = 3),
    'an entry of a map': (model) => void model.factors.set('a', 4),
    'another entry': (model) => void model.factors.set('b', 4),
    'an entry in the place of another': (model) => {
      model.factors.delete('a');
      model.factors.set('c', 6);
    },
    'a member of a set': (model) => void model.flags.add('negative'),
    'a field that a module gets': (model) => (model.extra = 9),
    'another forward of an instance': (model) => (model.forward = (x) => x.mul(100)),
  };
  it.each(Object.keys(changes))('%s', (name) => {
    const model = new Flexible();
    const outer = new nn.Sequential(model);
    delete model.extra;
    const fn = compile((x: Tensor) => outer.forward(x));
    const x = tensor([1, 2], { dtype: 'float32' });
    for (let i = 0; i < 3; i++) expect(fn(x).tolist()).toEqual([2, 4]);
    if (records) expect(fn.recordings).toBe(1);
    changes[name]!(model);
    const wanted = model.forward(x).tolist();
    expect(wanted).not.toEqual([2, 4]);
    for (let i = 0; i < 3; i++) expect(fn(x).tolist()).toEqual(wanted);
    if (records) expect(fn.recordings).toBe(2);
  });

  it('requiresGrad of a plain tensor that it reads', () => {
    const w = ones([2]);
    const v = ones([2], { requiresGrad: true });
    const fn = compile((x: Tensor) => {
      v.grad = null;
      w.grad = null;
      const loss = x.mul(w).mul(v).sum();
      loss.backward();
      return loss;
    });
    const x = tensor([3, 4], { dtype: 'float32' });
    fn(x);
    fn(x);
    expect(w.grad).toBe(null);
    w.requiresGrad = true;
    fn(x);
    expect(w.grad!.tolist()).toEqual([3, 4]);
    w.requiresGrad = false;
    fn(x);
    expect(w.grad).toBe(null);
  });
});

describe('a program notices requiresGrad of a leaf that it reaches', () => {
  const uses: Record<string, (x: Tensor, w: Tensor) => Tensor> = {
    'by an op': (x, w) => x.mul(w),
    'by a view': (x, w) => x.mul(w.reshape([1, 2])),
    'by a view of a view': (x, w) => x.mul(w.reshape([1, 2]).expand([3, 2]).select(0, 1)),
    'by a part': (x, w) => x.mul(w.narrow(0, 1, 1)),
    'by a copy': (x, w) => zeros([2]).copy_(w).mul(x),
    'in a layer': (x, w) => F.prelu(x.reshape([1, 2]), w),
  };
  it.each(Object.keys(uses))('%s', (name) => {
    const v = ones([2], { requiresGrad: true });
    const memory = tensor([2, 3, 5, 7], { dtype: 'float32' });
    for (const w of [tensor([2, 3], { dtype: 'float32' }), memory.narrow(0, 1, 2)]) {
      const step = (x: Tensor): Tensor => {
        v.grad = null;
        w.grad = null;
        const loss = uses[name]!(x, w).mul(v).sum();
        loss.backward();
        return loss;
      };
      const fn = compile(step);
      const x = tensor([-3, 4], { dtype: 'float32' });
      for (const requiresGrad of [true, false, true, false]) {
        w.requiresGrad = requiresGrad;
        step(x);
        const wanted = w.grad?.tolist();
        expect(wanted === undefined).toBe(!requiresGrad);
        for (let i = 0; i < 2; i++) {
          fn(x);
          expect(w.grad?.tolist()).toEqual(wanted);
        }
      }
    }
  });
});

describe('what a module does to its own fields', () => {
  class Counter extends nn.Module<[Tensor], Tensor> {
    state: Tensor = zeros([]);
    seen: Tensor | null = null;
    calls = 0;
    cache = new Map<number, number>();
    forward(x: Tensor): Tensor {
      this.calls += 1;
      this.cache.set(this.calls, 1);
      this.seen = x.mul(2);
      return x.add(this.state);
    }
  }

  it('is an effect, and no change', () => {
    const model = new Counter();
    model.forward(ones([2]));
    const fn = compile((x: Tensor) => model.forward(x));
    for (let i = 0; i < 3; i++) expect(fn(ones([2])).tolist()).toEqual([1, 1]);
    if (records) expect(fn.recordings).toBe(1);
  });

  it.runIf(records)('is refused where it replaces state that it computes with', () => {
    const model = new (class extends Counter {
      override forward(x: Tensor): Tensor {
        this.state = keep(this.state.add(1));
        return x.add(this.state);
      }
    })();
    const fn = compile((x: Tensor) => model.forward(x));
    expect(() => fn(ones([2]))).toThrow(RecordingError);
    expect(() => fn(ones([2]))).toThrow(/the field state .* this\.state\.copy_/);
    expect(model.state.item()).toBe(0);
  });

  it('may write into its state', () => {
    const model = new (class extends Counter {
      override forward(x: Tensor): Tensor {
        noGrad(() => this.state.copy_(this.state.add(1)));
        return x.add(this.state);
      }
    })();
    const fn = compile((x: Tensor) => model.forward(x));
    for (let i = 1; i <= 3; i++) expect(fn(ones([1])).tolist()).toEqual([1 + i]);
  });
});
