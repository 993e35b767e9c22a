import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  DTypeError,
  func,
  grad,
  nn,
  ones,
  ShapeError,
  tensor,
  tidy,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { flat } from '../nn/pattern.js';

const f64 = (values: number | readonly number[] | readonly (readonly number[])[]): Tensor =>
  tensor(values as number[], { dtype: 'float64' });

/** [a b, a + b^2] of vectors, elementwise, stacked. */
const both = (a: Tensor, b: Tensor): Tensor => a.mul(b).add(b.square());

describe('vjp', () => {
  it('gives the value and pulls gradients back, again and again', () => {
    const a = f64([1, 2]);
    const [y, pull] = func.vjp(both, a, f64([3, 4]));
    expect(y.tolist()).toEqual([12, 24]);
    expect(y.requiresGrad).toBe(false);
    expect(pull(f64([1, 10])).map((g) => g.tolist())).toEqual([
      [3, 40],
      [7, 100],
    ]);
    expect(pull().map((g) => g.tolist())).toEqual([
      [3, 4],
      [7, 10],
    ]);
    expect(a.requiresGrad).toBe(false);
    expect(() => pull(f64([1]))).toThrow(ShapeError);
  });

  it('gives zeros for what is not used, and refuses what is no float', () => {
    const [, pull] = func.vjp((x: Tensor, _y: Tensor) => x.mul(2), f64([1]), f64([1, 2]));
    expect(pull().map((g) => g.tolist())).toEqual([[2], [0, 0]]);
    const [, none] = func.vjp(() => ones([2]), f64([1]));
    expect(none()[0].tolist()).toEqual([0]);
    expect(() => func.vjp((x) => x, tensor([1]))).toThrow(DTypeError);
    expect(() => func.vjp(() => 3 as never, f64([1]))).toThrow(
      /\[vjp\] the function gave 3, wanted a tensor/,
    );
    expect(() => func.vjp(() => ones([1]))).toThrow(ValueError);
    expect(() => func.vjp(3 as never, f64([1]))).toThrow(ValueError);
  });
});

describe('jvp', () => {
  it('is the derivative along a tangent', () => {
    const [y, change] = func.jvp(both, [f64([1, 2]), f64([3, 4])], [f64([1, 0]), f64([0.5, 2])]);
    expect(y.tolist()).toEqual([12, 24]);
    expect(change.tolist()).toEqual([6.5, 20]);
    const [, still] = func.jvp(() => ones([2]), [f64([1])], [f64([1])]);
    expect(still.tolist()).toEqual([0, 0]);
    const [, linear] = func.jvp((x) => x.mul(3), [f64([1])], [f64([2])]);
    expect(linear.tolist()).toEqual([6]);
    expect(() => func.jvp((x) => x, [f64([1])], [])).toThrow(/got 0 tensors, wanted 1/);
    expect(() => func.jvp((x) => x, [f64([1])], [f64([1, 2])])).toThrow(ShapeError);
    expect(() => func.jvp((x) => x, [f64([1])], [f64([1])], { graph: true } as never)).toThrow(ValueError);
  });

  it('can be differentiated', () => {
    const x = f64(2).requiresGrad_();
    const [, change] = func.jvp((each) => each.pow(3), [x], [f64(1)], { createGraph: true });
    expect(change.item()).toBeCloseTo(12, 12);
    expect(grad(change, x)[0].item()).toBeCloseTo(12, 12);
  });
});

