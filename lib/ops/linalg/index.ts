// The functions of the namespace `linalg`.
export { cross, multiDot, vecdot } from './products.js';
export type { VectorDimOptions } from './products.js';
export { vectorNorm } from './vector-norm.js';
export type { VectorNormOptions } from './vector-norm.js';
