import { describe, expect, it } from 'vitest';
import { DTypeError, func, nn, ones, tensor, zeros, type Tensor } from '../../lib/index.js';

describe('a plain tensor in the place of a parameter', () => {
  // As plain JavaScript may: the types do not let it pass.
  const assign = (module: object, field: string, value: Tensor | null): void =>
    void Reflect.set(module, field, value);

  it('is an error that names module and field', () => {
    const layer = new nn.Linear(2, 2);
    const model = new nn.Sequential(layer);
    expect(model.parameters()).toHaveLength(2);
    assign(layer, 'weight', zeros([2, 2]));
    const wanted =
      /\[Linear\] weight: got a plain tensor, wanted a parameter: nn.parameter\(tensor\) makes it one/;
    for (const use of [() => model.parameters(), () => model.stateDict(), () => layer.eval()]) {
      expect(use).toThrow(DTypeError);
      expect(use).toThrow(wanted);
    }
    layer.weight = nn.parameter(zeros([2, 2]));
    assign(layer, 'bias', null);
    expect(model.parameters()).toHaveLength(1);
    assign(layer, 'bias', zeros([2]));
    expect(() => model.parameters()).toThrow(/\[Linear\] bias/);
  });

  it.each([
    ['Linear', new nn.Linear(2, 2), zeros([1, 2])],
    ['Conv1d', new nn.Conv1d(2, 2, 1), zeros([1, 2, 2])],
    ['ConvTranspose1d', new nn.ConvTranspose1d(2, 2, 1), zeros([1, 2, 2])],
    ['BatchNorm1d', new nn.BatchNorm1d(2), zeros([2, 2])],
    ['InstanceNorm1d', new nn.InstanceNorm1d(2, { affine: true }), zeros([1, 2, 2])],
    ['GroupNorm', new nn.GroupNorm(1, 2), zeros([1, 2])],
    ['LayerNorm', new nn.LayerNorm([2]), zeros([1, 2])],
    ['RMSNorm', new nn.RMSNorm([2]), zeros([1, 2])],
    ['PReLU', new nn.PReLU(), zeros([1, 2])],
    ['Embedding', new nn.Embedding(2, 2), zeros([1], { dtype: 'int64' })],
  ])('is one of a %s that nobody has looked at, from forward too', (name, layer: nn.AnyModule, x) => {
    assign(layer, 'weight', ones([2, 2]));
    const wanted = new RegExp(`\\[${name}\\] weight: got a plain tensor, wanted a parameter`);
    expect(() => (layer as nn.Module).forward(x)).toThrow(wanted);
    expect(() => layer.parameters()).toThrow(wanted);
  });

  it('is one of a module of the user, once it ran', () => {
    class Scale extends nn.Module {
      factor: nn.Parameter = nn.parameter(ones([1]));
      forward(x: Tensor): Tensor {
        return x.mul(this.factor);
      }
    }
    const scale = new Scale();
    expect(scale.numParameters()).toBe(1);
    expect(scale.forward(ones([1])).item()).toBe(1);
    const other = nn.parameter(tensor([2.5], { dtype: 'float32' }));
    scale.factor = other;
    expect(scale.forward(ones([1])).item()).toBe(2.5);
    assign(scale, 'factor', ones([1]));
    expect(() => scale.forward(ones([1]))).toThrow(/\[Scale\] factor: got a plain tensor/);
    // It stays one until it is put right.
    expect(() => scale.forward(ones([1]))).toThrow(/\[Scale\] factor: got a plain tensor/);
    scale.factor = other;
    expect(scale.forward(ones([1])).item()).toBe(2.5);
  });

  it('is none where a parametrization computes it', () => {
    const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2));
    expect(layer.forward(ones([1, 2])).shape).toEqual([1, 2]);
    nn.utils.parametrize.removeParametrizations(layer, 'weight');
    expect(layer.forward(ones([1, 2])).shape).toEqual([1, 2]);
    assign(layer, 'weight', ones([2, 2]));
    expect(() => layer.forward(ones([1, 2]))).toThrow(/weight: got a plain tensor/);
  });

  it('is none in a field that never held one, nor during functionalCall', () => {
    class Net extends nn.Module {
      readonly layer = new nn.Linear(2, 2);
      readonly notState = ones([3], { requiresGrad: true });
      forward(x: Tensor): Tensor {
        return this.layer.forward(x).mul(this.notState.sum());
      }
    }
    expect(new Net().parameters()).toHaveLength(2);
    class Reads extends nn.Module<[x: Tensor], number> {
      readonly layer = new nn.Linear(2, 2);
      forward(x: Tensor): number {
        return this.parameters().length + x.numel();
      }
    }
    const module = new Reads();
    expect(module.parameters()).toHaveLength(2);
    expect(func.functionalCall(module, { 'layer.weight': zeros([2, 2]) }, [zeros([1])])).toBe(2);
    expect(module.parameters()).toHaveLength(2);
  });
});
