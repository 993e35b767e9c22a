// The namespace F: what PyTorch has in nn.functional, under its names in camelCase.
export { multiHeadAttentionForward, scaledDotProductAttention } from './attention.js';
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from './dropout.js';
export { embedding, embeddingBag } from './embedding.js';
export { groupNorm, instanceNorm, localResponseNorm, rmsNorm } from './group-norm.js';
export { avgPool2d, conv2d, maxPool2d, maxPool2dWithIndices } from './image.js';
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
export { bilinear, linear } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export { logSoftmax, softmax } from './reduction.js';
export { gelu, relu, sigmoid, silu, tanh } from './unary.js';
