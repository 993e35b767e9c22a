// The namespace F: what PyTorch has in nn.functional, under its names in camelCase.
export { dropout } from './dropout.js';
export { avgPool2d, conv2d, maxPool2d, maxPool2dWithIndices } from './image.js';
export { embedding } from './indexing.js';
export {
  bceWithLogits as binaryCrossEntropyWithLogits,
  binaryCrossEntropy,
  cosineEmbeddingLoss,
  crossEntropy,
  ctcLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  huberLoss,
  klDiv,
  l1 as l1Loss,
  linearCrossEntropy,
  marginRankingLoss,
  mse as mseLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  nll as nllLoss,
  poissonNllLoss,
  smoothL1Loss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './losses/index.js';
export { cosineSimilarity, normalize, pairwiseDistance, pdist } from './distance.js';
export { linear } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export { logSoftmax, softmax } from './reduction.js';
export { gelu, relu, sigmoid, silu, tanh } from './unary.js';
