// The public surface of `io`.
export { inspectSafetensors, loadSafetensors } from './safetensors/load.js';
export type {
  LoadSafetensorsOptions,
  SafetensorsInfo,
  SafetensorsSource,
  StoredTensorInfo,
} from './safetensors/load.js';
export { encodeSafetensors, saveSafetensors } from './safetensors/save.js';
export type { SafetensorsOptions } from './safetensors/save.js';
