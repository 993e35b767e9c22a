// The public surface of `metrics`.
export { Accuracy } from './accuracy.js';
export type { AccuracyOptions } from './accuracy.js';
export { CohenKappa, DiceScore, MatthewsCorrelation } from './agreement.js';
export type { CohenKappaOptions } from './agreement.js';
export { ConfusionMatrix, F1Score, FBetaScore, MeanIoU, Precision, Recall } from './confusion.js';
export type { Average, AverageOptions, FBetaOptions } from './confusion.js';
export {
  ConcordanceCorrelation,
  CosineSimilarity,
  PearsonCorrelation,
  SpearmanCorrelation,
} from './correlation.js';
export { MeanAveragePrecision } from './detection.js';
export type { Detections, DetectionScores, MeanAveragePrecisionOptions, Objects } from './detection.js';
export { CharErrorRate, editDistance, WordErrorRate } from './edits.js';
export type { Sentence } from './edits.js';
export { PeakSignalNoiseRatio, StructuralSimilarity } from './image.js';
export type { PsnrOptions, SsimOptions } from './image.js';
export { Mean } from './mean.js';
export { Metric } from './metric.js';
export type { ClassOptions, Numbers } from './metric.js';
export { AveragePrecision, RocAuc } from './ranking.js';
export type { RankingOptions } from './ranking.js';
export {
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  R2Score,
  RootMeanSquaredError,
} from './regression.js';
export { Rouge } from './rouge.js';
export type { RougeKind, RougeOptions, RougeScore } from './rouge.js';
export { Bleu, Perplexity } from './text.js';
export type { BleuOptions, PerplexityOptions } from './text.js';
