// The public surface of `func`.
export { functionalCall } from './functional-call.js';
export type { TensorsLike } from './inputs.js';
export { hessian, jacobian } from './jacobian.js';
export type { Jacobians } from './jacobian.js';
export { hvp, jvp, vjp } from './products.js';
export type { DerivativeOptions } from './products.js';
