export { TensorDataset } from './dataset.js';
export type { Dataset, Sample } from './dataset.js';
export { DataLoader } from './loader.js';
export type { DataLoaderOptions } from './loader.js';
export {
  BatchSampler,
  RandomSampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './samplers.js';
export type {
  BatchSamplerLike,
  BatchSamplerOptions,
  RandomSamplerOptions,
  Sampler,
  WeightedRandomSamplerOptions,
} from './samplers.js';
export { randomSplit, Subset } from './subset.js';
