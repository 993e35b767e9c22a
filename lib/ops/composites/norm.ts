import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs, product } from '../../check.js';
import { isHalf } from '../../dtype.js';
import type { Tensor } from '../../tensor.js';
import { to } from '../convert.js';
import { reshape } from '../view.js';

/** x in the dtype that it is computed in: 16 bits are too few for sums and squares. */
function wide(x: Tensor): Tensor {
  return isHalf(x.dtype) ? to(x, 'float32') : x;
}

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
  const { mean, centred, variance } = moments(wide(x), dims);
  const normal = backend.run1('mul', [centred, inverseDeviation(variance, attrs.eps)], noAttrs);
  const out = affine(normal, weight && reshape(weight, perChannel), bias && reshape(bias, perChannel));
  return [to(out, x.dtype), reshape(mean, [channels]), reshape(variance, [channels])];
}

/** Ba, Kiros and Hinton, 2016, over the last `normalizedDims` dims. Gives out, and mean and 1/deviation per row. */
export function layerNorm(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['layerNorm']): Tensor[] {
  const [x, weight, bias] = inputs as [Tensor, Tensor | null, Tensor | null];
  const leading = x.shape.length - attrs.normalizedDims;
  const dims = x.shape.map((_, i) => i).slice(leading);
  const { mean, centred, variance } = moments(wide(x), dims);
  const rstd = inverseDeviation(variance, attrs.eps);
  const out = affine(backend.run1('mul', [centred, rstd], noAttrs), weight, bias);
  const rows = x.shape.slice(0, leading);
  return [to(out, x.dtype), reshape(mean, rows), reshape(rstd, rows)];
}

/** Zhang and Sennrich, 2019, over the last `normalizedDims` dims. Gives out, and 1/(root mean square) per row. */
export function rmsNorm(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['rmsNorm']): Tensor[] {
  const [x, weight] = inputs as [Tensor, Tensor | null];
  const leading = x.shape.length - attrs.normalizedDims;
  const dims = x.shape.map((_, i) => i).slice(leading);
  const values = wide(x);
  const squares = backend.run1('square', [values], noAttrs);
  const rstd = inverseDeviation(backend.run1('mean', [squares], { dims, keepdim: true }), attrs.eps);
  const out = affine(backend.run1('mul', [values, rstd], noAttrs), weight, null);
  return [to(out, x.dtype), reshape(rstd, x.shape.slice(0, leading))];
}

/** Wu and He, 2018; x: [N, C, ...]. Gives out, and mean and 1/deviation [N, groups]. */
export function groupNorm(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['groupNorm']): Tensor[] {
  const [x, weight, bias] = inputs as [Tensor, Tensor | null, Tensor | null];
  const [samples, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const size = (channels / attrs.groups) * product(spatial);
  const { mean, centred, variance } = moments(reshape(wide(x), [samples, attrs.groups, size]), [2]);
  const rstd = inverseDeviation(variance, attrs.eps);
  const normal = reshape(backend.run1('mul', [centred, rstd], noAttrs), x.shape);
  const perChannel = [channels, ...spatial.map(() => 1)];
  const out = affine(normal, weight && reshape(weight, perChannel), bias && reshape(bias, perChannel));
  const rows = [samples, attrs.groups];
  return [to(out, x.dtype), reshape(mean, rows), reshape(rstd, rows)];
}
