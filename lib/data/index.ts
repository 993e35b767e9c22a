export { TensorDataset } from './dataset.js';
export type { Dataset, Sample } from './dataset.js';
export { DataLoader } from './loader.js';
export type { DataLoaderOptions } from './loader.js';
