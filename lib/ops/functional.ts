// The namespace F: what PyTorch has in nn.functional, under its names in camelCase.
export * from './activation.js';
export { dropout } from './dropout.js';
export { avgPool2d, conv2d, maxPool2d, maxPool2dWithIndices } from './image.js';
export { embedding } from './indexing.js';
export {
  bceWithLogits as binaryCrossEntropyWithLogits,
  crossEntropy,
  l1 as l1Loss,
  mse as mseLoss,
  nll as nllLoss,
} from './loss.js';
export { linear } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export { logSoftmax, softmax } from './reduction.js';
export { gelu, relu, sigmoid, silu, tanh } from './unary.js';
