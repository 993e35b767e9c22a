export { bceWithLogits, binaryCrossEntropy, multilabelSoftMarginLoss } from './binary.js';
export type { BceWithLogitsOptions, BinaryCrossEntropyOptions } from './binary.js';
export { crossEntropy, nll } from './classes.js';
export type { CrossEntropyOptions, NllOptions } from './classes.js';
export type { LossOptions, Reduction } from './common.js';
export { ctcLoss } from './ctc.js';
export type { CtcLossOptions } from './ctc.js';
export { huberLoss, l1, mse, smoothL1Loss } from './distance.js';
export type { HuberOptions, SmoothL1Options } from './distance.js';
export { focalLoss, sigmoidFocalLoss } from './focal.js';
export type { FocalOptions, SigmoidFocalOptions } from './focal.js';
export { hingeLoss, logCoshLoss, squaredHingeLoss } from './hinge.js';
export { gaussianNllLoss, klDiv, poissonNllLoss } from './likelihood.js';
export type { GaussianNllOptions, KlDivOptions, PoissonNllOptions } from './likelihood.js';
export { linearCrossEntropy } from './linear-cross-entropy.js';
export type { LinearCrossEntropyOptions } from './linear-cross-entropy.js';
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multilabelMarginLoss,
  multiMarginLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './margin.js';
export type {
  MarginOptions,
  MultiMarginOptions,
  TripletMarginLossOptions,
  TripletMarginOptions,
  TripletMarginWithDistanceOptions,
} from './margin.js';
export { diceLoss, tverskyLoss } from './overlap.js';
export type { DiceOptions, TverskyOptions } from './overlap.js';
