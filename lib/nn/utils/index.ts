// The public surface of `nn.utils`.
export * as parametrizations from './parametrizations.js';
export * as parametrize from './parametrize.js';
export { parametersToVector, vectorToParameters } from './vector.js';
