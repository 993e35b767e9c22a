// The public surface of `distributions`.
export { Bernoulli } from './bernoulli.js';
export { Beta } from './beta.js';
export { Categorical } from './categorical.js';
export type { CategoricalOptions } from './categorical.js';
export { Distribution } from './distribution.js';
export type { DistributionOptions } from './distribution.js';
export { Exponential } from './exponential.js';
export { Gamma } from './gamma.js';
export { Geometric } from './geometric.js';
export { klDivergence } from './kl.js';
export { Laplace } from './laplace.js';
export { Normal } from './normal.js';
export type { ProbabilityOptions } from './parameters.js';
export { Poisson } from './poisson.js';
export { Uniform } from './uniform.js';
