// The public surface of `metrics`.
export { Accuracy } from './accuracy.js';
export type { AccuracyOptions } from './accuracy.js';
export { ConfusionMatrix, F1Score, FBetaScore, MeanIoU, Precision, Recall } from './confusion.js';
export type { Average, AverageOptions, FBetaOptions } from './confusion.js';
export { MeanAveragePrecision } from './detection.js';
export type { Detections, DetectionScores, MeanAveragePrecisionOptions, Objects } from './detection.js';
export { Mean } from './mean.js';
export { Metric } from './metric.js';
export type { ClassOptions, Numbers } from './metric.js';
export { AveragePrecision, RocAuc } from './ranking.js';
export { MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError } from './regression.js';
export { Bleu, Perplexity } from './text.js';
export type { BleuOptions, PerplexityOptions } from './text.js';
