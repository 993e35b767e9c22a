import { distributions, tensor, type Tensor } from '../../lib/index.js';
import type { TorchCase } from './torch-values.js';

type Parameters = TorchCase['p'];

const f64 = (data: unknown): Tensor => tensor(data as number[], { dtype: 'float64' });

const positional = {
  Normal: distributions.Normal,
  Uniform: distributions.Uniform,
  Laplace: distributions.Laplace,
  Gamma: distributions.Gamma,
  Beta: distributions.Beta,
  Exponential: distributions.Exponential,
  Poisson: distributions.Poisson,
};

const named = {
  Bernoulli: distributions.Bernoulli,
  Geometric: distributions.Geometric,
  Categorical: distributions.Categorical,
};

/** The parameters as float64 tensors, in their order. */
export function parametersOf(given: Parameters): Tensor[] {
  return (Array.isArray(given) ? given : Object.values(given)).map(f64);
}

/** A distribution of a family from tensors in the order of `parametersOf`. */
export function makeFamily(
  family: string,
  given: Parameters,
  tensors: readonly Tensor[],
): distributions.Distribution {
  if (family in positional) {
    const Family = positional[family as keyof typeof positional] as new (
      ...parameters: Tensor[]
    ) => distributions.Distribution;
    return new Family(...tensors);
  }
  const name = Object.keys(given)[0]!;
  return new named[family as keyof typeof named]({ [name]: tensors[0]! });
}
