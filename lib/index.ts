// The public surface: everything that may be imported from 'lanegrad'.
import './methods/attach.js';

export { backward, grad } from './autograd.js';
export type { BackwardOptions, GradOptions } from './autograd.js';
export { dtypes, promoteTypes } from './dtype.js';
export type { DType, FloatDType, TypedArray, TypedArrayOf } from './dtype.js';
export * from './errors.js';
export { manualSeed, withSeed } from './generator.js';
export { enableGrad, isGradEnabled, noGrad } from './grad-mode.js';
export * from './ops/index.js';
export { keep, tidy } from './scope.js';
export { Tensor } from './tensor.js';
export type { ItemOf, Nested } from './tensor.js';
