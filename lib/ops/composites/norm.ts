import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { reshape } from '../view.js';

/** Mean, and Σ (x - mean)² / n, over `dims`, kept as sizes of 1. */
function moments(x: Tensor, dims: readonly number[]): { mean: Tensor; centred: Tensor; variance: Tensor } {
  const mean = backend.run1('mean', [x], { dims, keepdim: true });
  const centred = backend.run1('sub', [x, mean], noAttrs);
  const variance = backend.run1('mean', [backend.run1('square', [centred], noAttrs)], {
    dims,
    keepdim: true,
  });
  return { mean, centred, variance };
}

function inverseDeviation(variance: Tensor, eps: number): Tensor {
  return backend.run1('rsqrt', [backend.run1('add', [variance, eps], noAttrs)], noAttrs);
}

/** value * weight + bias, both optional. */
function affine(value: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const scaled = weight ? backend.run1('mul', [value, weight], noAttrs) : value;
  return bias ? backend.run1('add', [scaled, bias], noAttrs) : scaled;
}

/** Ioffe and Szegedy, 2015, over all dims but 1; x: [N, C, ...]. Gives out, mean [C] and the biased variance [C]. */
export function batchNormTrain(
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['batchNormTrain'],
): Tensor[] {
  const [x, weight, bias] = inputs as [Tensor, Tensor | null, Tensor | null];
  const channels = x.shape[1]!;
  const dims = x.shape.map((_, i) => i).filter((i) => i !== 1);
  const perChannel = [channels, ...x.shape.slice(2).map(() => 1)];
  const { mean, centred, variance } = moments(x, dims);
  const normal = backend.run1('mul', [centred, inverseDeviation(variance, attrs.eps)], noAttrs);
  const out = affine(normal, weight && reshape(weight, perChannel), bias && reshape(bias, perChannel));
  return [out, reshape(mean, [channels]), reshape(variance, [channels])];
}

/** Ba, Kiros and Hinton, 2016, over the last `normalizedDims` dims. Gives out, and mean and 1/deviation per row. */
export function layerNorm(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['layerNorm']): Tensor[] {
  const [x, weight, bias] = inputs as [Tensor, Tensor | null, Tensor | null];
  const leading = x.shape.length - attrs.normalizedDims;
  const dims = x.shape.map((_, i) => i).slice(leading);
  const { mean, centred, variance } = moments(x, dims);
  const rstd = inverseDeviation(variance, attrs.eps);
  const out = affine(backend.run1('mul', [centred, rstd], noAttrs), weight, bias);
  const rows = x.shape.slice(0, leading);
  return [out, reshape(mean, rows), reshape(rstd, rows)];
}