describe('jacobian', () => {
  it('has all derivatives, by shape of value and input', () => {
    const j = func.jacobian(
      (x) => x.matmul(f64([[1], [10]])),
      f64([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(j.shape).toEqual([2, 1, 2, 2]);
    expect(flat(j)).toEqual([1, 10, 0, 0, 0, 0, 1, 10]);
    const [da, db] = func.jacobian(both, [f64([1, 2]), f64([3, 4])]);
    expect(da.tolist()).toEqual([
      [3, 0],
      [0, 4],
    ]);
    expect(db.tolist()).toEqual([
      [7, 0],
      [0, 10],
    ]);
    expect(func.jacobian((x) => x.sum(), f64([1, 2])).tolist()).toEqual([1, 1]);
    expect(func.jacobian((x) => x.narrow(0, 0, 0), f64([1, 2])).shape).toEqual([0, 2]);
    expect(func.jacobian(() => ones([3]), f64([1, 2])).tolist()).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('leaves gradients of parameters alone, and can be differentiated', () => {
    const layer = new nn.Linear(2, 2).to('float64');
    const j = func.jacobian((x) => layer.forward(x), f64([1, 2]));
    expect(flat(j)).toEqual(flat(layer.weight));
    expect(layer.weight.grad).toBeNull();
    const x = f64([1, 2]).requiresGrad_();
    const cube = func.jacobian((each) => each.pow(3), x, { createGraph: true });
    cube.sum().backward();
    expect(x.grad?.tolist()).toEqual([6, 12]);
  });

  it('works inside of noGrad and tidy', () => {
    const j = tidy(() => func.jacobian((x) => x.square(), f64([1, 2])));
    expect(j.tolist()).toEqual([
      [2, 0],
      [0, 4],
    ]);
  });
});

describe('hessian and hvp', () => {
  // a^2 b: [[2b, 2a], [2a, 0]].
  const fn = (a: Tensor, b: Tensor): Tensor => a.square().mul(b).sum();

  it('have second derivatives', () => {
    const h = func.hessian((x) => x.prod(), f64([2, 3, 4]));
    expect(h.tolist()).toEqual([
      [0, 4, 3],
      [4, 0, 2],
      [3, 2, 0],
    ]);
    const rows = func.hessian(fn, [f64([3]), f64([5])]);
    expect(rows.map((row) => row.map((each) => each.tolist()))).toEqual([
      [[[10]], [[6]]],
      [[[6]], [[0]]],
    ]);
    expect(func.hessian((x) => x.sum(), f64([1, 2])).tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(() => func.hessian((x) => x, f64([1, 2]))).toThrow(
      /\[hessian\] the function gave \[2\], wanted a single/,
    );
  });

  it('hvp is the product', () => {
    const [y, product] = func.hvp(fn, [f64([3]), f64([5])], [f64([1]), f64([10])]);
    expect(y.item()).toBe(45);
    expect(product.map((each) => each.tolist())).toEqual([[70], [6]]);
    const quadratic = (x: Tensor): Tensor => x.mul(x.roll(1)).sum().add(x.pow(4).sum());
    const at = f64([1, 2, 3]);
    const v = f64([1, -1, 2]);
    const [, [short]] = func.hvp(quadratic, [at], [v]);
    expect(short.allclose(func.hessian(quadratic, at).matmul(v))).toBe(true);
    const x = f64([2]).requiresGrad_();
    const [, [slope]] = func.hvp((each) => each.pow(4).sum(), [x], [f64([1])], { createGraph: true });
    expect(grad(slope.sum(), x)[0].item()).toBeCloseTo(48, 10);
  });
});

describe('functionalCall', () => {
  it('uses what it is given, and puts everything back', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
    const before = net.stateDict();
    const weight = ones([3, 2], { requiresGrad: true });
    const running_mean = zeros([3]);
    const x = tensor(
      [
        [1, 2],
        [3, 5],
      ],
      { dtype: 'float32' },
    );
    func
      .functionalCall(net, { '0.weight': weight, '0.bias': zeros([3]), '1.running_mean': running_mean }, [x])
      .square()
      .sum()
      .backward();
    expect(weight.grad?.shape).toEqual([3, 2]);
    expect(net.at(0).weight.grad).toBeNull();
    expect(net.at(0).bias?.grad).toBeNull();
    // The statistics that were given move, those of the module do not.
    expect(flat(running_mean)[0]).toBeCloseTo(0.55, 5);
    expect(flat(net.at(1).runningMean!)).toEqual([0, 0, 0]);
    expect(Object.keys(net.stateDict())).toEqual(Object.keys(before));
    expect(net.parameters()).toHaveLength(4);
  });

  it('replaces a shared tensor everywhere', () => {
    class Tied extends nn.Module {
      readonly a = nn.parameter(ones([1]));
      readonly b = this.a;
      forward(x: Tensor): Tensor {
        return x.mul(this.a).add(this.b);
      }
    }
    const tied = new Tied();
    expect(func.functionalCall(tied, { b: tensor([3], { dtype: 'float32' }) }, [ones([1])]).item()).toBe(6);
    expect(func.functionalCall(tied, { a: tensor([2]), b: tensor([5]) }, [ones([1])]).item()).toBe(7);
    expect(tied.b).toBe(tied.a);
    expect(tied.a.item()).toBe(1);
  });

  it('puts back what it replaced when forward throws, and refuses strange state', () => {
    const layer = new nn.Linear(2, 1);
    const { weight } = layer;
    expect(() => func.functionalCall(layer, { weight: ones([1, 2]) }, [ones([3])])).toThrow(ShapeError);
    expect(layer.weight).toBe(weight);
    expect(() => func.functionalCall(layer, { scale: ones([1]) }, [ones([2])])).toThrow(
      /the module has no "scale"/,
    );
    expect(() => func.functionalCall(layer, { weight: ones([2, 2]) }, [ones([2])])).toThrow(
      /wanted \[1, 2\]/,
    );
    expect(() => func.functionalCall(layer, { weight: 3 as never }, [ones([2])])).toThrow(DTypeError);
    expect(() => func.functionalCall(layer, null as never, [ones([2])])).toThrow(ValueError);
    expect(() => func.functionalCall(layer, {}, ones([2]) as never)).toThrow(ValueError);
    expect(() => func.functionalCall(3 as never, {}, [] as never)).toThrow(ValueError);
  });

  it('makes a function of the parameters, to differentiate', () => {
    const layer = new nn.Linear(1, 1).to('float64');
    const h = func.hessian(
      (w) =>
        func
          .functionalCall(layer, { weight: w, bias: f64([0]) }, [f64([[3]])])
          .square()
          .sum(),
      f64([[2]]),
    );
    expect(h.item()).toBe(18);
  });

  it('of a parametrized module takes the originals', () => {
    const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 1, { bias: false }));
    const state = {
      'parametrizations.weight.original0': tensor([[2]], { dtype: 'float32' }),
      'parametrizations.weight.original1': tensor([[3, 4]], { dtype: 'float32' }),
    };
    expect(func.functionalCall(layer, state, [ones([1, 2])]).item()).toBeCloseTo(2.8, 5);
  });
});

describe('parametersToVector and vectorToParameters', () => {
  it('are each other’s inverse', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
    const vector = nn.utils.parametersToVector(net.parameters());
    expect(vector.shape).toEqual([9]);
    vector.sum().backward();
    expect(net.at(1).bias?.grad?.tolist()).toEqual([1]);
    nn.utils.vectorToParameters(vector.detach().mul(2), net.parameters());
    expect(nn.utils.parametersToVector(net.parameters()).allclose(vector.mul(2))).toBe(true);
    expect(net.at(0).weight.isLeaf).toBe(true);
    expect(() => nn.utils.vectorToParameters(ones([8]), net.parameters())).toThrow(/is \[8\], wanted \[9\]/);
    expect(() => nn.utils.parametersToVector([])).toThrow(ValueError);
    expect(() => nn.utils.parametersToVector([3 as never])).toThrow(DTypeError);
  });
});

it('gradients that nobody can compute are errors of the tape', () => {
  const x = f64([1]).requiresGrad_();
  expect(() =>
    grad(
      func.jacobian((each) => each.square(), x),
      x,
    ),
  ).toThrow(AutogradError);
});
