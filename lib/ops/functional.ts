// The namespace F: what PyTorch has in nn.functional, under its names in camelCase. One block for each file.
// The namespace F: what PyTorch has in nn.functional, under its names in camelCase. One block for each file.
export { conv1d, conv2d, conv3d } from './conv/conv.js';
export type { Conv1dOptions, Conv2dOptions, Conv3dOptions } from './conv/options.js';
export { convTranspose1d, convTranspose2d, convTranspose3d } from './conv/transpose.js';
export type {
  ConvTranspose1dOptions,
  ConvTranspose2dOptions,
  ConvTranspose3dOptions,
} from './conv/transpose.js';
export * from './activation.js';
export { fold, unfold } from './fold.js';
export type { FoldOptions } from './fold.js';
export {
  bceWithLogits as binaryCrossEntropyWithLogits,
  binaryCrossEntropy,
  cosineEmbeddingLoss,
  crossEntropy,
  ctcLoss,
  diceLoss,
  focalLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  hingeLoss,
  huberLoss,
  klDiv,
  l1 as l1Loss,
  linearCrossEntropy,
  logCoshLoss,
  marginRankingLoss,
  mse as mseLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  nll as nllLoss,
  poissonNllLoss,
  sigmoidFocalLoss,
  smoothL1Loss,
  softMarginLoss,
  squaredHingeLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  tverskyLoss,
} from './losses/index.js';
export { cosineSimilarity, normalize, pairwiseDistance, pdist } from './similarity.js';
export { multiHeadAttentionForward, scaledDotProductAttention } from './attention.js';
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from './dropout.js';
export { embedding, embeddingBag } from './embedding.js';
export { groupNorm, instanceNorm, localResponseNorm, rmsNorm } from './group-norm.js';
export { bilinear, linear } from './matmul.js';
export { batchNorm, layerNorm } from './norm.js';
export { oneHot } from './one-hot.js';
export type { OneHotOptions } from './one-hot.js';
export { pad } from './pad.js';
export type { PadMode, PadOptions } from './pad.js';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from './pool/adaptive.js';
export type { AdaptiveMaxPoolOptions, AdaptivePair, AdaptiveTriple } from './pool/adaptive.js';
export { avgPool1d, avgPool2d, avgPool3d } from './pool/average.js';
export type { AvgPool1dOptions, AvgPool2dOptions, AvgPool3dOptions } from './pool/average.js';
export { fractionalMaxPool2d } from './pool/fractional.js';
export type { FractionalMaxPool2dOptions } from './pool/fractional.js';
export { lpPool1d, lpPool2d, lpPool3d } from './pool/lp.js';
export type { LpPool1dOptions, LpPool2dOptions, LpPool3dOptions } from './pool/lp.js';
export {
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
} from './pool/max.js';
export type { MaxPool1dOptions, MaxPool2dOptions, MaxPool3dOptions } from './pool/max.js';
export { maxUnpool1d, maxUnpool2d, maxUnpool3d } from './pool/unpool.js';
export type { MaxUnpool1dOptions, MaxUnpool2dOptions, MaxUnpool3dOptions } from './pool/unpool.js';
export { logSoftmax, softmax } from './reduction.js';
export { affineGrid } from './resize/affine-grid.js';
export { gridSample } from './resize/grid-sample.js';
export type { GridSampleOptions } from './resize/grid-sample.js';
export { interpolate } from './resize/interpolate.js';
export type { InterpolateMode, InterpolateOptions } from './resize/interpolate.js';
export { channelShuffle, pixelShuffle, pixelUnshuffle } from './shuffle.js';
export type { Pair, Single, Triple } from './sizes.js';
export { gelu, relu, sigmoid, silu, tanh } from './unary.js';
