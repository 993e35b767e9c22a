// The public surface: everything that may be imported from 'lanegrad'.
import './methods/attach.js';

import { nameCalls } from './backend/call-names.js';
import * as generator from './generator.js';
import * as io from './io/index.js';
import * as nn from './nn/index.js';
import * as F from './ops/functional.js';
import * as ops from './ops/index.js';
import * as linalg from './ops/linalg/index.js';
import * as signal from './ops/signal/index.js';
import * as special from './ops/special.js';
import * as vision from './ops/vision/index.js';
import { Tensor } from './tensor.js';

export { detectAnomaly, setDetectAnomaly } from './anomaly.js';
export type { DetectAnomalyOptions } from './anomaly.js';
export { autocast, getAutocastDtype, isAutocastEnabled } from './autocast.js';
export type { AutocastDType, AutocastOptions } from './autocast.js';
export { backward, grad } from './autograd.js';
export type { BackwardOptions, GradOptions } from './autograd.js';
export { checkpoint } from './checkpoint.js';
export { compile, Explanation, Snapshot, snapshot } from './compile/index.js';
export type { AsyncCallOptions, CompiledFunction, CompileOptions } from './compile/index.js';
export type { ProgramDescription, ProgramOperand } from './backend/programs.js';
export { customOp } from './custom-op.js';
export type {
  BackwardContext,
  CustomGradients,
  CustomOpDefinition,
  ForwardContext,
  PlainData,
} from './custom-op.js';
export * as data from './data/index.js';
export * as distributions from './distributions/index.js';
export { dtypes, promoteTypes } from './dtype.js';
export type { DType, FloatDType, TypedArray, TypedArrayOf } from './dtype.js';
export * from './errors.js';
export type { HookHandle } from './hook-handle.js';
export { getRngState, manualSeed, setRngState, withSeed } from './generator.js';
export { enableGrad, inferenceMode, isGradEnabled, noGrad } from './grad-mode.js';
export * as nn from './nn/index.js';
export { gradcheck, gradgradcheck } from './gradcheck.js';
export type { CheckedFunction, GradcheckOptions, GradgradcheckOptions } from './gradcheck.js';
export * as func from './func/index.js';
export * as F from './ops/functional.js';
export type {
  EluOptions,
  GluOptions,
  GumbelSoftmaxOptions,
  HardtanhOptions,
  LeakyReluOptions,
  RreluOptions,
  ShrinkOptions,
  SoftplusOptions,
} from './ops/activation.js';
export * as io from './io/index.js';
export { info } from './info.js';
export type { Info } from './info.js';
export * as metrics from './metrics/index.js';
export { getFloat32MatmulPrecision, setFloat32MatmulPrecision } from './precision.js';
export type { Float32MatmulPrecision } from './precision.js';
export { collect, counters, getNumThreads, memory, setMemoryLimit, setNumThreads } from './memory.js';
export * from './ops/index.js';
export * as linalg from './ops/linalg/index.js';
export { Profile, profile } from './profile/index.js';
export type { OpProfile, ProfileOptions, ProfileTableOptions } from './profile/index.js';
export type { EventTensor, OpEvent } from './backend/observer.js';
export * as signal from './ops/signal/index.js';
export * as special from './ops/special.js';
export * as vision from './ops/vision/index.js';
export * as optim from './optim/index.js';
export { keep, tidy } from './scope.js';
export type { Synchronous } from './scope.js';
export { Tensor } from './tensor.js';
export type { ItemOf, Nested } from './tensor.js';

// What errors call what was called. Tensors have their methods from methods/attach.ts.
nameCalls(ops, F, linalg, special, signal, vision, nn, nn.init, generator, io, Tensor.prototype);
