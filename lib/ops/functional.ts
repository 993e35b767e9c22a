// The namespace F: activations and other functions of networks.
export * from './activation.js';
export { logSoftmax, softmax } from './reduction.js';
export { gelu, relu, sigmoid, silu, tanh } from './unary.js';
