// The public surface of `io`.
export { loadCheckpoint, saveCheckpoint } from './checkpoint/checkpoint.js';
export type {
  Checkpoint,
  LoadCheckpointOptions,
  SaveCheckpointOptions,
  Stateful,
} from './checkpoint/checkpoint.js';
export type { CheckpointValue } from './checkpoint/tree.js';
export { inspectSafetensors, loadSafetensors } from './safetensors/load.js';
export type {
  LoadSafetensorsOptions,
  SafetensorsInfo,
  SafetensorsSource,
  StoredTensorInfo,
} from './safetensors/load.js';
export { encodeSafetensors, saveSafetensors } from './safetensors/save.js';
export type { SafetensorsOptions } from './safetensors/save.js';
